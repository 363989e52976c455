//! `/sandbox/faults`: faults of requests and sockets on purpose. Real connections are in the process tests.

use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::Message;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::socket::TestSocket;
use crate::support::{StartedSession, TestSandbox};

const STATUS: &str = "/v1/client/status";

async fn asked(bench: &TestSandbox, started: &StartedSession) -> Option<u16> {
    bench.try_page(started, "status", json!({})).await.map(|answer| answer.status.as_u16())
}

#[tokio::test(start_paused = true)]
async fn are_listed_with_their_remaining_count() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench.faults(json!([{"path": "/elsewhere", "kind": "drop"}])).await;
    let listed = bench
        .faults(json!([
            {"path": STATUS, "kind": "status", "status": 429, "retryAfterSeconds": 7, "count": 2, "method": "POST"},
            {"path": "/v1/client/*", "kind": "delay", "delayMs": 5},
        ]))
        .await;
    let mut expected = json!([
        {
            "path": STATUS, "kind": "status", "status": 429, "retryAfterSeconds": 7, "count": 2, "method": "POST",
            "remaining": 2, "hits": 0,
        },
        {"path": "/v1/client/*", "kind": "delay", "delayMs": 5, "hits": 0},
    ]);
    assert_eq!(listed, expected);
    for status in [429, 429, 200, 200] {
        assert_eq!(asked(&bench, &started).await, Some(status));
    }
    (expected[0]["remaining"], expected[0]["hits"], expected[1]["hits"]) = (json!(0), json!(2), json!(2));
    let list = async || bench.get("/sandbox/faults").await.json()["faults"].clone();
    assert_eq!(list().await, expected);
    let delete = Request::delete("/sandbox/faults").header("host", "localhost").body(Body::empty()).unwrap();
    assert_eq!(bench.send(delete).await.status, 204);
    assert_eq!(list().await, json!([]));
    bench.faults(json!([{"path": STATUS, "kind": "drop"}])).await;
    bench.post("/sandbox/reset", None, "").await;
    assert_eq!(list().await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn are_refused_by_field() {
    let bench = TestSandbox::new().await;
    let path = "a path, or its beginning and *, of at most 200 characters, not of /sandbox";
    let (ms, status) = ("a whole number of milliseconds, 1 to 600000", "an HTTP status, 400 to 599");
    let shapes = [
        (json!({"path": 1, "kind": "drop"}), "path", path),
        (json!({"path": "", "kind": "drop"}), "path", path),
        (json!({"path": "v1", "kind": "drop"}), "path", path),
        (json!({"path": "/v1*x", "kind": "drop"}), "path", path),
        (json!({"path": "/sandbox/messages", "kind": "drop"}), "path", path),
        (json!({"path": format!("/{}", "x".repeat(200)), "kind": "drop"}), "path", path),
        (json!({"path": "/", "kind": "explode"}), "kind", "delay, status, drop, refuse, silence or lose_reply"),
        (json!({"path": "/", "kind": "delay", "delayMs": 0}), "delayMs", ms),
        (json!({"path": "/", "kind": "delay", "delayMs": 600_001}), "delayMs", ms),
        (json!({"path": "/", "kind": "delay", "delayMs": "1"}), "delayMs", ms),
        (json!({"path": "/", "kind": "status", "status": 200}), "status", status),
        (json!({"path": "/", "kind": "status", "status": 600}), "status", status),
        (json!({"path": "/", "kind": "drop", "count": 0}), "count", "a whole number, at least 1"),
        (json!({"path": "/", "kind": "drop", "count": 1.5}), "count", "a whole number, at least 1"),
        (json!({"path": "/", "kind": "drop", "method": "OPTIONS"}), "method", "GET or POST"),
    ];
    let shapes = shapes.map(|(fault, field, shape)| (fault, format!("field 'faults[1].{field}' must be {shape}")));
    let others = [
        (json!({"kind": "drop"}), "field 'faults[1].path' is missing"),
        (json!({"path": "/"}), "field 'faults[1].kind' is missing"),
        (json!({"path": "/", "kind": "delay"}), "field 'faults[1].delayMs' is missing"),
        (json!({"path": "/", "kind": "status"}), "field 'faults[1].status' is missing"),
        (json!({"path": "/", "kind": "drop", "delayMs": 1}), "field 'faults[1].delayMs' goes with kind 'delay' only"),
        (json!({"path": "/", "kind": "drop", "status": 500}), "field 'faults[1].status' goes with kind 'status' only"),
        (
            json!({"path": "/", "kind": "drop", "retryAfterSeconds": 1}),
            "field 'faults[1].retryAfterSeconds' goes with kind 'status' only",
        ),
        (json!({"path": "/", "kind": "drop", "times": 1}), "field 'faults[1].times' is unknown"),
        (json!("drop"), "field 'faults[1]' must be an object"),
    ];
    bench.faults(json!([{"path": "/kept", "kind": "drop"}])).await;
    for (fault, message) in shapes.into_iter().chain(others.map(|(fault, message)| (fault, message.to_owned()))) {
        let body = json!({"faults": [{"path": "/", "kind": "drop"}, fault]}).to_string();
        bench.post("/sandbox/faults", None, &body).await.refused(400, 8001, &message);
    }
    let many = json!({"faults": vec![json!({"path": "/", "kind": "drop"}); 51]});
    for body in [json!({"faults": {}}), json!({"faults": "x"}), many] {
        let answer = bench.post("/sandbox/faults", None, &body.to_string()).await;
        answer.refused(400, 8001, "field 'faults' must be a list of at most 50 objects");
    }
    bench.post("/sandbox/faults", None, "{}").await.refused(400, 8001, "field 'faults' is missing");
    assert_eq!(bench.get("/sandbox/faults").await.json()["faults"][0]["path"], "/kept", "nothing was replaced");
}

#[tokio::test(start_paused = true)]
async fn delay_serves_late() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench.faults(json!([{"path": "/v1/client/mobile/otp/start", "kind": "delay", "delayMs": 2500}])).await;
    let begin = tokio::time::Instant::now();
    let (reply, ()) = tokio::join!(bench.page(&started, "mobile/otp/start", json!({})), async {
        tokio::time::sleep(Duration::from_millis(2499)).await;
        assert_eq!(bench.messages().await.len(), 0);
    });
    assert_eq!((reply, begin.elapsed().as_millis(), bench.messages().await.len()), (json!({}), 2500, 1));
}

#[tokio::test(start_paused = true)]
async fn status_answers_without_acting() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    for (status, code, message) in [
        (401, 8002, "no, wrong or expired credentials"),
        (418, 418, "injected fault"),
        (500, 8000, "internal error"),
        (503, 503, "injected fault"),
    ] {
        let fault = json!({"path": "/v1/client/*", "kind": "status", "status": status, "retryAfterSeconds": 3});
        bench.faults(json!([fault])).await;
        let answer = bench.try_page(&started, "mobile/otp/start", json!({})).await.unwrap();
        answer.refused(status, code, message);
        assert_eq!((answer.header("retry-after"), answer.header("access-control-allow-origin")), ("3", "*"));
    }
    assert_eq!(bench.messages().await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn drop_breaks_the_connection_without_acting() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    for kind in ["drop", "refuse"] {
        bench.faults(json!([{"path": "/v1/client/mobile/otp/start", "kind": kind, "count": 1}])).await;
        assert!(bench.try_page(&started, "mobile/otp/start", json!({})).await.is_none(), "{kind}");
        assert_eq!(bench.messages().await.len(), 0, "{kind}");
    }
    bench.page(&started, "mobile/otp/start", json!({})).await;
    assert_eq!(bench.messages().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lose_reply_acts_and_breaks_the_connection() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    bench.faults(json!([{"path": "/v1/client/mobile/otp/*", "kind": "lose_reply"}])).await;
    assert!(bench.try_page(&started, "mobile/otp/start", json!({})).await.is_none());
    let code = bench.code().await;
    assert!(bench.try_page(&started, "mobile/otp/finish", json!({"otp": code})).await.is_none());
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": "done"}));
    assert!(bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn silence_leaves_a_request_open() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench.faults(json!([{"path": STATUS, "kind": "silence"}])).await;
    let begin = tokio::time::Instant::now();
    assert_eq!(asked(&bench, &started).await, None);
    assert_eq!(begin.elapsed().as_secs(), 600);
    let (answer, ()) = tokio::join!(asked(&bench, &started), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        bench.state.shut_down().await;
    });
    assert_eq!((answer, begin.elapsed().as_secs()), (None, 605));
}

#[tokio::test(start_paused = true)]
async fn are_limited_by_path_method_and_count() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench
        .faults(json!([
            {"path": "/v1/client/statu", "kind": "status", "status": 400},
            {"path": STATUS, "kind": "status", "status": 501, "method": "GET"},
            {"path": "/v1/client/s*", "kind": "status", "status": 502, "count": 1},
            {"path": STATUS, "kind": "status", "status": 503, "count": 2, "method": "POST"},
        ]))
        .await;
    for status in [502, 503, 503, 200] {
        assert_eq!(asked(&bench, &started).await, Some(status));
    }
    let handshake = format!("{STATUS}?token={}", started.auth_token.expose());
    assert_eq!(bench.get(&handshake).await.status, 501);
    assert_eq!(bench.page(&started, "mobile/otp/start", json!({})).await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn never_hit_the_inspection_or_a_preflight() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench.faults(json!([{"path": "/*", "kind": "status", "status": 500}])).await;
    for path in ["/sandbox/messages", "/sandbox/faults", &format!("/sandbox/sessions/{}", started.correlation_id)] {
        assert_eq!(bench.get(path).await.status, 200, "{path}");
    }
    let preflight = Request::options(STATUS)
        .header("origin", "https://shop.test")
        .header("access-control-request-method", "POST")
        .body(Body::empty());
    assert_eq!(bench.send(preflight.unwrap()).await.status, 200);
    assert_eq!(bench.get("/sandbox/faults").await.json()["faults"][0]["hits"], 0);
    assert_eq!(bench.get("/").await.status, 500, "but the page itself");
}

#[tokio::test(start_paused = true)]
async fn hit_the_servers_calls_and_the_phones_link_too() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    bench.page(&started, "mobile/instantlink/start", json!({})).await;
    bench
        .faults(json!([
            {"path": "/v3/validate", "kind": "lose_reply", "count": 1},
            {"path": "/v3/start", "kind": "drop", "count": 1},
            {"path": "/l/*", "kind": "lose_reply", "count": 1},
        ]))
        .await;
    assert_eq!(bench.post("/demo/start", None, r#"{"flowType":"mobile"}"#).await.status, 502);
    assert_eq!(bench.post("/demo/start", None, r#"{"flowType":"mobile"}"#).await.status, 200);
    let link = Request::get(bench.link_path().await).body(Body::empty()).unwrap();
    assert!(bench.try_send(link).await.is_none());
    let id = json!({"correlationId": started.correlation_id}).to_string();
    assert_eq!(bench.post("/demo/verify", None, &id).await.status, 502);
    assert_eq!(
        bench.timeline_lines(&started, 5).await,
        ["phone>backend link_opened", "backend>phone link_opened passed !lose_reply"],
        "another credential's call is none of this session's",
    );
    bench.faults(json!([{"path": "/v3/validate", "kind": "lose_reply", "count": 1}])).await;
    let validate = json!({"correlationId": started.correlation_id}).to_string();
    let token = bench.access_token("sandbox").await;
    assert!(bench.try_post("/v3/validate", Some(&token), &validate).await.is_none());
    assert_eq!(bench.timeline_lines(&started, 8).await, ["backend>server validate passed !lose_reply"]);
}

async fn sockets(bench: &TestSandbox, started: &StartedSession) -> Vec<TestSocket> {
    let mut sockets: Vec<_> = (0..3).map(|_| TestSocket::open(bench, started)).collect();
    for socket in &mut sockets {
        assert!(socket.is_quiet().await);
    }
    sockets
}

/// How many of these sockets the server has let go of.
async fn gone(sockets: &mut [TestSocket]) -> usize {
    let mut gone = 0;
    for socket in sockets {
        assert!(socket.is_quiet().await);
        gone += usize::from(socket.is_over());
    }
    gone
}

#[tokio::test(start_paused = true)]
async fn drop_ends_a_waiting_socket_without_a_close() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let mut sockets = sockets(&bench, &started).await;
    bench.faults(json!([{"path": STATUS, "kind": "drop", "count": 2}])).await;
    assert_eq!(gone(&mut sockets).await, 2);
    bench.faults(json!([{"path": "/v1/*", "kind": "drop"}])).await;
    assert_eq!(gone(&mut sockets).await, 3);
    for socket in &mut sockets {
        assert_eq!(socket.next().await, None, "not even a close");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_keeps_a_waiting_socket_open() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let mut sockets = sockets(&bench, &started).await;
    bench.faults(json!([{"path": STATUS, "kind": "silence", "method": "GET"}])).await;
    assert_eq!(gone(&mut sockets).await, 0);
    bench.faults(json!([])).await;
    for socket in &sockets {
        socket.send(Message::text("ping"));
    }
    bench.page(&started, "mobile/instantlink/start", json!({})).await;
    bench.get(&bench.link_path().await).await;
    assert_eq!(gone(&mut sockets).await, 0, "neither pong nor done, and open");
    TestSocket::open(&bench, &started).outcome().await;
    bench.pass_ms(599_000).await;
    assert_eq!(gone(&mut sockets).await, 0);
    bench.pass_ms(1_000).await;
    assert_eq!(gone(&mut sockets).await, 3, "ten minutes at most");

    let started = bench.link(true).await;
    let mut socket = TestSocket::open(&bench, &started);
    assert!(socket.is_quiet().await);
    bench.faults(json!([{"path": STATUS, "kind": "silence"}])).await;
    assert!(socket.is_quiet().await);
    bench.post("/sandbox/reset", None, "").await;
    assert_eq!(socket.next().await, None, "its session is forgotten");
}

#[tokio::test(start_paused = true)]
async fn leave_waiting_sockets_alone_otherwise() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    let mut sockets = sockets(&bench, &started).await;
    let listed = bench
        .faults(json!([
            {"path": STATUS, "kind": "refuse"},
            {"path": STATUS, "kind": "lose_reply"},
            {"path": STATUS, "kind": "delay", "delayMs": 1},
            {"path": STATUS, "kind": "status", "status": 500},
            {"path": STATUS, "kind": "drop", "method": "POST"},
            {"path": "/v1/client/mobile/*", "kind": "silence"},
        ]))
        .await;
    assert_eq!(gone(&mut sockets).await, 0);
    assert_eq!(bench.get("/sandbox/faults").await.json()["faults"], listed, "none was hit");
    for mut socket in sockets {
        socket.send(Message::text("ping"));
        assert_eq!(socket.next_but_pings().await, Some(Message::text("pong")));
    }
}

#[tokio::test(start_paused = true)]
async fn stand_on_the_timeline() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    let path = "/v1/client/mobile/otp/start";
    let seen = async |fault: Value| {
        let before = bench.timeline_lines(&started, 0).await.len();
        bench.faults(json!([fault])).await;
        bench.try_page(&started, "mobile/otp/start", json!({})).await;
        bench.timeline_lines(&started, before).await
    };
    let asked = |fault: &str| format!("client>backend otp_start{fault}");
    let answered = |text: &str| format!("backend>client otp_start {text}");
    let sms = || "backend>phone sms_code".to_owned();
    let lines = seen(json!({"path": path, "kind": "delay", "delayMs": 1000})).await;
    assert_eq!(lines, [asked(" !delay"), sms(), answered("accepted")]);
    let lines = seen(json!({"path": path, "kind": "status", "status": 503})).await;
    assert_eq!(lines, [asked(""), answered("refused !status")]);
    for kind in ["drop", "refuse", "silence"] {
        assert_eq!(seen(json!({"path": path, "kind": kind})).await, [asked(&format!(" !{kind}"))]);
    }
    let lines = seen(json!({"path": path, "kind": "lose_reply"})).await;
    assert_eq!(lines, [asked(""), sms(), answered("accepted !lose_reply")]);

    let started = bench.link(true).await;
    let sockets = sockets(&bench, &started).await;
    let fault = |kind: &str| json!({"path": STATUS, "kind": kind, "count": 1});
    bench.faults(json!([fault("drop"), fault("silence")])).await;
    let mut sockets = sockets;
    assert_eq!(gone(&mut sockets).await, 1);
    let lines = bench.timeline_lines(&started, 8).await;
    assert_eq!(lines, ["backend>client socket_closed dropped !drop", "backend>client socket_silent !silence"]);
}
