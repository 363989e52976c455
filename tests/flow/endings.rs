//! The table of endings, row by row. Other modules prove some rows too; the table names their tests.

use handset::flow::Kind;
use serde_json::json;

use crate::harness::{
    CODE, NUMBER, ScriptedAnswer, TestFlow, closes, code, finished, hang, json, lost, never, number, opens, raw,
    rejects, status,
};

const OTP_START: &str = "/v1/client/mobile/otp/start";
const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
const OTP_ERROR: &str = "/v1/client/mobile/otp/error";
const LINK_START: &str = "/v1/client/mobile/instantlink/start";
const LINK_ERROR: &str = "/v1/client/mobile/instantlink/error";
const STATUS: &str = "/v1/client/status";

fn done() -> ScriptedAnswer {
    json(json!({"next": "done"}))
}

/// A flow that has sent a code.
fn code_entered(answer: ScriptedAnswer) -> TestFlow {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(OTP_FINISH, answer);
    bench
}

#[tokio::test(start_paused = true)]
async fn done_runs_auth_finish() {
    code_entered(done()).run().await.is_row("done");
}

#[tokio::test(start_paused = true)]
async fn an_empty_next_ends_without_auth_finish() {
    code_entered(json(json!({"next": ""}))).run().await.is_row("ended");
}

#[tokio::test(start_paused = true)]
async fn a_page_step_that_fails_is_reported_and_told_to_auth_finish() {
    let start = TestFlow::otp();
    start.page.otp_start.then(rejects("the result must be {phoneNumber: a non-empty string} or null"));
    let finish = TestFlow::otp_sent();
    finish.page.otp_finish.then(rejects("closed the dialog"));
    let link_start = TestFlow::link();
    link_start.page.link_start.then(rejects("closed the dialog"));
    let link_retry = TestFlow::link_sent().with_retry();
    link_retry.page.link_retry.then(rejects("closed the dialog"));
    for bench in [start, finish, link_start, link_retry] {
        bench.world.every_socket(opens()).on(OTP_ERROR, done()).on(LINK_ERROR, done());
        bench.run().await.is_row("page_step_fails");
    }
}

#[tokio::test(start_paused = true)]
async fn the_code_deadline_is_reported_and_told_to_auth_finish() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(never());
    bench.world.on(STATUS, json(json!({"next": ""}))).on(OTP_ERROR, done());
    let end = bench.run().await;
    assert_eq!(end.is_row("otp_deadline").reports()[0].0, "mobile/otp");
}

#[tokio::test(start_paused = true)]
async fn the_link_deadline_is_reported_and_told_to_auth_finish() {
    let bench = TestFlow::link_sent();
    bench.world.socket(opens()).every_socket(opens()).on(STATUS, json(json!({"next": ""}))).on(LINK_ERROR, done());
    let end = bench.run().await;
    assert_eq!(end.is_row("link_deadline").reports()[0].0, "mobile/instantlink");
}

#[tokio::test(start_paused = true)]
async fn error_with_done_is_told_to_auth_finish() {
    for (error_code, kind) in [(10000, Kind::OtpInvalid), (10001, Kind::Server)] {
        let reply = json!({"error": {"message": "no", "code": error_code}, "next": "done"});
        let end = code_entered(json(reply)).run().await;
        assert_eq!(end.is_row("error_with_done").kind(), Some(kind));
    }
}

#[tokio::test(start_paused = true)]
async fn error_alone_and_other_statuses_reject() {
    for error_code in [0, 10000, 10001] {
        let error = json!({"error": {"message": "no", "code": error_code}});
        code_entered(json(error)).run().await.is_row("error_alone");
    }
    for http in [404, 422, 500] {
        code_entered(status(http)).run().await.is_row("error_alone");
    }
}

#[tokio::test(start_paused = true)]
async fn unauthorized_rejects_wherever_it_comes() {
    code_entered(status(401)).run().await.is_row("unauthorized");

    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(OTP_START, status(401));
    bench.run().await.is_row("unauthorized");

    let bench = TestFlow::link();
    bench.page.link_start.then(number(NUMBER));
    bench.world.socket(opens()).on(LINK_START, status(401));
    bench.run().await.is_row("unauthorized");

    let bench = code_entered(lost());
    bench.world.on(STATUS, status(401));
    bench.run().await.is_row("unauthorized");
}

#[tokio::test(start_paused = true)]
async fn a_network_failure_rejects_with_the_first_failure_where_the_report_is_lost_too() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(OTP_START, lost()).always(OTP_ERROR, lost());
    bench.run().await.is_row("network");

    let bench = code_entered(lost());
    bench.world.always(STATUS, lost()).always(OTP_ERROR, raw("a captive portal"));
    bench.run().await.is_row("network");
}

#[tokio::test(start_paused = true)]
async fn a_network_failure_whose_report_says_done_runs_auth_finish() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(OTP_START, lost()).on(OTP_ERROR, done());
    bench.run().await.is_row("network_reported");
}

#[tokio::test(start_paused = true)]
async fn with_neither_socket_nor_status_the_link_ends_as_socket_lost() {
    let bench = TestFlow::link_sent();
    bench.world.every_socket(closes()).always(STATUS, status(404)).on(LINK_ERROR, done());
    let end = bench.run().await;
    assert_eq!(end.is_row("socket_lost").at, 180_000);
}

#[tokio::test(start_paused = true)]
async fn with_either_socket_or_status_the_link_ends_as_timed_out() {
    let socket_only = TestFlow::link_sent();
    socket_only.world.every_socket(opens()).always(STATUS, status(404)).on(LINK_ERROR, done());
    let status_only = TestFlow::link_sent();
    status_only.world.every_socket(closes()).always(STATUS, json(json!({"next": ""}))).on(LINK_ERROR, done());
    for bench in [socket_only, status_only] {
        bench.run().await.is_row("link_deadline");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_rejects_before_anything_is_sent() {
    let mut malformed = TestFlow::otp();
    malformed.token_text = Some("e30.e30.e30".to_owned());
    let mut expired = TestFlow::otp();
    expired.token.set("/exp", json!(crate::harness::WALL_START / 1000 - 601));
    let mut refused = TestFlow::otp();
    refused.token.set("/auth/endp", json!("http://example.com"));
    for (bench, row) in [(malformed, "token_invalid"), (expired, "token_expired"), (refused, "origin_refused")] {
        let end = bench.run().await;
        assert!(end.is_row(row).paths().is_empty() && end.calls().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_step_with_an_area_is_reported() {
    let bench = TestFlow::new("user/docv");
    bench.world.on("/v1/client/user/docv/error", done());
    bench.run().await.is_row("step_missing");
}

#[tokio::test(start_paused = true)]
async fn a_missing_step_without_an_area_rejects() {
    TestFlow::new("scan/message").run().await.is_row("step_missing_no_area");
}

#[tokio::test(start_paused = true)]
async fn without_auth_finish_it_rejects_before_anything_is_sent() {
    for first in ["mobile/otp", "mobile/instantlink", "done"] {
        let mut bench = TestFlow::new(first);
        bench.config.has_auth_finish = false;
        let end = bench.run().await;
        assert_eq!(end.is_row("no_auth_finish").rejection().code, 10004);
        assert!(end.paths().is_empty() && end.calls().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn auth_finish_that_rejects_ran_once() {
    let bench = code_entered(done());
    bench.page.auth_finish.then(rejects("our server is down").after(3_000));
    bench.run().await.is_row("auth_finish_rejects");
}

#[tokio::test(start_paused = true)]
async fn a_fifty_first_step_rejects() {
    let bench = TestFlow::new("mobile/otp");
    for _ in 0..50 {
        bench.page.otp_start.then(number(NUMBER));
        bench.page.otp_finish.then(code(CODE));
    }
    bench.world.always(OTP_START, json(json!({}))).always(OTP_FINISH, json(json!({"next": "mobile/otp"})));
    let end = bench.run().await;
    assert_eq!(end.is_row("too_many_steps").rejection().code, 10005);
    assert_eq!(end.sent_at("mobile/otp/finish").len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_is_stopped_ends_everything_and_says_nothing_more() {
    let asked = TestFlow::otp();
    asked.page.otp_start.then(never());
    let sending = TestFlow::otp();
    sending.page.otp_start.then(number(NUMBER));
    sending.world.on(OTP_START, hang());
    let code_awaited = TestFlow::otp_sent();
    code_awaited.page.otp_finish.then(never());
    let link_awaited = TestFlow::link_sent().with_retry();
    link_awaited.page.link_retry.then(never());
    let reconnecting = TestFlow::link_sent();
    reconnecting.world.socket(closes()).on(STATUS, hang());
    for mut bench in [asked, sending, code_awaited, link_awaited, reconnecting] {
        bench.world.every_socket(opens());
        bench.stop_at(7_000);
        // The harness checks that no timer, socket or request is left, and that no event has a state of the end.
        let end = bench.run().await;
        assert!(end.result.is_none() && end.reports().is_empty() && end.finishes().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn auth_finish_may_be_stopped_while_it_runs() {
    let mut bench = TestFlow::new("done");
    bench.page.auth_finish.then(finished().after(10_000));
    bench.stop_at(5_000);
    let end = bench.run().await;
    assert_eq!((end.at, end.finishes().len()), (5_000, 1));
}

#[tokio::test(start_paused = true)]
async fn a_report_may_be_stopped_while_it_is_out() {
    let mut bench = TestFlow::otp();
    bench.page.otp_start.then(rejects("no"));
    bench.world.always(OTP_ERROR, hang());
    bench.stop_at(30_000);
    assert!(bench.run().await.finishes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_tokens_lifetime_rejects_unreported() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(never());
    bench.run().await.is_row("token_lifetime");
}
