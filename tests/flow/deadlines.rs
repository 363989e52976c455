//! The deadlines of a code and a link, under every change of a page's clocks.

use handset::flow::{FlowState, Kind};
use serde_json::{Value, json};

use crate::harness::{
    CODE, EndedFlow, NUMBER, ScriptedAnswer, TestFlow, WALL_START, change_link_number, change_number, code, json, lost,
    never, number, opens, resend, resend_link, status,
};

const OTP_START: &str = "/v1/client/mobile/otp/start";
const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
const LINK_START: &str = "/v1/client/mobile/instantlink/start";
const STATUS: &str = "/v1/client/status";
const MINUTES: i64 = 60_000;

fn done() -> ScriptedAnswer {
    json(json!({"next": "done"}))
}

/// The flow is not settled; `left` is the remaining time in the backend's answer, by its own clock.
fn pending(left: Option<i64>) -> ScriptedAnswer {
    json(match left {
        Some(left) => json!({"next": "", "serverTime": 5_000_000, "expiresAt": 5_000_000 + left}),
        None => json!({"next": ""}),
    })
}

/// A code that nobody enters; `accepted` is the reply to its start.
fn code_awaited(accepted: Value) -> TestFlow {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.page.otp_finish.then(never());
    bench.world.on(OTP_START, json(accepted)).on("/v1/client/mobile/otp/error", done());
    bench
}

/// A link that nobody opens; `accepted` is the reply to its start.
fn link_awaited(accepted: Value) -> TestFlow {
    let bench = TestFlow::link();
    bench.page.link_start.then(number(NUMBER));
    bench.world.every_socket(opens()).on(LINK_START, json(accepted));
    bench.world.on("/v1/client/mobile/instantlink/error", done());
    bench
}

/// When the flow reported its timeout, in ms since it began.
fn timed_out(end: &EndedFlow) -> i64 {
    assert!(matches!(end.kind(), Some(Kind::OtpTimeout | Kind::LinkTimeout)), "{:?}", end.failure());
    end.at
}

#[tokio::test(start_paused = true)]
async fn a_code_is_waited_for_two_minutes_from_its_sms() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER).after(5_000));
    bench.page.otp_finish.then(never());
    bench.world.on(OTP_START, json(json!({})).after(700)).on("/v1/client/mobile/otp/error", done());
    bench.world.on(STATUS, pending(None));
    let end = bench.run().await;
    end.is_row("otp_deadline");
    assert_eq!((timed_out(&end), end.sent_at("status")), (125_700, vec![125_700]));
}

#[tokio::test(start_paused = true)]
async fn a_link_is_waited_for_three_minutes_from_its_sms() {
    let bench = TestFlow::link();
    bench.page.link_start.then(number(NUMBER).after(5_000));
    bench.world.every_socket(opens()).on(LINK_START, json(json!({"data": {}})).after(700)).on(STATUS, pending(None));
    bench.world.on("/v1/client/mobile/instantlink/error", done());
    let end = bench.run().await;
    end.is_row("link_deadline");
    assert_eq!((timed_out(&end), end.sent_at("status")), (185_700, vec![185_700]));
}

#[tokio::test(start_paused = true)]
async fn each_accepted_resend_renews_it() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(resend().after(119_000)).then(resend().after(119_500)).then(never());
    bench.world.on(OTP_START, json(json!({}))).on(OTP_START, json(json!({"data": {}}))).on(STATUS, pending(None));
    bench.world.on("/v1/client/mobile/otp/error", done());
    assert_eq!(timed_out(&bench.run().await), 119_000 + 119_500 + 120_000);

    let bench = TestFlow::link_sent().with_retry();
    bench.page.link_retry.then(resend_link().after(170_000)).then(never());
    bench.world.every_socket(opens()).on(LINK_START, json(json!({"data": {"code": 10001}}))).on(STATUS, pending(None));
    bench.world.on("/v1/client/mobile/instantlink/error", done());
    assert_eq!(timed_out(&bench.run().await), 170_000 + 180_000);
}

#[tokio::test(start_paused = true)]
async fn nothing_expires_while_the_page_is_asked_for_a_number() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(change_number().after(60_000)).then(never());
    bench.page.otp_start.then(number(NUMBER).after(400_000));
    bench.world.on(OTP_START, json(json!({}))).on(STATUS, pending(None)).on("/v1/client/mobile/otp/error", done());
    let end = bench.run().await;
    assert_eq!(timed_out(&end), 60_000 + 400_000 + 120_000);
    let asked = end.page.events.borrow().iter().filter(|(_, detail)| detail.state == FlowState::AwaitingPhone).count();
    assert_eq!(asked, 2);

    let bench = TestFlow::link_sent().with_retry();
    bench.page.link_retry.then(change_link_number().after(60_000)).then(never());
    bench.page.link_start.then(number(NUMBER).after(400_000));
    bench.world.every_socket(opens()).on(LINK_START, json(json!({}))).on(STATUS, pending(None));
    bench.world.on("/v1/client/mobile/instantlink/error", done());
    assert_eq!(timed_out(&bench.run().await), 60_000 + 400_000 + 180_000);
}

#[tokio::test(start_paused = true)]
async fn the_backends_duration_replaces_the_default_whatever_its_clock_says() {
    for server_time in [0, WALL_START - 100 * MINUTES, WALL_START + 100 * MINUTES] {
        let accepted = json!({"serverTime": server_time, "expiresAt": server_time + 45_000, "data": null});
        let bench = code_awaited(accepted.clone());
        bench.world.on(STATUS, pending(None));
        assert_eq!(timed_out(&bench.run().await), 45_000);
        let bench = link_awaited(accepted);
        bench.world.on(STATUS, pending(None));
        assert_eq!(timed_out(&bench.run().await), 45_000);
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_extension_is_none() {
    for accepted in [json!({"expiresAt": 45_000}), json!({"serverTime": 45_000})] {
        let bench = code_awaited(accepted);
        bench.world.on(STATUS, pending(None));
        assert_eq!(timed_out(&bench.run().await), 120_000);
    }
}

#[tokio::test(start_paused = true)]
async fn the_pages_own_limit_replaces_the_backends() {
    for own in [20_000, 400_000] {
        let accepted = json!({"serverTime": 1_000, "expiresAt": 46_000});
        let mut bench = code_awaited(accepted.clone());
        bench.config.otp_ms = Some(own);
        bench.world.on(STATUS, pending(None));
        assert_eq!(timed_out(&bench.run().await), i64::from(own));
        let mut bench = link_awaited(accepted);
        bench.config.link_ms = Some(own);
        bench.world.on(STATUS, pending(None));
        assert_eq!(timed_out(&bench.run().await), i64::from(own));
    }
}

#[tokio::test(start_paused = true)]
async fn events_tell_when_by_the_pages_clock() {
    let accepted = json!({"serverTime": 1_000, "expiresAt": 46_000, "resendAt": 11_000});
    let bench = code_awaited(accepted);
    bench.world.on(STATUS, pending(None));
    let end = bench.run().await;
    let events = end.page.events.borrow();
    let (_, awaiting) = events.iter().find(|(_, detail)| detail.state == FlowState::AwaitingOtp).unwrap();
    assert_eq!((awaiting.expires_at, awaiting.resend_at), (Some(WALL_START + 45_000), Some(WALL_START + 10_000)));
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_neither_ends_nor_prolongs_it() {
    for jump in [-10 * MINUTES, 10 * MINUTES] {
        for backend_says_what_is_left in [false, true] {
            let left = |ms| pending(backend_says_what_is_left.then_some(ms));
            let mut bench = code_awaited(json!({"serverTime": 1_000, "expiresAt": 121_000}));
            bench.at(10_000, move |world| world.jump(jump));
            bench.world.on(STATUS, left(110_000)).on(STATUS, left(0));
            let end = bench.run().await;
            assert_eq!((timed_out(&end), end.sent_at("status").len()), (120_000, 2));

            let mut bench = link_awaited(json!({"serverTime": 1_000, "expiresAt": 181_000}));
            bench.at(10_000, move |world| world.jump(jump));
            bench.world.on(STATUS, left(170_000)).on(STATUS, left(0));
            assert_eq!(timed_out(&bench.run().await), 180_000);
        }
    }
}

/// The last times in the events: when the code expires, and when another SMS may be requested.
fn countdown(end: &EndedFlow) -> (Option<i64>, Option<i64>) {
    let events = end.page.events.borrow();
    let (_, last) = events.iter().rfind(|(_, detail)| detail.expires_at.is_some()).unwrap();
    (last.expires_at, last.resend_at)
}

#[tokio::test(start_paused = true)]
async fn after_the_clock_was_set_the_countdown_is_told_anew() {
    // Jumps shorter than the time limit count too.
    for jump in [-10 * MINUTES, -MINUTES, MINUTES, 10 * MINUTES] {
        for backend_answers in [false, true] {
            let mut bench = code_awaited(json!({"serverTime": 1_000, "expiresAt": 121_000, "resendAt": 31_000}));
            bench.at(12_000, move |world| world.jump(jump));
            bench.world.on(STATUS, if backend_answers { pending(Some(105_000)) } else { status(404) });
            bench.world.on(STATUS, pending(Some(0)));
            let end = bench.run().await;
            let expected = (Some(WALL_START + jump + 120_000), Some(WALL_START + jump + 30_000));
            assert_eq!((countdown(&end), timed_out(&end)), (expected, 120_000), "{jump}");
            let asked = end.sent_at("status")[0];
            assert!((12_000..=17_000).contains(&asked), "noticed without a sign, within seconds: {asked}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_short_sleep_the_countdown_goes_on_by_the_backends_clock() {
    let mut bench = code_awaited(json!({"serverTime": 1_000, "expiresAt": 121_000, "resendAt": 31_000}));
    bench.at(10_000, |world| world.sleep(MINUTES));
    bench.world.on(STATUS, pending(Some(50_000))).on(STATUS, pending(Some(0)));
    let end = bench.run().await;
    assert_eq!(end.sent_at("status"), [10_000, 60_000]);
    assert_eq!(countdown(&end), (Some(WALL_START + 120_000), Some(WALL_START + 30_000)));
    timed_out(&end);
}

#[tokio::test(start_paused = true)]
async fn a_doubt_that_could_not_be_looked_into_is_looked_into_on_the_next_sign() {
    // The laptop wakes, and its network comes back a while later.
    let mut bench = code_awaited(json!({}));
    bench.at(10_000, |world| world.sleep(10 * MINUTES)).at(20_000, |world| world.wake());
    for _ in 0..4 {
        bench.world.on(STATUS, lost());
    }
    bench.world.always(STATUS, pending(Some(-500_000)));
    let end = bench.run().await;
    assert_eq!(timed_out(&end), 20_000);

    // After an answer, a waking alone is no reason to ask again where a socket listens; beside a code nothing does.
    for (mut bench, asked) in [
        (link_awaited(json!({"serverTime": 0, "expiresAt": 120_000})), vec![10_000, 20_000, 60_000]),
        (code_awaited(json!({})), vec![10_000, 20_000, 30_000, 60_000]),
    ] {
        let is_code = asked.len() == 4;
        bench.at(10_000, |world| world.sleep(MINUTES)).at(20_000, |world| world.wake());
        bench.at(30_000, |world| world.wake());
        bench.world.on(STATUS, status(404)).on(STATUS, pending(Some(40_000)));
        if is_code {
            bench.world.on(STATUS, pending(Some(30_000)));
        }
        bench.world.on(STATUS, pending(Some(0)));
        let end = bench.run().await;
        assert_eq!(end.sent_at("status"), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_does_not_take_the_pages_own_limit_away() {
    let mut bench = code_awaited(json!({"serverTime": 1_000, "expiresAt": 121_000}));
    bench.config.otp_ms = Some(300_000);
    bench.at(10_000, |world| world.sleep(10 * MINUTES));
    bench.world.on(STATUS, pending(Some(110_000))).on(STATUS, pending(Some(0)));
    assert_eq!(timed_out(&bench.run().await), 300_000);
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_past_it_the_backend_is_asked() {
    // An answer with no time left ends the wait at once.
    let mut bench = code_awaited(json!({}));
    bench.at(10_000, |world| world.sleep(10 * MINUTES));
    bench.world.always(STATUS, pending(Some(-490_000)));
    assert_eq!(timed_out(&bench.run().await), 10_000);

    // The backend has settled the flow meanwhile.
    let mut bench = link_awaited(json!({}));
    bench.at(10_000, |world| world.sleep(10 * MINUTES)).world.on(STATUS, done());
    let end = bench.run().await;
    end.is_row("done");
    assert_eq!(end.at, 10_000);

    // An answer without a remaining time: the monotonic clock decides.
    let mut bench = code_awaited(json!({}));
    bench.at(10_000, |world| world.sleep(10 * MINUTES)).world.always(STATUS, pending(None));
    assert_eq!(timed_out(&bench.run().await), 120_000);

    // Without an answer, the monotonic clock decides too.
    let mut bench = code_awaited(json!({}));
    bench.at(10_000, |world| world.sleep(10 * MINUTES));
    bench.world.on(STATUS, status(404)).on(STATUS, pending(None));
    assert_eq!(timed_out(&bench.run().await), 120_000);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_that_ends_before_it_counts() {
    let mut bench = code_awaited(json!({}));
    bench.at(10_000, |world| world.sleep(MINUTES));
    bench.world.on(STATUS, pending(Some(50_000))).on(STATUS, pending(Some(0)));
    assert_eq!(timed_out(&bench.run().await), 60_000);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_counts_against_the_pages_own_limit() {
    let mut bench = code_awaited(json!({"serverTime": 1_000, "expiresAt": 121_000}));
    bench.config.otp_ms = Some(60_000);
    bench.at(10_000, |world| world.sleep(55_000)).world.always(STATUS, pending(Some(55_000)));
    assert_eq!(timed_out(&bench.run().await), 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_is_noticed_without_a_sign_within_seconds() {
    let mut bench = link_awaited(json!({}));
    bench.at(12_000, |world| world.jump(10 * MINUTES)).world.on(STATUS, done());
    let end = bench.run().await;
    end.is_row("done");
    assert!((12_000..=17_000).contains(&end.at), "{}", end.at);
}

#[tokio::test(start_paused = true)]
async fn a_settled_answer_goes_before_the_timeout() {
    for bench in [code_awaited(json!({})), link_awaited(json!({}))] {
        bench.world.on(STATUS, done());
        let end = bench.run().await;
        end.is_row("done");
        assert_eq!(end.sent_at("status").len(), 1);
    }
    let error = json!({"message": "the code has expired", "code": 10001});
    for bench in [code_awaited(json!({})), link_awaited(json!({}))] {
        bench.world.on(STATUS, json(json!({"next": "done", "error": error})));
        bench.run().await.is_row("error_with_done");
    }
    for bench in [code_awaited(json!({})), link_awaited(json!({}))] {
        bench.world.on(STATUS, status(401));
        bench.run().await.is_row("unauthorized");
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_it_is_a_timeout_all_the_same() {
    let bench = code_awaited(json!({}));
    bench.world.always(STATUS, lost());
    bench.run().await.is_row("otp_deadline");
    // The open socket shows that the backend is reachable.
    let bench = link_awaited(json!({}));
    bench.world.always(STATUS, lost());
    bench.run().await.is_row("link_deadline");
}

#[tokio::test(start_paused = true)]
async fn what_the_page_answers_after_it_is_ignored() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE).after(121_000));
    bench.world.on(STATUS, pending(None).after(5_000)).on("/v1/client/mobile/otp/error", done());
    let end = bench.run().await;
    end.is_row("otp_deadline");
    assert!(end.sent_at("mobile/otp/finish").is_empty());

    let bench = TestFlow::link_sent().with_retry();
    bench.page.link_retry.then(resend_link().after(181_000));
    bench.world.every_socket(opens()).on(STATUS, pending(None).after(5_000));
    bench.world.on("/v1/client/mobile/instantlink/error", done());
    let end = bench.run().await;
    end.is_row("link_deadline");
    assert_eq!(end.sent_at("mobile/instantlink/start").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_socket_is_heard_while_the_last_question_is_out() {
    let bench = TestFlow::link_sent();
    bench.world.socket(crate::harness::opens_and_says(182_000, json!({"next": "done"})));
    bench.world.on(STATUS, pending(None).after(5_000));
    let end = bench.run().await;
    end.is_row("done");
    assert_eq!(end.at, 182_000);
}

#[tokio::test(start_paused = true)]
async fn a_code_sent_in_time_is_judged_although_the_reply_is_late() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE).after(119_900));
    bench.world.on(OTP_FINISH, done().after(10_000));
    let end = bench.run().await;
    end.is_row("done");
    assert_eq!(end.at, 129_900);
}
