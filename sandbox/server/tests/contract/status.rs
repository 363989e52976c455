//! The status socket and the status call: how each one reports the end of a flow.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::ws::Message;
use axum::http::Request;
use futures_util::{Sink, Stream};
use handset_sandbox::status_socket;
use serde_json::{Value, json};

use crate::support::socket::TestSocket;
use crate::support::{BEGIN, StartedSession, TestSandbox, wrong};

async fn link(bench: &TestSandbox, started: &StartedSession) -> String {
    bench.page(started, "mobile/instantlink/start", json!({"isMobile": false})).await;
    bench.link_path().await
}

async fn report(bench: &TestSandbox, started: &StartedSession) {
    bench.page(started, "mobile/instantlink/error", json!({"message": "x"})).await;
}

fn done() -> Value {
    json!({"next": "done"})
}

fn ended(message: &str) -> Value {
    json!({"next": "done", "error": {"code": 10000, "message": message}})
}

fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// Keeps a socket alive as a page does, until it gets the outcome of the flow: the outcome, and its time in ms from now.
async fn told_at(mut socket: TestSocket) -> (Value, u128) {
    let begin = now();
    loop {
        match socket.next().await {
            Some(Message::Ping(payload)) => socket.send(Message::Pong(payload)),
            Some(Message::Text(text)) => return (serde_json::from_str(&text).unwrap(), begin.elapsed().as_millis()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_token_is_refused_at_the_handshake() {
    let bench = TestSandbox::new().await;
    let access = bench.access_token("sandbox").await;
    for query in ["", "?token=", "?token=garbage", "?other=1", &format!("?token={}", access.expose())] {
        let answer = bench.get(&format!("/v1/client/status{query}")).await;
        answer.refused(401, 8002, "no, wrong or expired credentials");
    }
    let started = bench.otp(false).await;
    let header = format!("Bearer {}", started.auth_token.expose());
    let request = Request::get("/v1/client/status").header("authorization", header);
    assert_eq!(bench.send(request.body(Body::empty()).unwrap()).await.status, 401, "a header does not count");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_needed() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let answer = bench.get(&format!("/v1/client/status?token={}", started.auth_token.expose())).await;
    answer.refused(400, 8001, "a WebSocket handshake is needed here");
}

#[tokio::test(start_paused = true)]
async fn ping_is_answered_with_pong() {
    let bench = TestSandbox::new().await;
    let mut socket = TestSocket::open(&bench, &bench.link(true).await);
    for _ in 0..3 {
        socket.send(Message::text("ping"));
        assert_eq!(socket.next().await, Some(Message::text("pong")));
    }
    socket.send(Message::text("something else"));
    assert!(socket.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn the_outcome_is_sent_once_and_the_socket_is_closed() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let mut socket = TestSocket::open(&bench, &started);
    let path = link(&bench, &started).await;
    assert!(socket.is_quiet().await, "no outcome yet");
    bench.get(&path).await;
    assert_eq!(socket.outcome().await, done());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_sent_with_its_error() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let socket = TestSocket::open(&bench, &started);
    bench.page(&started, "mobile/otp/start", json!({})).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": wrong(&bench.code().await)})).await;
    assert_eq!(socket.outcome().await, ended("the code is wrong and no try is left"));
}

#[tokio::test(start_paused = true)]
async fn an_earlier_outcome_is_sent_at_once() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    bench.get(&link(&bench, &started).await).await;
    for _ in 0..2 {
        let begin = now();
        assert_eq!(TestSocket::open(&bench, &started).outcome().await, done());
        assert_eq!(begin.elapsed().as_millis(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn every_socket_of_a_flow_gets_the_outcome() {
    let bench = TestSandbox::new().await;
    let (started, other) = (bench.link(true).await, bench.link(true).await);
    let (first, second) = (TestSocket::open(&bench, &started), TestSocket::open(&bench, &started));
    let mut others = TestSocket::open(&bench, &other);
    report(&bench, &started).await;
    assert_eq!(first.outcome().await, ended("the client reported a failure"));
    assert_eq!(second.outcome().await, ended("the client reported a failure"));
    assert!(others.is_quiet().await, "and no other flow's");
}

#[tokio::test(start_paused = true)]
async fn the_server_pings() {
    let bench = TestSandbox::new().await;
    let mut socket = TestSocket::open(&bench, &bench.link(true).await);
    let begin = now();
    for n in 1..=3 {
        assert_eq!(socket.next().await, Some(Message::Ping(Default::default())));
        assert_eq!(begin.elapsed().as_secs(), 30 * n);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_allowed_for_150_seconds() {
    let bench = TestSandbox::new().await;
    let socket = TestSocket::open(&bench, &bench.link(true).await);
    let begin = now();
    assert_eq!(socket.closed_with().await, 1001);
    assert_eq!(begin.elapsed().as_secs(), 150);

    let mut socket = TestSocket::open(&bench, &bench.link(true).await);
    let begin = now();
    tokio::time::sleep(std::time::Duration::from_secs(149)).await;
    socket.send(Message::text("ping"));
    assert_eq!(socket.next_but_pings().await, Some(Message::text("pong")));
    assert_eq!(socket.closed_with().await, 1001);
    assert_eq!(begin.elapsed().as_secs(), 149 + 150, "any message counts");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_socket_gets_the_expiry_ten_seconds_late() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let mut socket = TestSocket::open(&bench, &started);
    assert!(socket.is_quiet().await, "it waits before there is a link");
    link(&bench, &started).await;
    assert_eq!(told_at(socket).await, (ended("the link has expired"), 190_000));
    assert!(!bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn a_resend_moves_the_deadline_of_a_waiting_socket() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let socket = tokio::spawn(told_at(TestSocket::open(&bench, &started)));
    link(&bench, &started).await;
    tokio::time::sleep(std::time::Duration::from_secs(100)).await;
    link(&bench, &started).await;
    assert_eq!(socket.await.unwrap(), (ended("the link has expired"), 290_000));
}

#[tokio::test(start_paused = true)]
async fn the_session_ends_a_waiting_socket() {
    let bench = TestSandbox::new().await;
    let sessions = [bench.otp(true).await, bench.link(true).await];
    let sockets = sessions.map(|started| tokio::spawn(told_at(TestSocket::open(&bench, &started))));
    for socket in sockets {
        assert_eq!(socket.await.unwrap(), (ended("the session has expired"), 910_000));
    }
}

#[tokio::test(start_paused = true)]
async fn advancing_the_clock_wakes_a_waiting_socket() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let mut socket = TestSocket::open(&bench, &started);
    link(&bench, &started).await;
    for seconds in [180, 9] {
        bench.post("/sandbox/clock", None, &json!({"advanceSeconds": seconds}).to_string()).await;
        assert!(socket.is_quiet().await);
    }
    let begin = now();
    bench.post("/sandbox/clock", None, r#"{"advanceSeconds":1}"#).await;
    assert_eq!(socket.outcome().await, ended("the link has expired"));
    assert_eq!(begin.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn reset_closes_a_waiting_socket() {
    let bench = TestSandbox::new().await;
    let mut socket = TestSocket::open(&bench, &bench.link(true).await);
    assert!(socket.is_quiet().await);
    bench.post("/sandbox/reset", None, "").await;
    assert_eq!(socket.closed_with().await, 1001);
}

#[tokio::test(start_paused = true)]
async fn binary_frames_are_refused() {
    let bench = TestSandbox::new().await;
    let socket = TestSocket::open(&bench, &bench.link(true).await);
    socket.send(Message::binary("ping"));
    assert_eq!(socket.closed_with().await, 1003);
}

/// Pings without end from a page that reads nothing: their answers are never flushed.
#[derive(Default)]
struct UnreadPage {
    pings: usize,
}

impl Stream for UnreadPage {
    type Item = Result<Message, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pings += 1;
        assert_eq!(self.pings, 1, "it is read on");
        Poll::Ready(Some(Ok(Message::Ping("x".into()))))
    }
}

impl Sink<Message> for UnreadPage {
    type Error = ();

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, _: Message) -> Result<(), ()> {
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        if self.pings == 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_stops_reading_from_a_page_that_does_not_read() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let (state, token) = (bench.state.clone(), started.auth_token.clone());
    let served = tokio::spawn(async move { status_socket(&state, &token, UnreadPage::default()).await });
    bench.pass_ms(10_000).await;
    assert!(!served.is_finished());
    bench.faults(json!([{"path": "/v1/client/status", "kind": "drop"}])).await;
    assert_eq!(served.await.unwrap(), Ok(()));
    let told = bench.timeline_lines(&started, 0).await;
    assert_eq!(told.last().unwrap(), "backend>client socket_closed dropped !drop");
}

#[tokio::test(start_paused = true)]
async fn the_status_call_says_pending() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let asked = bench.page_with_times(&started, "status", json!({})).await;
    assert_eq!(asked, json!({"next": "", "serverTime": BEGIN}));
    link(&bench, &started).await;
    bench.pass_ms(185_000).await;
    let asked = bench.page_with_times(&started, "status", json!({})).await;
    assert_eq!(asked, json!({"next": "", "serverTime": BEGIN + 185_000, "expiresAt": BEGIN + 180_000}));
}

#[tokio::test(start_paused = true)]
async fn the_status_call_says_done() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    bench.get(&link(&bench, &started).await).await;
    assert_eq!(bench.page(&started, "status", json!({})).await, done());
}

#[tokio::test(start_paused = true)]
async fn the_status_call_says_failed() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    report(&bench, &started).await;
    assert_eq!(bench.page(&started, "status", json!({})).await, ended("the client reported a failure"));
}

#[tokio::test(start_paused = true)]
async fn the_status_call_with_a_bad_token_is_401() {
    let bench = TestSandbox::new().await;
    for token in [None, Some("garbage".into())] {
        let answer = bench.post("/v1/client/status", token.as_ref(), "{}").await;
        answer.refused(401, 8002, "no, wrong or expired credentials");
    }
}
