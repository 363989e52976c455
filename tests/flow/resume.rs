//! Resuming: a page dies at some moment, and another one goes on with the text that the first one stored.

use handset::flow::{FlowState, Kind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{
    CODE, EndedFlow, NUMBER, OTHER_CODE, OTHER_NUMBER, ScriptedAnswer, TestFlow, TestToken, WALL_START, block_on,
    change_link_number, change_number, code, finished, hang, json, lost, never, no_number, number, opens,
    opens_and_says, resend, resend_link, status,
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

/// The flow is not settled; `left` is the remaining time of the code or the link.
fn pending(left: Option<i64>) -> ScriptedAnswer {
    json(match left {
        Some(left) => json!({"next": "", "serverTime": 5_000_000, "expiresAt": 5_000_000 + left}),
        None => json!({"next": ""}),
    })
}

/// A reply that allows another SMS after 30 s.
fn sent_with_pause() -> Value {
    json!({"serverTime": 1_000, "expiresAt": 121_000, "resendAt": 31_000})
}

/// The page dies this many ms after its flow began; returns the text that it leaves.
async fn dies_at(mut bench: TestFlow, ms: u64) -> String {
    bench.stop_at(ms);
    let end = bench.run().await;
    let saved = end.page.saved.borrow();
    saved.last().expect("a text is stored").1.clone()
}

/// Another page with the same token and this text, `ms` after the first one began.
fn comes_back(mut bench: TestFlow, text: String, ms: i64) -> TestFlow {
    bench.world.jump(ms);
    bench.stored = Some(text);
    bench
}

/// A flow that waits for a code since its start, and dies after 40 s.
async fn code_awaited() -> String {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(never());
    dies_at(bench, 40_000).await
}

/// A flow that waits for a link since its start, and dies after 40 s.
async fn link_awaited() -> String {
    let bench = TestFlow::link_sent();
    bench.world.every_socket(opens());
    dies_at(bench, 40_000).await
}

/// What the events said about the stored text, each once.
fn resumed(end: &EndedFlow) -> Vec<bool> {
    end.page.events.borrow().iter().filter_map(|(_, detail)| detail.resumed).collect()
}

/// `expiresAt` of the first event in this state, in ms since the first page began.
fn expires(end: &EndedFlow, state: FlowState) -> Option<i64> {
    let events = end.page.events.borrow();
    let (_, detail) = events.iter().find(|(_, detail)| detail.state == state)?;
    Some(detail.expires_at? - WALL_START)
}

#[tokio::test(start_paused = true)]
async fn a_code_is_waited_for_as_before_and_no_sms_is_sent() {
    for answer in [pending(Some(60_000)), pending(None), lost(), status(404)] {
        let bench = comes_back(TestFlow::otp(), code_awaited().await, 60_000);
        bench.page.otp_finish.then(code(CODE).after(5_000));
        bench.world.on(STATUS, answer).on(OTP_FINISH, done());
        let end = bench.run().await;
        end.is_done();
        assert_eq!(end.paths(), ["status", "mobile/otp/finish"]);
        assert_eq!(end.calls(), ["otp_finish()"]);
        assert_eq!(end.states(), ["starting", "awaiting_otp", "checking_otp", "finishing", "done"]);
        assert_eq!(resumed(&end), [true]);
        assert_eq!(expires(&end, FlowState::AwaitingOtp), Some(120_000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_is_waited_for_as_before_and_none_is_sent() {
    let bench = comes_back(TestFlow::link(), link_awaited().await, 60_000);
    bench.world.on(STATUS, pending(Some(120_000))).socket(opens_and_says(5_000, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.paths(), ["status"]);
    assert_eq!(end.states(), ["starting", "awaiting_link", "finishing", "done"]);
    assert_eq!(resumed(&end), [true]);
    assert_eq!(expires(&end, FlowState::AwaitingLink), Some(180_000));
}

#[tokio::test(start_paused = true)]
async fn the_retry_step_of_a_link_is_called_again() {
    let bench = comes_back(TestFlow::link().with_retry(), link_awaited().await, 60_000);
    bench.page.link_retry.then(resend_link().after(5_000)).then(never());
    bench.world.on(STATUS, pending(Some(120_000))).on(LINK_START, json(json!({})));
    bench.world.socket(opens_and_says(20_000, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.calls(), ["link_retry()", "link_retry()"]);
    assert_eq!(end.bodies("mobile/instantlink/start")[0]["mobileNumber"], "");
}

#[tokio::test(start_paused = true)]
async fn the_time_that_is_left_ends_the_wait() {
    let bench = comes_back(TestFlow::otp(), code_awaited().await, 60_000);
    bench.page.otp_finish.then(never());
    bench.world.on(STATUS, pending(Some(60_000))).on(STATUS, pending(Some(0))).on(OTP_ERROR, done());
    let end = bench.run().await;
    end.is_row("otp_deadline");
    assert_eq!(end.at, 60_000);

    let bench = comes_back(TestFlow::link(), link_awaited().await, 60_000);
    bench.world.every_socket(opens()).on(STATUS, pending(Some(120_000))).on(STATUS, pending(Some(0)));
    bench.world.on(LINK_ERROR, done());
    let end = bench.run().await;
    end.is_row("link_deadline");
    assert_eq!(end.at, 120_000);
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_was_set_meanwhile_takes_and_gives_no_time() {
    for set in [-3_600_000, -30_000, 30_000, 600_000] {
        let bench = comes_back(TestFlow::otp(), code_awaited().await, 60_000 + set);
        bench.page.otp_finish.then(never());
        bench.world.on(STATUS, pending(Some(60_000))).on(STATUS, pending(None)).on(OTP_ERROR, done());
        let end = bench.run().await;
        assert_eq!((end.kind(), end.at), (Some(Kind::OtpTimeout), 60_000), "{set}");
        assert_eq!(expires(&end, FlowState::AwaitingOtp), Some(120_000 + set));
        assert_eq!(resumed(&end), [true]);
    }
    // Without the backend's answer a clock that was set back gives what was left when the text was written.
    let bench = comes_back(TestFlow::otp(), code_awaited().await, -3_600_000);
    bench.page.otp_finish.then(never());
    bench.world.on(STATUS, lost()).on(STATUS, pending(None)).on(OTP_ERROR, done());
    assert_eq!(bench.run().await.at, 120_000);
}

#[tokio::test(start_paused = true)]
async fn a_code_or_link_that_expired_meanwhile_begins_its_step_anew() {
    for answer in [pending(Some(-1)), pending(None), lost()] {
        let bench = comes_back(TestFlow::otp_sent(), code_awaited().await, 130_000);
        bench.page.otp_finish.then(code(CODE).after(1_000));
        bench.world.on(STATUS, answer).on(OTP_FINISH, done());
        let end = bench.run().await;
        end.is_done();
        assert_eq!(resumed(&end), [false]);
        assert_eq!(end.calls(), ["otp_start(needed)", "otp_finish()"]);
    }
    let bench = comes_back(TestFlow::link_sent(), link_awaited().await, 190_000);
    bench.world.on(STATUS, pending(Some(-1))).socket(opens_and_says(5_000, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(resumed(&end), [false]);
    assert_eq!(end.sent_at("mobile/instantlink/start").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_no_good_begins_the_flow_anew_without_a_question() {
    let text = code_awaited().await;
    let foreign = {
        let mut bench = TestFlow::otp_sent();
        bench.token.set("/rid", "another".into());
        bench.page.otp_finish.then(never());
        dies_at(bench, 40_000).await
    };
    // By the token's lifetime the flow itself is over.
    let late = (text.clone(), 900_000);
    for (text, ms) in [
        (foreign, 60_000),
        (text.replacen('1', "0", 1), 60_000),
        (text.replace("otp", "oto"), 60_000),
        (text[..text.len() - 1].to_owned(), 60_000),
        (String::new(), 60_000),
        ("{}".to_owned(), 60_000),
        late,
    ] {
        let bench = comes_back(TestFlow::otp_sent(), text, ms);
        bench.page.otp_finish.then(code(CODE).after(1_000));
        bench.world.on(OTP_FINISH, done());
        let end = bench.run().await;
        end.is_done();
        assert_eq!(resumed(&end), [false]);
        assert_eq!(end.paths(), ["mobile/otp/start", "mobile/otp/finish"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_without_a_stored_text_says_nothing_of_it() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(OTP_FINISH, done());
    let end = bench.run().await;
    assert_eq!(resumed(end.is_done()).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_was_settled_meanwhile_is_over_at_once() {
    for (first, text) in [("mobile/otp", code_awaited().await), ("mobile/instantlink", link_awaited().await)] {
        let bench = comes_back(TestFlow::new(first), text.clone(), 60_000);
        bench.world.on(STATUS, done());
        let end = bench.run().await;
        end.is_done();
        assert_eq!((end.at, end.paths(), resumed(&end)), (0, vec!["status".to_owned()], vec![true]));

        let bench = comes_back(TestFlow::new(first), text.clone(), 60_000);
        bench.world.on(STATUS, json(json!({"next": "done", "error": {"code": 10002, "message": "too late"}})));
        bench.run().await.is_row("error_with_done");

        let bench = comes_back(TestFlow::new(first), text.clone(), 60_000);
        bench.world.on(STATUS, status(401));
        bench.run().await.is_row("unauthorized");

        // The backend went on to another step.
        let bench = comes_back(TestFlow::new(first), text, 60_000);
        bench.page.link_start.then(number(NUMBER));
        bench.world.on(STATUS, json(json!({"next": "mobile/instantlink"}))).on(LINK_START, json(json!({})));
        bench.world.socket(opens_and_says(5_000, json!({"next": "done"})));
        assert_eq!(bench.run().await.is_done().calls(), ["link_start(needed)"]);
    }
}

#[tokio::test(start_paused = true)]
async fn while_a_number_was_asked_for_the_start_step_is_called_again() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(never());
    let text = dies_at(bench, 40_000).await;
    let bench = comes_back(TestFlow::otp_sent(), text, 60_000);
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(STATUS, pending(None)).on(OTP_FINISH, done());
    let end = bench.run().await;
    assert_eq!(end.is_done().calls(), ["otp_start(needed)", "otp_finish()"]);
    assert_eq!(resumed(&end), [true]);
}

/// A flow whose request for an SMS has no reply; `known` says that the server has the number.
async fn reply_lost(known: bool) -> String {
    let mut bench = TestFlow::otp();
    bench.page.otp_start.then(if known { no_number() } else { number(NUMBER) });
    if known {
        bench.token.number_known();
    }
    bench.world.on(OTP_START, hang());
    dies_at(bench, 10_000).await
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_the_backend_says_whether_an_sms_is_out() {
    for known in [false, true] {
        let mut bench = comes_back(TestFlow::otp(), reply_lost(known).await, 20_000);
        if known {
            bench.token.number_known();
        }
        bench.page.otp_finish.then(code(CODE));
        bench.world.on(STATUS, pending(Some(100_000))).on(OTP_FINISH, done());
        let end = bench.run().await;
        assert_eq!(end.is_done().calls(), ["otp_finish()"]);
        assert_eq!(expires(&end, FlowState::AwaitingOtp), Some(120_000));

        let mut bench = comes_back(TestFlow::otp_sent(), reply_lost(known).await, 20_000);
        if known {
            bench.token.number_known();
        }
        bench.page.otp_finish.then(code(CODE));
        bench.world.on(STATUS, pending(None)).on(OTP_FINISH, done());
        assert_eq!(bench.run().await.is_done().calls().len(), 2, "no SMS is out: the step begins with its question");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_without_an_answer_no_sms_is_sent_that_the_person_did_not_ask_for() {
    // The person gave the number: they are asked again.
    let bench = comes_back(TestFlow::otp_sent(), reply_lost(false).await, 20_000);
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(STATUS, lost()).on(OTP_FINISH, done());
    assert_eq!(bench.run().await.is_done().calls(), ["otp_start(needed)", "otp_finish()"]);

    // The start step would send another SMS by itself: the code is waited for, and a resend is there.
    let mut bench = comes_back(TestFlow::otp(), reply_lost(true).await, 20_000);
    bench.token.number_known();
    bench.page.otp_finish.then(resend().after(5_000)).then(code(CODE));
    bench.world.on(STATUS, lost()).on(OTP_START, json(json!({}))).on(OTP_FINISH, done());
    let end = bench.run().await;
    assert_eq!(end.is_done().calls(), ["otp_finish()", "otp_finish()"]);
    assert_eq!(expires(&end, FlowState::AwaitingOtp), Some(120_000));
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_to_a_resend_the_code_is_waited_for() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(resend().after(60_000));
    bench.world.on(OTP_START, hang());
    let text = dies_at(bench, 65_000).await;
    for (answer, expected) in [(pending(Some(95_000)), 175_000), (pending(Some(40_000)), 120_000), (lost(), 180_000)] {
        let bench = comes_back(TestFlow::otp(), text.clone(), 80_000);
        bench.page.otp_finish.then(code(CODE));
        bench.world.on(STATUS, answer).on(OTP_FINISH, done());
        let end = bench.run().await;
        assert_eq!(end.is_done().calls(), ["otp_finish()"]);
        assert_eq!(expires(&end, FlowState::AwaitingOtp), Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_that_is_changed_is_asked_for_again_whatever_the_backend_knows() {
    for (reply, at) in [(json(json!({})), 30_000), (hang(), 50_000)] {
        let mut bench = TestFlow::otp();
        bench.token.number_known();
        bench.page.otp_start.then(no_number()).then(number(OTHER_NUMBER).after(20_000));
        bench.page.otp_finish.then(change_number().after(20_000)).then(never());
        bench.world.on(OTP_START, json(json!({}))).on(OTP_START, reply);
        let text = dies_at(bench, at).await;
        // Twice: the second page dies too.
        let mut bench = comes_back(TestFlow::otp(), text, 60_000);
        bench.token.number_known();
        bench.page.otp_start.then(number(OTHER_NUMBER).after(1_000));
        bench.world.on(STATUS, pending(Some(60_000))).on(OTP_START, hang());
        let text = dies_at(bench, 5_000).await;

        let mut bench = comes_back(TestFlow::otp_sent(), text, 80_000);
        bench.token.number_known();
        bench.page.otp_finish.then(code(CODE));
        bench.world.on(STATUS, pending(Some(40_000))).on(OTP_FINISH, done());
        assert_eq!(bench.run().await.is_done().calls(), ["otp_start(needed)", "otp_finish()"]);
    }
    let mut bench = TestFlow::link_sent().with_retry();
    bench.token.number_known();
    bench.page.link_retry.then(change_link_number().after(5_000));
    bench.page.link_start.then(never());
    bench.world.every_socket(opens());
    let text = dies_at(bench, 10_000).await;
    let mut bench = comes_back(TestFlow::link_sent(), text, 20_000);
    bench.token.number_known();
    bench.world.on(STATUS, pending(Some(160_000))).socket(opens_and_says(5_000, json!({"next": "done"})));
    assert_eq!(bench.run().await.is_done().calls(), ["link_start(needed)"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_died_in_auth_finish_step_runs_it_again() {
    let dying = || async {
        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(CODE));
        bench.page.auth_finish.then(finished().after(60_000));
        bench.world.on(OTP_FINISH, done());
        dies_at(bench, 10_000).await
    };
    for answer in [done(), lost(), pending(None)] {
        let bench = comes_back(TestFlow::otp(), dying().await, 20_000);
        bench.world.on(STATUS, answer);
        let end = bench.run().await;
        assert_eq!(end.is_done().paths(), ["status"]);
        assert_eq!(end.finishes(), [None]);
        assert_eq!(resumed(&end), [true]);
    }
    let bench = comes_back(TestFlow::otp(), dying().await, 20_000);
    bench.world.on(STATUS, json(json!({"next": "done", "error": {"code": 1, "message": "no"}})));
    assert_eq!(bench.run().await.finishes(), [Some(Kind::Server)], "the backend says why");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_died_while_its_code_was_checked_learns_the_outcome_or_asks_again() {
    let dying = || async {
        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(OTHER_CODE).after(1_000)).then(code(CODE).after(1_000));
        bench.world.on(OTP_FINISH, json(json!({"data": {"code": 10000}}))).on(OTP_FINISH, hang());
        dies_at(bench, 10_000).await
    };
    let bench = comes_back(TestFlow::otp(), dying().await, 20_000);
    bench.world.on(STATUS, done());
    bench.run().await.is_done();

    // The wrong code before the reload counts at the backend; the step is called without it.
    let bench = comes_back(TestFlow::otp(), dying().await, 20_000);
    bench.page.otp_finish.then(code(CODE));
    bench.world.on(STATUS, pending(Some(100_000)));
    bench.world.on(OTP_FINISH, json(json!({"next": "done", "error": {"code": 10000, "message": "no try left"}})));
    let end = bench.run().await;
    end.is_row("error_with_done");
    assert_eq!(end.calls(), ["otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn the_pause_before_another_sms_goes_on() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    // The first page dies while its own resend waits for the pause.
    bench.page.otp_finish.then(resend().after(5_000));
    bench.world.on(OTP_START, json(sent_with_pause()));
    let text = dies_at(bench, 10_000).await;
    let bench = comes_back(TestFlow::otp(), text, 20_000);
    bench.page.otp_finish.then(resend().after(1_000)).then(code(CODE));
    bench.world.on(STATUS, pending(Some(100_000))).on(OTP_START, json(sent_with_pause())).on(OTP_FINISH, done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.sent_at("mobile/otp/start"), [10_000]);
    let events = end.page.events.borrow();
    let told = events.iter().find_map(|(_, detail)| detail.resend_at).unwrap();
    assert_eq!(told - WALL_START, 30_000);
}

#[tokio::test(start_paused = true)]
async fn the_pages_own_limit_goes_on() {
    let mut bench = TestFlow::otp_sent();
    bench.config.otp_ms = Some(50_000);
    bench.page.otp_finish.then(never());
    let text = dies_at(bench, 10_000).await;
    let mut bench = comes_back(TestFlow::otp(), text, 20_000);
    bench.config.otp_ms = Some(50_000);
    bench.page.otp_finish.then(never());
    // The backend gives 100 s more, the page's own limit 30 s.
    bench.world.on(STATUS, pending(Some(100_000))).on(STATUS, pending(Some(70_000))).on(OTP_ERROR, done());
    let end = bench.run().await;
    assert_eq!((end.kind(), end.at), (Some(Kind::OtpTimeout), 30_000));
}

#[tokio::test(start_paused = true)]
async fn the_tokens_lifetime_is_that_of_the_first_page() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(never());
    let text = dies_at(bench, 400_000).await;
    let bench = comes_back(TestFlow::otp(), text, 500_000);
    bench.page.otp_start.then(never());
    bench.world.on(STATUS, pending(None));
    let end = bench.run().await;
    assert_eq!((end.rejection().kind, end.at), (Kind::TokenExpired, 400_000));
}

#[tokio::test(start_paused = true)]
async fn the_count_of_steps_goes_on() {
    let bench = TestFlow::otp();
    (0..49).for_each(|_| _ = bench.page.otp_start.then(number(NUMBER)));
    (0..48).for_each(|_| _ = bench.page.otp_finish.then(code(CODE).after(300)));
    bench.page.otp_start.then(never());
    bench.page.otp_finish.then(never());
    bench.world.always(OTP_START, json(json!({}))).always(OTP_FINISH, json(json!({"next": "mobile/otp"})));
    let text = dies_at(bench, 100_000).await;
    let bench = comes_back(TestFlow::otp(), text, 110_000);
    bench.page.otp_finish.then(code(CODE)).then(code(CODE));
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(STATUS, pending(Some(20_000))).always(OTP_FINISH, json(json!({"next": "mobile/otp"})));
    bench.world.on(OTP_START, json(json!({})));
    let end = bench.run().await;
    assert_eq!(end.rejection().message, "the backend named more than 50 steps");
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_stored_step_reaches_the_next_one() {
    let text = code_awaited().await;
    let bench = comes_back(TestFlow::otp(), text, 60_000);
    bench.page.otp_finish.then(code(CODE)).then(code(CODE));
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(STATUS, pending(Some(60_000))).on(OTP_FINISH, json(json!({"next": "mobile/otp"})));
    bench.world.on(OTP_START, json(json!({}))).on(OTP_FINISH, done());
    assert_eq!(bench.run().await.is_done().calls(), ["otp_finish()", "otp_start(needed)", "otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn a_stored_text_survives_a_page_that_dies_before_it_went_on() {
    let bench = comes_back(TestFlow::otp(), code_awaited().await, 60_000);
    let mut bench = bench;
    bench.world.on(STATUS, hang());
    bench.stop_at(5_000);
    let end = bench.run().await;
    assert!(end.page.saved.borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_page_that_settled_the_flow_is_noticed_at_the_next_start_wake_up_code_and_deadline() {
    // The reply to a start, and to a resend.
    for entries in [vec![], vec![resend().after(1_000)]] {
        let resends = entries.len();
        let bench = TestFlow::otp();
        bench.page.otp_start.then(number(NUMBER));
        entries.into_iter().for_each(|entry| _ = bench.page.otp_finish.then(entry));
        bench.page.otp_finish.then(never());
        (0..resends).for_each(|_| _ = bench.world.on(OTP_START, json(json!({}))));
        bench.world.on(OTP_START, done()).on(STATUS, done());
        let end = bench.run().await;
        assert_eq!(end.is_done().finishes(), [None]);
    }
    // A waking.
    let mut bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(never());
    bench.world.on(STATUS, pending(Some(90_000))).on(STATUS, done());
    bench.at(30_000, |world| world.wake()).at(40_000, |world| world.wake());
    let end = bench.run().await;
    assert_eq!((end.is_done().at, end.sent_at("status")), (40_000, vec![30_000, 40_000]));
    // A code, right or wrong.
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(OTHER_CODE).after(1_000));
    bench.world.on(OTP_FINISH, done());
    bench.run().await.is_done();
    // The deadline.
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(never());
    bench.world.on(STATUS, done());
    assert_eq!(bench.run().await.is_done().at, 120_000);
    // A failed flow: the failure is told.
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on(OTP_START, json(json!({"next": "done", "error": {"code": 1, "message": "over"}})));
    bench.run().await.is_row("error_with_done");
}

#[tokio::test(start_paused = true)]
async fn the_secondary_role_waits_again() {
    let bench = || {
        let mut bench = TestFlow::new("device/passive");
        bench.config.role = handset::flow::DeviceRole::Secondary;
        bench
    };
    let dying = bench();
    dying.world.every_socket(opens());
    let text = dies_at(dying, 40_000).await;
    let bench = comes_back(bench(), text, 60_000);
    bench.world.on(STATUS, pending(None)).socket(opens_and_says(5_000, json!({"next": "done"})));
    let end = bench.run().await;
    assert_eq!(end.is_done().states(), ["starting", "device", "finishing", "done"]);
    assert_eq!(resumed(&end), [true]);
}

proptest! {
    /// Wherever the first page dies, the second settles, and sends an SMS only after a step of the page has asked for it.
    #[test]
    fn wherever_a_page_dies_the_next_one_settles(
        is_link: bool,
        at in 0..40_usize,
        away in 0..300_000_i64,
        answer in 0..4_u8,
        tail in "\\PC{0,4}",
    ) {
        block_on(async {
            let script = |bench: &TestFlow| {
                bench.page.patient.set(true);
                for _ in 0..3 {
                    bench.page.otp_start.then(number(NUMBER).after(400));
                    bench.page.link_start.then(number(NUMBER).after(400));
                    bench.page.otp_finish.then(resend().after(4_000));
                    bench.page.link_retry.then(resend_link().after(4_000));
                }
                bench.page.otp_finish.then(code(CODE).after(4_000));
                bench.world.always("*", done().after(50)).every_socket(opens());
                bench.world.always(OTP_START, json(json!({})).after(50)).always(LINK_START, json(json!({})).after(50));
            };
            let first = if is_link { TestFlow::link().with_retry() } else { TestFlow::otp() };
            script(&first);
            let mut first = first;
            first.stop_at_wait(at);
            let end = first.run().await;
            let text = end.page.saved.borrow().last().map(|(_, text)| format!("{text}{tail}")).unwrap_or_default();
            let second = if is_link { TestFlow::link().with_retry() } else { TestFlow::otp() };
            let second = comes_back(second, text, end.at + away);
            script(&second);
            let left = Some(120_000 - away);
            second.world.on(STATUS, match answer { 0 => pending(left), 1 => pending(None), 2 => lost(), _ => done() });
            let end = second.run().await;
            assert!(resumed(&end).len() == 1, "{:?}", resumed(&end));
            assert!(end.at <= 900_000);
        });
    }
}

#[test]
fn a_text_has_no_part_of_the_token() {
    let text = block_on(code_awaited());
    let token = TestToken::new("mobile/otp").text();
    assert!(token.as_bytes().windows(8).all(|part| !text.as_bytes().windows(8).any(|other| part == other)), "{text}");
}
