//! The loop: the next step after each step, and the endings.

use std::rc::Rc;

use handset::flow::{DeviceRole, FlowState, Kind, Rejection};
use serde_json::json;

use crate::harness::{
    CODE, NUMBER, TestFlow, code, json, lost, no_number, number, opens, opens_and_says, raw, rejects, status,
    step_areas,
};

const OTP_ERROR: &str = "/v1/client/mobile/otp/error";
const LINK_ERROR: &str = "/v1/client/mobile/instantlink/error";
const OTP_START: &str = "/v1/client/mobile/otp/start";
const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";

/// A flow that has sent a code and waits for the backend's reply.
fn code_entered() -> TestFlow {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE));
    bench
}

/// A flow whose page refuses to give a number.
fn number_denied() -> TestFlow {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(rejects("I would rather not"));
    bench
}

#[tokio::test(start_paused = true)]
async fn each_reply_names_the_step_that_follows() {
    let bench = code_entered();
    bench.world.on(OTP_FINISH, json(json!({"next": "mobile/instantlink"})));
    bench.world.socket(opens_and_says(500, json!({"next": "mobile/otp"})));
    bench.page.link_start.then(number(NUMBER).after(10_000));
    bench.page.otp_start.then(number(NUMBER));
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(OTP_START, json(json!({}))).on(OTP_FINISH, json(json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(
        end.calls(),
        ["otp_start(needed)", "otp_finish()", "link_start(needed)", "otp_start(needed)", "otp_finish()"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_next_ends_the_flow_without_auth_finish() {
    let bench = code_entered();
    bench.world.on(OTP_FINISH, json(json!({"next": ""})));
    bench.run().await.is_row("ended");
}

#[tokio::test(start_paused = true)]
async fn states_are_told_in_order_with_the_step_they_belong_to() {
    let bench = code_entered();
    bench.world.on(OTP_FINISH, json(json!({"next": "done"})));
    let end = bench.run().await;
    let expected = ["starting", "awaiting_phone", "sending", "awaiting_otp", "checking_otp", "finishing", "done"];
    assert_eq!(end.states(), expected);
    let events = end.page.events.borrow();
    let steps: Vec<_> = events.iter().map(|(_, detail)| detail.step.as_str()).collect();
    assert_eq!(steps, ["", "mobile/otp", "mobile/otp", "mobile/otp", "mobile/otp", "", ""]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_not_there_is_reported_where_it_has_an_area_and_else_rejects() {
    for (step, area, primary, secondary) in step_areas() {
        for role in [DeviceRole::Primary, DeviceRole::Secondary] {
            let mut bench = TestFlow::new(&step);
            (bench.config.role, bench.config.has_otp, bench.config.has_link) = (role, false, false);
            bench.world.always("*", json(json!({"next": "done"})));
            bench.world.every_socket(opens_and_says(0, json!({"next": "done"})));
            let end = bench.run().await;
            if role == DeviceRole::Secondary && step == "device/passive" {
                assert!(secondary && end.paths().is_empty(), "it needs no configuration");
                continue;
            }
            if step == "mobile/instant" {
                assert!(primary && secondary, "it needs no configuration");
                assert_eq!(end.paths(), ["mobile/instant/start"]);
                continue;
            }
            let message = format!("Unknown authentication step: {step}");
            match &area {
                Some(area) => {
                    assert_eq!(end.reports(), [(area.clone(), json!({"message": message}))], "{step} {role:?}");
                    assert_eq!(end.finishes(), [Some(Kind::StepMissing)]);
                }
                None => {
                    let failure = end.rejection();
                    assert_eq!((failure.kind, failure.message.as_ref()), (Kind::StepMissing, message.as_str()));
                    assert!(end.paths().is_empty(), "{step} {role:?} known: {primary}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_table_of_steps_is_the_protocol_crates() {
    use handset_protocol::steps::{PRIMARY, SECONDARY, error_area};
    let table = step_areas();
    for (step, area, primary, secondary) in &table {
        assert_eq!(error_area(step), area.as_deref(), "{step}");
        assert_eq!((PRIMARY.contains(&step.as_str()), SECONDARY.contains(&step.as_str())), (*primary, *secondary));
    }
    for step in PRIMARY.iter().chain(SECONDARY) {
        assert!(table.iter().any(|row| row.0 == *step), "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_secondary_role_has_no_one_time_code() {
    let mut bench = TestFlow::otp();
    bench.config.role = DeviceRole::Secondary;
    bench.world.on(OTP_ERROR, json(json!({"next": "mobile/instantlink"})));
    bench.world.socket(opens_and_says(1_000, json!({"next": "done"})));
    bench.page.link_start.then(number(NUMBER).after(10_000));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.reports()[0].1, json!({"message": "Unknown authentication step: mobile/otp"}));
}

#[tokio::test(start_paused = true)]
async fn the_secondary_role_waits_on_the_socket() {
    let mut bench = TestFlow::new("device/passive");
    bench.config.role = DeviceRole::Secondary;
    bench.world.socket(opens_and_says(700_000, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.states(), ["starting", "device", "finishing", "done"]);
    assert_eq!((end.at, end.paths()), (700_000, vec![]));
}

#[tokio::test(start_paused = true)]
async fn fifty_steps_are_taken() {
    let bench = TestFlow::new("user/docv");
    for _ in 0..49 {
        bench.world.on("/v1/client/user/docv/error", json(json!({"next": "user/docv"})));
    }
    bench.world.on("/v1/client/user/docv/error", json(json!({"next": "done"})));
    let end = bench.run().await;
    assert_eq!((end.reports().len(), end.state()), (50, FlowState::Done));
}

#[tokio::test(start_paused = true)]
async fn error_and_done_together_run_auth_finish_with_the_failure() {
    let bench = code_entered();
    bench.world.on(OTP_FINISH, json(json!({"error": {"message": "expired", "code": 10001}, "next": "done"})));
    let end = bench.run().await;
    end.is_row("error_with_done");
    let finishes = end.page.finishes.borrow();
    let failure = finishes[0].failure.clone().unwrap();
    assert_eq!((failure.kind, failure.code, failure.message.as_ref()), (Kind::Server, 10001, "expired"));
    assert_eq!(end.failure().unwrap().message, "expired", "the last event says why, too");
}

#[tokio::test(start_paused = true)]
async fn a_report_has_a_message_and_no_code_for_a_page_failure() {
    let bench = number_denied();
    bench.world.on(OTP_ERROR, json(json!({"next": "done"})));
    let end = bench.run().await;
    let body = json!({"message": "Failed to start OTP flow: I would rather not"});
    assert_eq!(end.reports(), [("mobile/otp".to_owned(), body)]);
}

#[tokio::test(start_paused = true)]
async fn the_reply_to_a_report_names_the_step_that_follows() {
    let bench = number_denied();
    bench.world.on(OTP_ERROR, json(json!({"next": "mobile/instantlink"})));
    bench.page.link_start.then(number(NUMBER).after(10_000));
    bench.world.socket(opens_and_says(100, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.finishes(), [None], "a failure that was recovered from is none at the end");
}

#[tokio::test(start_paused = true)]
async fn only_next_counts_in_the_reply_to_a_report() {
    let bench = number_denied();
    let reply = json!({"next": "done", "error": {"message": "noted", "code": 10001}, "data": {"code": 3}});
    bench.world.on(OTP_ERROR, json(reply));
    bench.run().await.is_row("page_step_fails");

    for reply in [json!({}), json!({"error": {"message": "noted"}}), json!({"data": {}})] {
        let bench = number_denied();
        bench.world.on(OTP_ERROR, json(reply));
        let end = bench.run().await;
        let failure = end.rejection();
        assert_eq!(failure.kind, Kind::StepFailed);
        assert_eq!(failure.message, "Failed to start OTP flow: I would rather not");
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_answered_with_an_empty_next_ends_the_flow() {
    let bench = number_denied();
    bench.world.on(OTP_ERROR, json(json!({"next": ""})));
    let end = bench.run().await;
    assert!(matches!(end.result, Some(Ok(()))) && end.finishes().is_empty());
    assert_eq!((end.state(), end.kind()), (FlowState::Ended, Some(Kind::StepFailed)));
}

#[tokio::test(start_paused = true)]
async fn a_report_that_fails_leaves_the_first_failure() {
    for answer in [status(500), status(401), raw("<html>"), raw("")] {
        let bench = number_denied();
        bench.world.on(OTP_ERROR, answer);
        let end = bench.run().await;
        assert_eq!(end.rejection().kind, Kind::StepFailed);
        assert_eq!(end.reports().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_with_another_next_goes_there_without_a_report() {
    let bench = code_entered();
    let error = json!({"message": "try the link", "code": 10000});
    bench.world.on(OTP_FINISH, json(json!({"error": error, "next": "mobile/instantlink"})));
    bench.page.link_start.then(number(NUMBER).after(10_000));
    bench.world.socket(opens_and_says(100, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!((end.reports().len(), end.finishes()), (0, vec![None]));
}

#[tokio::test(start_paused = true)]
async fn an_error_alone_rejects_with_its_message_and_code() {
    for next in [json!(null), json!("")] {
        let bench = code_entered();
        let error = json!({"message": "no such thing", "code": 10003});
        bench.world.on(OTP_FINISH, json(json!({"error": error, "next": next})));
        let end = bench.run().await;
        end.is_row("error_alone");
        assert_eq!((end.rejection().code, end.rejection().message.as_ref()), (10003, "no such thing"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_outside_2xx_rejects_unreported_whatever_its_body_says() {
    for http in [300, 400, 403, 404, 413, 429, 500, 502, 503] {
        let bench = code_entered();
        bench.world.on(OTP_FINISH, status(http));
        let end = bench.run().await;
        end.is_row("error_alone");
        let failure = end.rejection();
        assert_eq!((failure.code, failure.message.to_string()), (0, format!("Got {http} HTTP error")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_reply_is_reported() {
    for body in ["", " ", "<html>", "null", "[]", "42", "{\"next\":7}", "{\"next\":\"done\"", "{\"next\":\"done\"}x"] {
        let bench = code_entered();
        bench.world.on(OTP_FINISH, raw(body)).on(OTP_ERROR, json(json!({"next": "done"})));
        let end = bench.run().await;
        assert_eq!((end.reports().len(), end.finishes()), (1, vec![Some(Kind::Server)]), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn members_that_are_null_or_unknown_are_none() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(no_number());
    bench.page.otp_finish.then(code(CODE));
    let nulls = json!({"next": null, "data": null, "error": null, "refreshDeviceTrust": null, "new": [{"a": 1}]});
    bench.world.on(OTP_START, json(nulls));
    bench.world.on(OTP_FINISH, json(json!({"next": "done", "error": null, "refreshDeviceTrust": true, "new": {}})));
    bench.run().await.is_done();
}

#[tokio::test(start_paused = true)]
async fn error_10006_in_any_reply_makes_the_client_forget_its_device() {
    let error = json!({"error": {"message": "no device", "code": 10006}, "next": "done"});
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(OTP_START, json(error.clone()));
    assert_eq!(bench.run().await.world.devices_forgotten.get(), 1);

    let bench = number_denied();
    bench.world.on(OTP_ERROR, json(error.clone()));
    assert_eq!(bench.run().await.world.devices_forgotten.get(), 1);

    let bench = code_entered();
    bench.world.on(OTP_FINISH, lost()).on("/v1/client/status", json(error));
    assert_eq!(bench.run().await.world.devices_forgotten.get(), 1);

    let bench = code_entered();
    bench.world.on(OTP_FINISH, json(json!({"error": {"message": "another", "code": 10005}})));
    assert_eq!(bench.run().await.world.devices_forgotten.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn page_failures_have_the_texts_of_their_steps() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(rejects("gone"));
    bench.world.on(OTP_ERROR, json(json!({"next": "done"})));
    let body = json!({"message": "Failed to obtain OTP for verification: gone"});
    assert_eq!(bench.run().await.reports()[0].1, body);

    let bench = TestFlow::link();
    bench.page.link_start.then(rejects("gone"));
    bench.world.socket(opens()).on(LINK_ERROR, json(json!({"next": "done"})));
    assert_eq!(bench.run().await.reports(), [("mobile/instantlink".to_owned(), json!({"message": "gone"}))]);

    let bench = TestFlow::link_sent().with_retry();
    bench.page.link_retry.then(rejects("gone"));
    bench.world.socket(opens()).on(LINK_ERROR, json(json!({"next": "done"})));
    assert_eq!(bench.run().await.reports()[0].1, json!({"message": "gone"}));
}

#[tokio::test(start_paused = true)]
async fn the_pages_own_reason_travels_with_the_failure_and_not_with_the_report() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(rejects("no").because(Rc::new("the page's reason".to_owned())));
    bench.world.on(OTP_ERROR, json(json!({"next": "done"})));
    let end = bench.run().await;
    let finishes = end.page.finishes.borrow();
    let cause = finishes[0].failure.as_ref().unwrap().cause.clone().unwrap();
    assert_eq!(cause.downcast_ref::<String>().unwrap(), "the page's reason");
    assert_eq!(end.reports()[0].1, json!({"message": "Failed to start OTP flow: no"}));
}

#[tokio::test(start_paused = true)]
async fn auth_finish_rejects_the_promise_with_its_own_reason() {
    let bench = TestFlow::new("done");
    bench.page.auth_finish.then(rejects("x").because(Rc::new(42_i32)));
    let end = bench.run().await;
    end.is_row("auth_finish_rejects");
    let Some(Err(Rejection::Page(reason))) = &end.result else { panic!("{:?}", end.result) };
    assert_eq!(reason.downcast_ref::<i32>(), Some(&42));
}
