//! The inspection (`/sandbox/*`) and the demo backend (`/demo/*`).

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use handset_sandbox::Config;
use serde_json::{Value, json};

use crate::support::event_stream::EventStream;
use crate::support::{BEGIN, OTHER_PHONE, PHONE, StartedSession, TEST_USER, TestSandbox, wrong};

async fn send_code(bench: &TestSandbox, started: &StartedSession) {
    bench.page(started, "mobile/otp/start", json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn messages_are_filtered_by_number_and_id() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    send_code(&bench, &started).await;
    bench.page(&started, "mobile/otp/start", json!({"mobileNumber": OTHER_PHONE})).await;
    let all = bench.messages().await;
    assert_eq!(all.len(), 2);
    for to in [OTHER_PHONE, "%2B15005550007", "+15005550007", "15005550007"] {
        let listed = bench.get(&format!("/sandbox/messages?to={to}")).await.json();
        assert_eq!(listed, json!([all[1]]), "{to}");
    }
    bench.page(&started, "mobile/otp/start", json!({"mobileNumber": "+447700900000"})).await;
    for to in ["%2B447700900000", "+447700900000"] {
        let listed = bench.get(&format!("/sandbox/messages?to={to}")).await.json();
        assert_eq!(listed[0]["to"], "+447700900000", "{to}");
    }
    let all = bench.messages().await;
    let since = |message: &Value| format!("/sandbox/messages?since={}", message["id"]);
    assert_eq!(bench.get(&since(&all[0])).await.json(), json!([all[1], all[2]]));
    assert_eq!(bench.get(&since(&all[2])).await.json(), json!([]));
}

#[tokio::test(start_paused = true)]
async fn an_invalid_query_is_refused_at_once() {
    let bench = TestSandbox::new().await;
    let to = "query 'to' must be a phone number (ten digits for the US and Canada, else + and the country code) \
              or an e-mail address";
    let members = "allowed query parameters are 'to', 'since', 'wait', 'project'";
    for (query, message) in [
        ("to=nonsense", to),
        ("to=", to),
        ("to=+1&wait=30", to),
        ("to=@shop.test", to),
        ("to=ada@&wait=30", to),
        ("wait=soon", "query 'wait' must be a whole number: seconds"),
        ("wait=-1", "query 'wait' must be a whole number: seconds"),
        ("since=last", "query 'since' must be a whole number: the id of a message"),
        ("since=1&since=2", "query 'since' appears twice"),
        ("phone=5005550006", members),
        ("To=5005550006", members),
        ("to[]=5005550006", members),
    ] {
        for path in ["/sandbox/messages", "/sandbox/messages/stream"] {
            bench.get(&format!("{path}?{query}")).await.refused(400, 8001, message);
        }
    }
    let none = "allowed query parameters are 'project'";
    for path in ["/sandbox/sessions/x", "/sandbox/sessions/x/stream", "/sandbox/faults", "/sandbox/numbers"] {
        bench.get(&format!("{path}?to=5005550006&project=a")).await.refused(400, 8001, none);
    }
    for path in ["/sandbox/clock", "/sandbox/reset"] {
        bench.post(&format!("{path}?seconds=3"), None, "{}").await.refused(400, 8001, none);
    }
    assert_eq!(bench.get("/sandbox/messages?project=a&wait=0").await.json(), json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_with_the_first_message_or_its_time() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    let begin = tokio::time::Instant::now();
    let poll = bench.get("/sandbox/messages?wait=10");
    let send = async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        send_code(&bench, &started).await;
    };
    let (answer, ()) = tokio::join!(poll, send);
    assert_eq!((answer.json().as_array().unwrap().len(), begin.elapsed().as_secs()), (1, 4));
    for (wait, waited) in [("7", 7), ("1000", 30)] {
        let begin = tokio::time::Instant::now();
        let answer = bench.get(&format!("/sandbox/messages?to=5005550099&wait={wait}")).await;
        assert_eq!((answer.json(), begin.elapsed().as_secs()), (json!([]), waited));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_carries_every_message_and_continues_after_a_reconnect() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    send_code(&bench, &started).await;
    let path = "/sandbox/messages/stream";
    let mut events = EventStream::open(&bench, path, None).await;
    let (first, message) = events.next().await.unwrap();
    assert_eq!(message, bench.messages().await[0]);
    send_code(&bench, &started).await;
    assert_eq!(events.next().await.unwrap().1, bench.messages().await[1]);
    let (_, message) = EventStream::open(&bench, path, Some(&first)).await.next().await.unwrap();
    assert_eq!(message, bench.messages().await[1]);
    bench.state.shut_down().await;
    assert_eq!(events.next().await, None, "and ends with the sandbox");
}

#[tokio::test(start_paused = true)]
async fn the_clock_moves_every_lifetime() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    send_code(&bench, &started).await;
    let answer = bench.post("/sandbox/clock", None, r#"{"advanceSeconds":120}"#).await;
    assert_eq!(answer.json(), json!({"now": BEGIN + 120_000}));
    let reply = bench.page(&started, "mobile/otp/finish", json!({"otp": bench.code().await})).await;
    assert_eq!(reply["error"]["message"], "the code has expired");
    bench.post("/sandbox/clock", None, r#"{"advanceSeconds":3480}"#).await;
    assert_eq!(bench.call("/v3/start", json!({"flowType": "mobile"})).await.status, 401, "access tokens too");
    for body in [r#"{"advanceSeconds":-1}"#, r#"{"advanceSeconds":1.5}"#, r#"{"advanceSeconds":31536001}"#] {
        let answer = bench.post("/sandbox/clock", None, body).await;
        answer.refused(400, 8001, "field 'advanceSeconds' must be a whole number of seconds, 0 to 31536000");
    }
    let answer = bench.post("/sandbox/clock", None, "{}").await;
    answer.refused(400, 8001, "field 'advanceSeconds' is missing");
}

#[tokio::test(start_paused = true)]
async fn reset_deletes_everything_and_moves_the_clock_back() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    send_code(&bench, &started).await;
    let last = bench.messages().await[0]["id"].as_u64().unwrap();
    bench.post("/sandbox/clock", None, r#"{"advanceSeconds":60}"#).await;
    assert_eq!(bench.post("/sandbox/reset", None, "").await.status, 204);
    assert_eq!(bench.messages().await.len(), 0);
    assert_eq!(bench.validate(&started).await.status, 400);
    let started = bench.otp(true).await;
    send_code(&bench, &started).await;
    let message = bench.messages().await[0].clone();
    assert_eq!(message["sentAt"], BEGIN);
    assert!(message["id"].as_u64().unwrap() > last, "so that whoever polls since an id misses nothing");
}

#[tokio::test(start_paused = true)]
async fn a_session_shows_its_state_and_timeline_but_no_secret() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    send_code(&bench, &started).await;
    let code = bench.code().await;
    bench.pass_ms(1000).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": wrong(&code)})).await;
    let answer = bench.get(&format!("/sandbox/sessions/{}", started.correlation_id)).await;
    let session = answer.json();
    assert_eq!((&session["status"], &session["step"]), (&json!("pending"), &json!("mobile/otp")));
    assert_eq!((&session["attemptsLeft"], &session["challengeExpiresAt"]), (&json!(2), &json!(BEGIN + 120_000)));
    let whats: Vec<_> = session["timeline"].as_array().unwrap().iter().map(|moment| &moment["kind"]).collect();
    assert_eq!(whats, ["start", "start", "otp_start", "sms_code", "otp_start", "otp_finish", "otp_finish"]);
    for secret in [PHONE, &code, started.auth_token.expose()] {
        assert!(!answer.text.contains(&format!("\"{secret}\"")));
    }
    let link = bench.link(true).await;
    bench.page(&link, "mobile/instantlink/start", json!({})).await;
    let session = bench.get(&format!("/sandbox/sessions/{}", link.correlation_id)).await;
    assert_eq!(session.json()["links"][0]["status"], "live");
    assert!(!session.text.contains(bench.link_path().await.trim_start_matches("/l/")));
    let unknown = bench.get("/sandbox/sessions/x").await;
    unknown.refused(404, 8008, "field 'correlationId' is unknown, malformed or expired");
}

#[tokio::test(start_paused = true)]
async fn no_website_can_call_the_inspection() {
    let bench = TestSandbox::new().await;
    let gets = [
        "/sandbox/messages",
        "/sandbox/messages/stream",
        "/sandbox/sessions/x",
        "/sandbox/sessions/x/stream",
        "/sandbox/nothing",
    ];
    for path in gets {
        let rebound = Request::get(path).header("host", "evil.test:8787");
        let answer = bench.send(rebound.body(Body::empty()).unwrap()).await;
        let message = "header 'Host' must be a loopback name, that of --origin, or one that is allowed: by --allow-host, \
                       HANDSET_SANDBOX_ALLOW_HOST or allow_hosts in the settings file";
        answer.refused(403, 403, message);
        let answer = bench.get_with(path, &[("origin", "https://evil.test")]).await;
        answer.refused(403, 403, "cross-origin requests are not allowed");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    for path in ["/sandbox/clock", "/sandbox/reset", "/demo/start", "/demo/verify", "/demo/complete"] {
        let foreign = Request::post(path).header("host", "localhost").header("sec-fetch-site", "cross-site");
        let answer = bench.send(foreign.body(Body::empty()).unwrap()).await;
        answer.refused(403, 403, "cross-site requests are not allowed");
        let preflight = Request::options(path).header("host", "localhost").header("origin", "https://evil.test");
        let answer = bench.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (403, ""));
    }
}

#[tokio::test(start_paused = true)]
async fn a_container_calls_by_an_allowed_name() {
    let config = Config {
        listen: "0.0.0.0:8787".parse().unwrap(),
        origin: Some("http://localhost:8787".parse().unwrap()),
        allow_hosts: vec!["sandbox".parse().unwrap()],
        ..Config::default()
    };
    let bench = TestSandbox::with(config).await;
    for path in ["/sandbox/messages", "/metrics"] {
        for host in ["sandbox:8787", "sandbox", "localhost:8787"] {
            let request = Request::get(path).header("host", host);
            assert_eq!(bench.send(request.body(Body::empty()).unwrap()).await.status, 200, "{host}");
        }
        let request = Request::get(path).header("host", "other:8787");
        assert_eq!(bench.send(request.body(Body::empty()).unwrap()).await.status, 403);
    }
}

#[tokio::test(start_paused = true)]
async fn the_demo_backend_runs_a_whole_flow() {
    let bench = TestSandbox::new().await;
    let demo = async |path: &str, body: Value| bench.post(&format!("/demo/{path}"), None, &body.to_string()).await;
    let body = json!({"phoneNumber": TEST_USER, "flowType": "desktop", "allowOTPRetry": true, "smsMessage": "Go ####"});
    let reply = demo("start", body).await.json();
    let members: Vec<_> = reply.as_object().unwrap().keys().collect();
    assert_eq!(members, ["authToken", "correlationId"]);
    let id = reply["correlationId"].as_str().unwrap().to_owned();
    let started =
        StartedSession { auth_token: reply["authToken"].as_str().unwrap().into(), correlation_id: id.clone() };
    assert_eq!(bench.page(&started, "mobile/instantlink/start", json!({})).await, json!({}));
    let opened = bench.get(&bench.link_path().await).await;
    assert!(opened.header("location").starts_with("http://127.0.0.1:8787/linked.html?authId="));
    let verified = demo("verify", json!({"correlationId": id})).await.json();
    assert_eq!((&verified["success"], &verified["phoneNumber"]), (&json!(true), &json!(TEST_USER)));
    let individual = json!({"firstName": "Benny", "lastName": "Harper"});
    let completed = demo("complete", json!({"correlationId": id, "individual": individual})).await.json();
    assert_eq!((&completed["success"], &completed["next"]), (&json!(true), &json!({"done": "done"})));
    demo("verify", json!({"correlationId": id})).await.refused(403, 8003, "step not allowed");
    demo("start", json!({"flowType": "watch"})).await.refused(
        400,
        8001,
        "field 'flowType' must be 'desktop' or 'mobile'",
    );
}

#[tokio::test(start_paused = true)]
async fn the_demo_backend_outlives_its_access_token() {
    let bench = TestSandbox::new().await;
    for _ in 0..3 {
        let answer = bench.post("/demo/start", None, r#"{"flowType":"mobile"}"#).await;
        assert_eq!(answer.status, 200);
        bench.pass_ms(3_600_000).await;
    }
}
