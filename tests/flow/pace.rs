//! The pace of requests: answers that come at once are counted, and a resend waits until the backend allows it.

use handset::flow::{FlowState, Kind};
use serde_json::{Value, json};

use crate::harness::{
    CODE, EndedFlow, NUMBER, OTHER_CODE, OTHER_NUMBER, ScriptedAnswer, TestFlow, WALL_START, change_link_number,
    change_number, code, json, never, number, opens, opens_and_says, resend, resend_link,
};

const OTP_START: &str = "/v1/client/mobile/otp/start";
const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
const OTP_ERROR: &str = "/v1/client/mobile/otp/error";
const LINK_START: &str = "/v1/client/mobile/instantlink/start";
const LINK_ERROR: &str = "/v1/client/mobile/instantlink/error";
const STATUS: &str = "/v1/client/status";
const TOO_QUICK: &str = "the step answered by itself 11 times in a row: it must wait for the person";

fn done() -> ScriptedAnswer {
    json(json!({"next": "done"}))
}

fn refused() -> ScriptedAnswer {
    json(json!({"data": {"code": 10001, "message": "no"}}))
}

/// A reply that allows another SMS after 30 s, for a code or a link that is valid for 60 s.
fn sent() -> Value {
    json!({"serverTime": 1_000, "expiresAt": 61_000, "resendAt": 31_000})
}

/// Checks that the step ended after its eleventh answer.
fn was_too_quick(end: &EndedFlow, prefix: &str) {
    end.is_row("page_step_fails");
    assert_eq!(end.reports()[0].1, json!({"message": format!("{prefix}{TOO_QUICK}")}));
    assert_eq!(end.calls().len(), 11, "{:?}", end.calls());
}

#[tokio::test(start_paused = true)]
async fn an_eleventh_answer_at_once_ends_the_step() {
    // A start step whose number is refused each time.
    let bench = TestFlow::otp();
    (0..11).for_each(|_| _ = bench.page.otp_start.then(number(NUMBER).after(249)));
    bench.world.always(OTP_START, refused()).on(OTP_ERROR, done());
    let end = bench.run().await;
    was_too_quick(&end, "Failed to start OTP flow: ");
    assert_eq!(end.sent_at("mobile/otp/start").len(), 10);

    let bench = TestFlow::link();
    (0..11).for_each(|_| _ = bench.page.link_start.then(number(NUMBER)));
    bench.world.always(LINK_START, refused()).socket(opens()).on(LINK_ERROR, done());
    was_too_quick(&bench.run().await, "");

    // Wrong codes, empty codes, resends.
    for entry in [|| code(OTHER_CODE), || code(""), resend] {
        let bench = TestFlow::otp_sent();
        (0..10).for_each(|_| _ = bench.page.otp_finish.then(entry()));
        bench
            .world
            .always(OTP_START, json(json!({})))
            .always(OTP_FINISH, json(json!({"data": {}})))
            .on(OTP_ERROR, done());
        let end = bench.run().await;
        was_too_quick(&end, "Failed to obtain OTP for verification: ");
        assert!(end.paths().len() <= 11, "{:?}", end.paths());
    }

    let bench = TestFlow::link_sent().with_retry();
    (0..10).for_each(|_| _ = bench.page.link_retry.then(resend_link()));
    bench.world.always(LINK_START, json(json!({}))).socket(opens()).on(LINK_ERROR, done());
    let end = bench.run().await;
    was_too_quick(&end, "");
    assert_eq!(end.sent_at("mobile/instantlink/start").len(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_answer_at_once_counts_whichever_step_gave_it() {
    let bench = TestFlow::otp();
    (0..6).for_each(|_| _ = bench.page.otp_start.then(number(NUMBER)));
    (0..5).for_each(|_| _ = bench.page.otp_finish.then(change_number()));
    bench.world.always(OTP_START, json(json!({}))).on(OTP_ERROR, done());
    was_too_quick(&bench.run().await, "Failed to start OTP flow: ");

    let bench = TestFlow::link().with_retry();
    (0..6).for_each(|_| _ = bench.page.link_start.then(number(NUMBER)));
    (0..5).for_each(|_| _ = bench.page.link_retry.then(change_link_number()));
    bench.world.always(LINK_START, json(json!({}))).socket(opens()).on(LINK_ERROR, done());
    was_too_quick(&bench.run().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_person_is_never_too_quick() {
    let bench = TestFlow::otp_sent();
    (0..40).for_each(|_| _ = bench.page.otp_finish.then(code(OTHER_CODE).after(250)));
    bench.page.otp_finish.then(code(CODE).after(250));
    (0..40).for_each(|_| _ = bench.world.on(OTP_FINISH, json(json!({"data": {}}))));
    bench.world.on(OTP_FINISH, done());
    bench.run().await.is_done();

    // Ten answers at once, a slow one, ten at once.
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER).after(300));
    (0..10).for_each(|_| _ = bench.page.otp_finish.then(resend()));
    bench.page.otp_finish.then(resend().after(300));
    (0..9).for_each(|_| _ = bench.page.otp_finish.then(resend()));
    bench.page.otp_finish.then(code(CODE));
    bench.world.always(OTP_START, json(json!({}))).on(OTP_FINISH, done());
    bench.run().await.is_done();
}

#[tokio::test(start_paused = true)]
async fn another_step_of_the_protocol_counts_anew() {
    let bench = TestFlow::otp_sent();
    for _ in 0..8 {
        bench.page.otp_finish.then(resend());
    }
    bench.page.otp_finish.then(code(CODE)).then(code(CODE));
    bench.page.otp_start.then(number(NUMBER));
    bench
        .world
        .always(OTP_START, json(json!({})))
        .on(OTP_FINISH, json(json!({"next": "mobile/otp"})))
        .on(OTP_FINISH, done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.calls().len(), 12);
}

#[tokio::test(start_paused = true)]
async fn a_resend_before_its_time_is_sent_in_its_time() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.page.otp_finish.then(resend().after(10_000)).then(code(CODE));
    bench.world.on(OTP_START, json(sent())).on(OTP_START, json(sent())).on(OTP_FINISH, done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.sent_at("mobile/otp/start"), [0, 30_000]);
    let times = (Some(WALL_START + 60_000), Some(WALL_START + 30_000));
    let times_at = |end: &EndedFlow, state| {
        let events = end.page.events.borrow();
        let (_, event) = events.iter().find(|(at, detail)| *at == 10_000 && detail.state == state).unwrap();
        (event.expires_at, event.resend_at)
    };
    assert_eq!(times_at(&end, FlowState::Sending), times);

    let bench = TestFlow::link().with_retry();
    bench.page.link_start.then(number(NUMBER));
    bench.page.link_retry.then(resend_link().after(10_000)).then(never());
    bench
        .world
        .on(LINK_START, json(sent()))
        .on(LINK_START, json(sent()))
        .socket(opens_and_says(40_000, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.sent_at("mobile/instantlink/start"), [0, 30_000]);
    let states = end.states();
    let waited: &[&str] = &["awaiting_retry", "awaiting_link", "sending", "awaiting_link", "awaiting_retry"];
    assert!(states.windows(5).any(|states| states == waited), "{states:?}");
    assert_eq!(times_at(&end, FlowState::AwaitingLink), times);
}

#[tokio::test(start_paused = true)]
async fn a_resend_in_its_time_is_sent_at_once() {
    for after in [30_000, 45_000] {
        let bench = TestFlow::link().with_retry();
        bench.page.link_start.then(number(NUMBER));
        bench.page.link_retry.then(resend_link().after(after)).then(never());
        bench.world.on(LINK_START, json(sent())).on(LINK_START, json(json!({})));
        bench.world.socket(opens_and_says(50_000, json!({"next": "done"})));
        let end = bench.run().await;
        assert_eq!(end.sent_at("mobile/instantlink/start"), [0, i64::try_from(after).unwrap()]);
        let states = end.states();
        assert!(states.windows(2).any(|states| states == ["awaiting_retry", "sending"]), "{states:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_wait_for_a_resend() {
    let late = json!({"serverTime": 1_000, "expiresAt": 61_000, "resendAt": 301_000});
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.page.otp_finish.then(resend().after(10_000));
    bench.world.on(OTP_START, json(late.clone())).on(STATUS, json(json!({"next": ""}))).on(OTP_ERROR, done());
    let end = bench.run().await;
    end.is_row("otp_deadline");
    assert_eq!((end.at, end.sent_at("mobile/otp/start").len()), (60_000, 1));

    let bench = TestFlow::link().with_retry();
    bench.page.link_start.then(number(NUMBER));
    bench.page.link_retry.then(resend_link().after(10_000));
    bench.world.on(LINK_START, json(late)).socket(opens()).on(STATUS, json(json!({"next": ""}))).on(LINK_ERROR, done());
    let end = bench.run().await;
    end.is_row("link_deadline");
    assert_eq!((end.at, end.sent_at("mobile/instantlink/start").len()), (60_000, 1));
}

#[tokio::test(start_paused = true)]
async fn the_backends_word_ends_the_wait_for_a_resend() {
    let bench = TestFlow::link().with_retry();
    bench.page.link_start.then(number(NUMBER));
    bench.page.link_retry.then(resend_link());
    bench.world.on(LINK_START, json(sent())).socket(opens_and_says(20_000, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!((end.at, end.sent_at("mobile/instantlink/start").len()), (20_000, 1));
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_waits_for_a_resend_can_be_stopped() {
    let mut bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER));
    bench.page.otp_finish.then(resend());
    bench.world.on(OTP_START, json(sent()));
    bench.stop_at(20_000);
    assert_eq!(bench.run().await.sent_at("mobile/otp/start").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_resend_follows_the_clocks() {
    let resent_at = |happens: fn(&crate::harness::World), left: Option<i64>| async move {
        let mut bench = TestFlow::otp();
        bench.page.otp_start.then(number(NUMBER));
        bench.page.otp_finish.then(resend().after(1_000)).then(code(CODE));
        bench.world.on(OTP_START, json(sent())).on(OTP_START, json(json!({}))).on(OTP_FINISH, done());
        bench.world.always(
            STATUS,
            json(match left {
                Some(left) => json!({"next": "", "serverTime": 0, "expiresAt": left}),
                None => json!({"next": ""}),
            }),
        );
        bench.at(10_000, happens);
        bench.run().await.sent_at("mobile/otp/start")[1]
    };
    // Somebody sets the clock, ahead or back: the pause keeps its length.
    assert_eq!(resent_at(|world| world.jump(600_000), None).await, 30_000);
    assert_eq!(resent_at(|world| world.jump(-600_000), Some(45_000)).await, 30_000);
    // The machine sleeps for 10 s or 20 s: the sleep counts, to within a slice.
    let late = resent_at(|world| world.sleep(10_000), Some(40_000)).await;
    assert!((20_000..=25_000).contains(&late), "{late}");
    let at_once = resent_at(|world| world.sleep(20_000), Some(30_000)).await;
    assert!((10_000..=15_000).contains(&at_once), "{at_once}");
}

#[tokio::test(start_paused = true)]
async fn a_number_change_does_not_wait() {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(number(NUMBER)).then(number(OTHER_NUMBER));
    bench.page.otp_finish.then(change_number()).then(code(CODE));
    bench.world.on(OTP_START, json(sent())).on(OTP_START, json(sent())).on(OTP_FINISH, done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!((end.sent_at("mobile/otp/start"), end.kind()), (vec![0, 0], None::<Kind>));
}
