//! The status socket, its pings, its replacements, and the status call.

use handset::flow::{Kind, SocketState};
use serde_json::{Value, json};

use crate::harness::{
    CODE, EndedFlow, NUMBER, ScriptedAnswer, SocketScript, TestFlow, closes, code, json, lost, number, opens,
    opens_and_says, raw, status,
};

const STATUS: &str = "/v1/client/status";
const ERROR: &str = "/v1/client/mobile/instantlink/error";

fn done() -> ScriptedAnswer {
    json(json!({"next": "done"}))
}

fn pending() -> ScriptedAnswer {
    json(json!({"next": ""}))
}

/// A sent link with this socket. Each later socket brings `done` 100 ms after it opened.
fn listening(first: SocketScript) -> TestFlow {
    let bench = TestFlow::link_sent();
    bench.world.socket(first).every_socket(opens_and_says(100, json!({"next": "done"})));
    bench.world.always(STATUS, pending());
    bench
}

fn opened_at(end: &EndedFlow) -> Vec<i64> {
    end.world.sockets.borrow().iter().map(|socket| socket.at).collect()
}

fn pings(end: &EndedFlow, socket: usize) -> Vec<i64> {
    end.world.sockets.borrow()[socket].sent.borrow().iter().map(|(at, _)| *at).collect()
}

#[tokio::test(start_paused = true)]
async fn the_token_is_the_query_percent_encoded() {
    // A token in the other alphabet. The harness checks the URL of every socket.
    let mut bench = TestFlow::link();
    bench.token.set("/rid", json!("\u{fffd}?\u{fffd}>"));
    let text = bench.token.text().replace('-', "+").replace('_', "/");
    assert!(text.contains(['+', '/']), "the sample has to exercise them");
    bench.token_text = Some(text.clone());
    bench.page.link_start.then(number(NUMBER).after(9_000));
    bench.world.socket(opens_and_says(0, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    let sockets = end.world.sockets.borrow();
    let query = sockets[0].url.strip_prefix("wss://api.example.com/v1/client/status?token=").unwrap();
    assert!(query.contains('%') && !query.contains(['+', '/']), "{query}");
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_sent_every_thirty_seconds_first_after_thirty() {
    let mut bench = listening(opens_and_says(100_000, json!({"next": "done"})));
    bench.config.link_ms = Some(170_000);
    let end = bench.run().await;
    end.is_done();
    assert_eq!((pings(&end, 0), opened_at(&end)), (vec![30_000, 60_000, 90_000], vec![0]));
}

#[tokio::test(start_paused = true)]
async fn a_socket_without_a_pong_at_the_next_tick_is_replaced() {
    let end = listening(opens().pongs(None)).run().await;
    end.is_done();
    assert_eq!(pings(&end, 0), [30_000]);
    let opened = opened_at(&end);
    assert_eq!(end.world.sockets.borrow()[0].dropped.get(), Some(60_000));
    assert!(opened.len() == 2 && (60_250..=60_500).contains(&opened[1]), "{opened:?}");
    assert_eq!(end.sent_at("status"), [60_000], "what was said in between is asked for");
}

#[tokio::test(start_paused = true)]
async fn a_late_pong_before_the_next_tick_keeps_the_socket() {
    let end = listening(opens_and_says(100_000, json!({"next": "done"})).pongs(Some(29_000))).run().await;
    end.is_done();
    assert_eq!(opened_at(&end), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_closed_socket_is_replaced_and_status_asked_in_between() {
    let end = listening(opens().closes(20_000)).run().await;
    end.is_done();
    let opened = opened_at(&end);
    assert_eq!(end.sent_at("status"), [20_000]);
    assert!(opened.len() == 2 && (20_250..=20_500).contains(&opened[1]), "{opened:?}");
    let sockets: Vec<_> = end.page.events.borrow().iter().map(|(_, detail)| detail.socket).collect();
    let order = [SocketState::Open, SocketState::Reconnecting, SocketState::Open];
    let mut told: Vec<_> = sockets.into_iter().flatten().collect();
    told.dedup();
    assert_eq!(told, order);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_from_a_quarter_second_to_five_with_jitter() {
    let bench = TestFlow::link_sent();
    for _ in 0..9 {
        bench.world.socket(opens().closes(0));
    }
    bench.world.socket(opens_and_says(100, json!({"next": "done"}))).always(STATUS, pending());
    let opened = opened_at(&bench.run().await);
    let pauses: Vec<i64> = opened.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, cap) in pauses.iter().zip([500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000, 5_000]) {
        assert!((cap / 2..=cap).contains(pause), "{pauses:?}");
    }
    assert!(pauses[4..].iter().any(|pause| *pause != pauses[4]), "jitter: {pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_hangs_is_given_up() {
    let end = listening(SocketScript::hangs()).run().await;
    end.is_done();
    assert_eq!(end.world.sockets.borrow()[0].dropped.get(), Some(20_000));
}

#[tokio::test(start_paused = true)]
async fn only_one_socket_is_alive_at_a_time() {
    let bench = listening(opens().closes(1_000));
    bench.world.socket(opens().pongs(None));
    let end = bench.run().await;
    end.is_done();
    let sockets = end.world.sockets.borrow();
    for pair in sockets.windows(2) {
        assert!(pair[0].dropped.get().unwrap() <= pair[1].at, "its late events cannot be heard");
    }
    assert_eq!(sockets.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn where_sockets_stay_refused_status_is_asked_every_three_to_ten_seconds() {
    let bench = TestFlow::link_sent();
    bench.world.every_socket(closes()).always(STATUS, pending());
    bench.world.on(ERROR, done());
    let end = bench.run().await;
    let asked = end.sent_at("status");
    let pauses: Vec<i64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (quick, slow) = pauses.split_at(3);
    assert!(quick.iter().all(|pause| *pause < 3_000), "{pauses:?}");
    assert_eq!(slow[..4], [3_000, 6_000, 10_000, 10_000]);
    let polling = end.page.events.borrow().iter().any(|(_, detail)| detail.socket == Some(SocketState::Polling));
    assert!(polling && end.kind() == Some(Kind::LinkTimeout));
}

#[tokio::test(start_paused = true)]
async fn where_sockets_are_refused_the_status_call_settles_the_flow() {
    let bench = TestFlow::link_sent();
    bench.world.every_socket(closes()).on(STATUS, pending()).on(STATUS, lost()).on(STATUS, pending());
    bench.world.always(STATUS, done());
    bench.run().await.is_done();
}

#[tokio::test(start_paused = true)]
async fn on_waking_a_socket_is_probed_and_replaced_after_three_seconds() {
    let mut bench = listening(opens().pongs(None));
    bench.at(10_000, |world| world.wake());
    let end = bench.run().await;
    end.is_done();
    assert_eq!((pings(&end, 0), end.world.sockets.borrow()[0].dropped.get()), (vec![10_000], Some(13_000)));
}

#[tokio::test(start_paused = true)]
async fn on_waking_a_socket_that_answers_is_kept() {
    let mut bench = listening(opens_and_says(50_000, json!({"next": "done"})).pongs(Some(2_900)));
    bench.at(10_000, |world| world.wake());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(opened_at(&end), [0]);
}

#[tokio::test(start_paused = true)]
async fn wakings_that_keep_coming_do_not_keep_a_dead_socket() {
    let mut bench = listening(opens().pongs(None));
    for second in (10..40).step_by(2) {
        bench.at(second * 1_000, |world| world.wake());
    }
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.world.sockets.borrow()[0].dropped.get(), Some(13_000));
}

#[tokio::test(start_paused = true)]
async fn waking_ends_the_pause_before_the_next_socket() {
    let mut bench = TestFlow::link_sent();
    for _ in 0..6 {
        bench.world.socket(closes());
    }
    bench.world.every_socket(opens_and_says(0, json!({"next": "done"}))).always(STATUS, pending());
    // After the sixth refusal, at eleven to twelve seconds, comes a pause of ten.
    bench.at(15_000, |world| world.wake());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(*opened_at(&end).last().unwrap(), 15_000);
}

#[tokio::test(start_paused = true)]
async fn waking_gives_up_a_question_that_hangs() {
    let mut bench = TestFlow::link_sent();
    bench.world.socket(opens().closes(1_000)).socket(opens_and_says(0, json!({"next": "done"})));
    bench.world.on(STATUS, crate::harness::hang());
    bench.at(5_000, |world| world.wake());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(opened_at(&end), [0, 5_000]);
}

#[tokio::test(start_paused = true)]
async fn waking_gives_a_handshake_that_hangs_three_seconds_more() {
    let mut bench = listening(SocketScript::hangs());
    bench.at(5_000, |world| world.wake()).at(6_000, |world| world.wake());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.world.sockets.borrow()[0].dropped.get(), Some(8_000));
    let polling = end.page.events.borrow().iter().any(|(_, detail)| detail.socket == Some(SocketState::Polling));
    assert!(!polling, "one that was given up early says nothing of the next");

    // A handshake within the limit opens a usual socket.
    let mut bench = listening(opens_and_says(100_000, json!({"next": "done"})).opens_at(7_000));
    bench.at(5_000, |world| world.wake());
    let end = bench.run().await;
    end.is_done();
    assert_eq!((opened_at(&end), pings(&end, 0)), (vec![0], vec![37_000, 67_000, 97_000]));
}

#[tokio::test(start_paused = true)]
async fn a_status_message_may_name_any_step() {
    let bench = listening(opens_and_says(1_000, json!({"next": "mobile/otp"})));
    bench.page.otp_start.then(number(NUMBER));
    bench.page.otp_finish.then(code(CODE));
    bench.world.on("/v1/client/mobile/otp/start", json(json!({}))).on("/v1/client/mobile/otp/finish", done());
    bench.run().await.is_done();

    listening(opens_and_says(1_000, json!({"next": ""}))).run().await.is_row("ended");
}

#[tokio::test(start_paused = true)]
async fn a_status_message_without_next_rejects() {
    for message in [json!({}), json!({"next": null}), json!({"data": {}})] {
        let end = listening(opens_and_says(1_000, message)).run().await;
        assert_eq!((end.rejection().kind, end.reports().len()), (Kind::Server, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_in_a_status_message_is_not_reported() {
    let error = json!({"message": "expired", "code": 10001});
    listening(opens_and_says(5, json!({"next": "done", "error": error}))).run().await.is_row("error_with_done");
    listening(opens_and_says(5, json!({"error": error}))).run().await.is_row("error_alone");
    listening(opens_and_says(5, json!({"next": "", "error": error}))).run().await.is_row("error_alone");

    let bench = listening(opens_and_says(5, json!({"next": "mobile/otp", "error": error})));
    bench.page.otp_start.then(number(NUMBER));
    bench.world.on("/v1/client/mobile/otp/start", json(json!({"error": error, "next": "done"})));
    assert_eq!(bench.run().await.paths(), ["mobile/instantlink/start", "mobile/otp/start"]);
}

#[tokio::test(start_paused = true)]
async fn a_status_message_that_is_no_json_is_reported() {
    for text in ["", "{", "done", "[]", "PONG"] {
        let bench = listening(opens().says(1_000, text));
        bench.world.on(ERROR, done());
        let end = bench.run().await;
        assert_eq!((end.reports().len(), end.finishes()), (1, vec![Some(Kind::Server)]), "{text}");
    }
    let mut bench = TestFlow::new("device/passive");
    bench.config.role = handset::flow::DeviceRole::Secondary;
    bench.world.socket(opens().says(0, "{")).on("/v1/client/device/passive/error", done());
    assert_eq!(bench.run().await.reports()[0].0, "device/passive");
}

#[tokio::test(start_paused = true)]
async fn what_the_status_call_says_counts_like_the_sockets_message() {
    let error = json!({"message": "expired", "code": 10001});
    let answered = |reply: Value| {
        let bench = listening(opens().closes(1_000));
        bench.world.on(STATUS, json(reply));
        bench.run()
    };
    answered(json!({"next": "done"})).await.is_row("done");
    answered(json!({"next": "done", "error": error})).await.is_row("error_with_done");
    answered(json!({"next": "", "error": error})).await.is_row("error_alone");
    let end = answered(json!({"next": "scan/message"})).await;
    assert_eq!(end.rejection().kind, Kind::StepMissing);
}

#[tokio::test(start_paused = true)]
async fn a_status_call_that_fails_is_never_fatal() {
    let answers = [
        lost(),
        crate::harness::hang(),
        status(400),
        status(403),
        status(404),
        status(405),
        status(500),
        raw(""),
        raw("<html>"),
        json(json!({})),
        json(json!({"error": {"message": "no such path", "code": 10001}})),
    ];
    for answer in answers {
        let bench = listening(opens().closes(1_000));
        bench.world.on(STATUS, answer.clone());
        let end = bench.run().await;
        end.is_done();
        assert_eq!(opened_at(&end).len(), 2, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unauthorized_status_call_ends_the_flow() {
    let bench = listening(opens().closes(1_000));
    bench.world.on(STATUS, status(401));
    bench.run().await.is_row("unauthorized");
}

#[tokio::test(start_paused = true)]
async fn the_socket_ends_with_its_step() {
    let bench = listening(opens());
    bench.world.on(ERROR, json(json!({"next": "mobile/otp"})));
    bench.page.otp_start.then(number(NUMBER));
    bench.page.otp_finish.then(code(CODE).after(60_000));
    bench.world.on("/v1/client/mobile/otp/start", json(json!({}))).on("/v1/client/mobile/otp/finish", done());
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.world.sockets.borrow()[0].dropped.get(), Some(180_000), "when the link's deadline passed");
    assert_eq!((end.at, end.world.sockets.borrow().len()), (240_000, 1));
}
