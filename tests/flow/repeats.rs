//! Repeats: which requests have them, how many, and the time limit of each attempt.

use handset::flow::Kind;
use serde_json::json;

use crate::harness::{
    CODE, NUMBER, ScriptedAnswer, TestFlow, closes, code, hang, json, lost, number, opens, rejects, status,
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

fn reported(answers: Vec<ScriptedAnswer>) -> TestFlow {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(rejects("no"));
    for answer in answers {
        bench.world.on(OTP_ERROR, answer);
    }
    bench
}

/// Answers after which a repeatable request is repeated.
fn troubles() -> [ScriptedAnswer; 5] {
    [lost(), status(429), status(502), status(503), status(504)]
}

#[tokio::test(start_paused = true)]
async fn a_report_is_repeated_three_times_at_most() {
    for trouble in troubles() {
        let end = reported(vec![trouble.clone(), trouble.clone(), trouble.clone(), done()]).run().await;
        assert_eq!((end.reports().len(), end.finishes()), (4, vec![Some(Kind::StepFailed)]), "{trouble:?}");
        let end = reported(vec![trouble.clone(), trouble.clone(), trouble.clone(), trouble.clone()]).run().await;
        assert_eq!((end.reports().len(), end.rejection().kind), (4, Kind::StepFailed), "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_statuses_are_not_repeated() {
    for http in [400, 401, 403, 404, 409, 500, 501] {
        let end = reported(vec![status(http)]).run().await;
        assert_eq!(end.reports().len(), 1, "{http}");
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_with_jitter() {
    let end = reported(vec![lost(), lost(), lost(), done()]).run().await;
    let sent = end.sent_at("mobile/otp/error");
    for (pair, least) in sent.windows(2).zip([500, 1_000, 2_000]) {
        assert!((least..least + 500).contains(&(pair[1] - pair[0])), "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_followed_up_to_half_a_minute() {
    let end = reported(vec![status(429).retry_after(7), status(503).retry_after(86_400), done()]).run().await;
    assert_eq!(end.sent_at("mobile/otp/error"), [0, 7_000, 37_000]);
    assert_eq!(end.finishes(), [Some(Kind::StepFailed)]);
}

#[tokio::test(start_paused = true)]
async fn status_is_repeated_before_a_timeout_is_reported() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(crate::harness::never());
    bench.world.on(STATUS, lost()).on(STATUS, status(503)).on(STATUS, done());
    let end = bench.run().await;
    end.is_row("done");
    assert_eq!(end.sent_at("status").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn status_is_repeated_after_a_lost_reply_to_a_code() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(OTP_FINISH, lost()).on(STATUS, lost()).on(STATUS, status(502)).on(STATUS, done());
    let end = bench.run().await;
    end.is_row("done");
    assert_eq!((end.sent_at("status").len(), end.sent_at("mobile/otp/finish").len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_start_and_a_code_are_never_repeated() {
    for trouble in troubles() {
        let bench = TestFlow::otp();
        bench.page.otp_start.then(number(NUMBER));
        bench.world.on(OTP_START, trouble.clone()).always(OTP_ERROR, status(500));
        assert_eq!(bench.run().await.sent_at("mobile/otp/start").len(), 1);

        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(CODE));
        bench.world.on(OTP_FINISH, trouble.clone()).always(STATUS, status(404)).always(OTP_ERROR, status(500));
        assert_eq!(bench.run().await.sent_at("mobile/otp/finish").len(), 1);

        let bench = TestFlow::link();
        bench.page.link_start.then(number(NUMBER));
        bench.world.every_socket(opens()).on(LINK_START, trouble).always(LINK_ERROR, status(500));
        assert_eq!(bench.run().await.sent_at("mobile/instantlink/start").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_given_up_after_twenty_seconds() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(OTP_START, hang()).on(OTP_ERROR, done());
    let end = bench.run().await;
    end.is_row("network_reported");
    assert_eq!(end.at, 20_000);

    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(OTP_START, json(json!({"error": {"message": "slow", "code": 10003}})).after(19_999));
    bench.run().await.is_row("error_alone");
}

#[tokio::test(start_paused = true)]
async fn a_status_call_between_sockets_is_not_repeated_in_itself() {
    let bench = TestFlow::link_sent();
    bench.world.socket(closes()).socket(crate::harness::opens_and_says(0, json!({"next": "done"})));
    bench.world.on(STATUS, lost());
    let end = bench.run().await;
    end.is_row("done");
    assert_eq!(end.sent_at("status").len(), 1);
}
