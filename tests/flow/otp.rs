//! SMS one-time code: every shape of a reply, every answer of the page.

use handset::flow::{FlowState, Kind};
use serde_json::{Value, json};

use crate::harness::{
    CODE, NUMBER, OTHER_CODE, OTHER_NUMBER, TestFlow, change_number, code, json, lost, no_number, number, rejects,
    resend,
};

const START: &str = "/v1/client/mobile/otp/start";
const FINISH: &str = "/v1/client/mobile/otp/finish";
const ERROR: &str = "/v1/client/mobile/otp/error";
const STATUS: &str = "/v1/client/status";

fn done() -> crate::harness::ScriptedAnswer {
    json(json!({"next": "done"}))
}

#[tokio::test(start_paused = true)]
async fn the_number_travels_as_mobile_number() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(FINISH, done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.bodies("mobile/otp/start"), [json!({"mobileNumber": NUMBER})]);
    assert_eq!(end.bodies("mobile/otp/finish"), [json!({"otp": CODE})]);
}

#[tokio::test(start_paused = true)]
async fn without_a_number_the_member_is_left_out() {
    let mut bench = TestFlow::otp();
    bench.token.number_known();
    bench.page.otp_start.then(no_number());
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(START, json(json!({}))).on(FINISH, done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.bodies("mobile/otp/start"), [json!({})]);
    assert_eq!(end.calls(), ["otp_start(known)", "otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn next_in_the_reply_to_a_start_is_not_looked_at() {
    for next in ["", "done", "mobile/instantlink", "mobile/otp"] {
        let bench = TestFlow::otp();
        bench.page.otp_start.then(number(NUMBER));
        bench.page.otp_finish.then(resend().after(1_000)).then(code(CODE).after(1_000));
        bench.world.on(START, json(json!({"next": next}))).on(START, json(json!({"next": next}))).on(FINISH, done());
        // After a `done` the backend is asked, and its answer counts.
        bench.world.always("/v1/client/status", json(json!({"next": ""})));
        let end = bench.run().await;
        end.is_done();
        assert_eq!(end.calls(), ["otp_start(needed)", "otp_finish()", "otp_finish()"], "{next}");
        assert_eq!(end.sent_at("status").len(), if next == "done" { 2 } else { 0 });
    }
}

#[tokio::test(start_paused = true)]
async fn data_refuses_the_number_and_the_start_step_is_asked_again() {
    let rows: [(Value, &str); 6] = [
        (json!({"code": 10001, "message": "no such number"}), "10001 \"Error Code: 10001, no such number\""),
        (json!({"code": 10001}), "10001 \"Error Code: 10001, Error validating phone number\""),
        (json!({"code": 0, "message": "no such number"}), "0 \"no such number\""),
        (json!({"message": "no such number"}), "0 \"no such number\""),
        (json!({"message": ""}), "0 \"Error validating phone number\""),
        (json!({}), "0 \"Error validating phone number\""),
    ];
    for (data, refusal) in rows {
        let bench = TestFlow::otp();
        bench.page.otp_start.then(number(OTHER_NUMBER)).then(number(NUMBER));
        bench.page.otp_finish.then(code(CODE));
        bench
            .world
            .on(START, json(json!({"data": data, "next": "done"})))
            .on(START, json(json!({})))
            .on(FINISH, done());
        let end = bench.run().await;
        end.is_done();
        let again = format!("otp_start(needed, {refusal})");
        assert_eq!(end.calls(), ["otp_start(needed)", again.as_str(), "otp_finish()"]);
        assert_eq!(end.bodies("mobile/otp/start")[1], json!({"mobileNumber": NUMBER}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_known_number_is_asked_for_as_before() {
    let mut bench = TestFlow::otp();
    bench.token.number_known();
    bench.page.otp_start.then(no_number()).then(no_number()).then(number(NUMBER));
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(START, json(json!({"data": {}}))).on(START, json(json!({"data": {}})));
    bench.world.on(START, json(json!({}))).on(FINISH, done());
    let again = "otp_start(known, 0 \"Error validating phone number\")";
    assert_eq!(bench.run().await.calls(), ["otp_start(known)", again, again, "otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_at_the_start_fails_the_step_even_beside_data() {
    for reply in [
        json!({"error": {"message": "too many numbers", "code": 10003}}),
        json!({"error": {"message": "too many numbers", "code": 10003}, "data": {}}),
    ] {
        let bench = TestFlow::otp();
        bench.page.otp_start.then(number(NUMBER));
        bench.world.on(START, json(reply));
        let end = bench.run().await;
        end.is_row("error_alone");
        assert_eq!(end.calls(), ["otp_start(needed)"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fourth_number_ends_as_done_with_a_failure() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(START, json(json!({"error": {"message": "too many numbers", "code": 10003}, "next": "done"})));
    bench.run().await.is_row("error_with_done");
}

#[tokio::test(start_paused = true)]
async fn a_resend_is_a_start_without_a_number_and_the_code_is_asked_for_again() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(resend()).then(resend()).then(code(CODE));
    bench.world.on(START, json(json!({}))).on(START, json(json!({}))).on(FINISH, done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.bodies("mobile/otp/start"), [json!({"mobileNumber": NUMBER}), json!({}), json!({})]);
    assert_eq!(end.calls(), ["otp_start(needed)", "otp_finish()", "otp_finish()", "otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn data_in_the_reply_to_a_resend_is_ignored() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(resend()).then(code(CODE));
    bench.world.on(START, json(json!({"data": {"code": 10001, "message": "no"}}))).on(FINISH, done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.calls(), ["otp_start(needed)", "otp_finish()", "otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_reply_to_a_resend_fails_the_step() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(resend());
    bench.world.on(START, json(json!({"error": {"message": "too many", "code": 10003}})));
    bench.run().await.is_row("error_alone");
}

#[tokio::test(start_paused = true)]
async fn a_number_change_asks_for_a_number_whether_the_server_has_one_or_not() {
    let mut bench = TestFlow::otp();
    bench.token.number_known();
    bench.page.otp_start.then(no_number()).then(number(OTHER_NUMBER)).then(number(NUMBER));
    bench.page.otp_finish.then(change_number()).then(code(CODE));
    bench.world.on(START, json(json!({}))).on(START, json(json!({"data": {"code": 10001}}))).on(START, json(json!({})));
    bench.world.on(FINISH, done());
    let end = bench.run().await;
    end.is_done();
    let again = "otp_start(needed, 10001 \"Error Code: 10001, Error validating phone number\")";
    assert_eq!(end.calls(), ["otp_start(known)", "otp_finish()", "otp_start(needed)", again, "otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn data_in_the_reply_to_a_code_asks_for_another_code() {
    let rows: [(Value, &str); 5] = [
        (json!({"code": 10000, "message": "wrong"}), "10000 \"Error Code: 10000, wrong\""),
        (json!({"code": 10000}), "10000 \"Error Code: 10000, Error validating OTP\""),
        (json!({"message": "wrong"}), "0 \"wrong\""),
        (json!({"code": 0}), "0 \"Error validating OTP\""),
        (json!({}), "0 \"Error validating OTP\""),
    ];
    for (data, refusal) in rows {
        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(OTHER_CODE)).then(code(CODE));
        bench.world.on(FINISH, json(json!({"data": data, "next": "done"}))).on(FINISH, done());
        let end = bench.run().await;
        end.is_done();
        let again = format!("otp_finish({refusal})");
        assert_eq!(end.calls(), ["otp_start(needed)", "otp_finish()", again.as_str()]);
        assert_eq!(end.bodies("mobile/otp/finish"), [json!({"otp": OTHER_CODE}), json!({"otp": CODE})]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_code_is_told_once_and_not_after_a_resend() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(OTHER_CODE)).then(resend()).then(code(CODE));
    bench.world.on(FINISH, json(json!({"data": {}}))).on(START, json(json!({}))).on(FINISH, done());
    let again = "otp_finish(0 \"Error validating OTP\")";
    assert_eq!(bench.run().await.calls(), ["otp_start(needed)", "otp_finish()", again, "otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn attempts_left_are_told_where_the_backend_says_them() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(OTHER_CODE)).then(code(CODE));
    bench.world.on(FINISH, json(json!({"data": {"code": 10000, "attemptsLeft": 2}}))).on(FINISH, done());
    let end = bench.run().await;
    let events = end.page.events.borrow();
    let seen: Vec<_> = events.iter().map(|(_, detail)| (detail.state.as_str(), detail.attempts_left)).collect();
    assert!(seen.contains(&("awaiting_otp", Some(2))), "{seen:?}");
    assert_eq!(
        seen.iter().filter(|(_, left)| left.is_some()).count(),
        2,
        "while the second code is asked for: {seen:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_left_outlast_a_resend_and_nothing_outlasts_a_number_change() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(OTHER_CODE)).then(resend()).then(change_number());
    bench.page.otp_start.then(rejects("no"));
    bench.world.on(FINISH, json(json!({"data": {"code": 10000, "attemptsLeft": 2}})));
    bench.world.on(START, json(json!({"serverTime": 1, "expiresAt": 60_001, "resendAt": 10_001}))).on(ERROR, done());
    let end = bench.run().await;
    let events = end.page.events.borrow();
    let last = |state| &events.iter().rev().find(|(_, detail)| detail.state == state).unwrap().1;
    let resent = last(FlowState::AwaitingOtp);
    assert!(resent.attempts_left == Some(2) && resent.expires_at.is_some() && resent.resend_at.is_some(), "{resent:?}");
    let asked = last(FlowState::AwaitingPhone);
    assert!(asked.attempts_left.is_none() && asked.expires_at.is_none() && asked.resend_at.is_none(), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_wrong_code_ends_as_done_and_is_called_so() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(FINISH, json(json!({"error": {"message": "wrong code", "code": 10000}, "next": "done"})));
    let end = bench.run().await;
    end.is_row("error_with_done");
    assert_eq!((end.kind(), end.failure().unwrap().code), (Some(Kind::OtpInvalid), 10000));
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_reply_to_a_code_fails_the_step() {
    for code_ in [0, 10000, 10001] {
        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(CODE));
        bench.world.on(FINISH, json(json!({"error": {"message": "no", "code": code_}})));
        bench.run().await.is_row("error_alone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_a_code_that_says_nothing_is_reported() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(FINISH, json(json!({}))).on(ERROR, done());
    let end = bench.run().await;
    assert_eq!((end.reports().len(), end.finishes()), (1, vec![Some(Kind::Server)]));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_answers_rubbish_is_reported_with_the_field_it_lacks() {
    // The facade turns a wrong shape into a rejection that names the field.
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(rejects("resultType must be OnSuccess (0)"));
    bench.world.on(ERROR, done());
    let end = bench.run().await;
    end.is_row("page_step_fails");
    let message = "Failed to obtain OTP for verification: resultType must be OnSuccess (0)";
    assert_eq!(end.reports()[0].1, json!({"message": message}));
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_to_a_code_status_decides_and_the_code_is_not_sent_again() {
    let rows: [(Value, Option<Kind>); 3] = [
        (json!({"next": "done"}), None),
        (json!({"next": "done", "error": {"message": "wrong", "code": 10001}}), Some(Kind::Server)),
        (json!({"next": "mobile/otp"}), Some(Kind::StepFailed)),
    ];
    for (settled, failure) in rows {
        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(CODE));
        bench.page.otp_start.then(rejects("not again"));
        bench.world.on(FINISH, lost()).on(STATUS, json(settled)).on(ERROR, done());
        let end = bench.run().await;
        assert_eq!(end.finishes(), [failure]);
        assert_eq!((end.sent_at("mobile/otp/finish").len(), end.sent_at("status").len()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_a_code_of_a_flow_that_is_pending_is_a_network_failure() {
    for answer in [json(json!({"next": ""})), crate::harness::status(404)] {
        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(CODE));
        bench.world.on(FINISH, lost()).on(STATUS, answer).on(ERROR, done());
        let end = bench.run().await;
        assert_eq!((end.reports().len(), end.finishes()), (1, vec![Some(Kind::Network)]));
        assert_eq!((end.sent_at("mobile/otp/finish").len(), end.sent_at("status").len()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn no_socket_is_opened_for_a_code() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE).after(60_000));
    bench.world.on(FINISH, done());
    assert!(bench.run().await.world.sockets.borrow().is_empty());
}
