//! What all requests of a page have in common: status, bodies, authorization and CORS.

use axum::body::Body;
use axum::http::Request;
use handset_protocol::client::headers;
use serde_json::{Value, json};

use crate::support::TestSandbox;

const POSTS: &[(&str, &str)] = &[
    ("mobile/otp/start", "{}"),
    ("mobile/otp/finish", r#"{"otp":"0000"}"#),
    ("mobile/instantlink/start", r#"{"sourceIp":null,"isMobile":false}"#),
    ("mobile/instant/start", r#"{"cellularIp":null,"implementation":"fetch"}"#),
    ("mobile/instant/finish", r#"{"vfp":"x"}"#),
    ("mobile/otp/error", r#"{"message":"no"}"#),
    ("status", "{}"),
];

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.iter().any(holds_null),
        Value::Object(all) => all.values().any(holds_null),
        _ => false,
    }
}

#[tokio::test(start_paused = true)]
async fn answer_json_with_status_200() {
    let bench = TestSandbox::new().await;
    for started in [bench.otp(true).await, bench.link(true).await] {
        for (path, body) in POSTS {
            let answer = bench.post(&format!("/v1/client/{path}"), Some(&started.auth_token), body).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.json().is_object() && !holds_null(&answer.json()), "{path}: {}", answer.text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn answer_a_bad_token_with_401_and_json() {
    let bench = TestSandbox::new().await;
    let good = bench.otp(false).await.auth_token;
    bench.get("/").await;
    let reset = bench.post("/sandbox/reset", None, "").await;
    assert_eq!(reset.status, 204);
    for token in [None, Some("".into()), Some("garbage".into()), Some("a.b.c".into()), Some(good)] {
        for (path, body) in POSTS {
            let answer = bench.post(&format!("/v1/client/{path}"), token.as_ref(), body).await;
            answer.refused(401, 8002, "no, wrong or expired credentials");
            assert_eq!(answer.header("access-control-allow-origin"), "*", "a page can read it");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pass_the_preflight_of_any_origin() {
    let bench = TestSandbox::new().await;
    let wanted = ["authorization", "accept", "content-type"];
    let own = [headers::VERSION, headers::SIG_VERSION, headers::CHALLENGE, headers::KEY_ID, headers::SIGNATURE];
    let wanted: Vec<String> = wanted.iter().chain(&own).map(|name| name.to_lowercase()).collect();
    for (path, _) in POSTS {
        let request = Request::options(format!("/v1/client/{path}"))
            .header("origin", "https://shop.test")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", wanted.join(","));
        let answer = bench.send(request.body(Body::empty()).unwrap()).await;
        assert!(answer.status.is_success(), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-methods"), "POST");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        let allowed = answer.header("access-control-allow-headers").to_lowercase();
        let allowed: Vec<&str> = allowed.split(',').map(str::trim).collect();
        for name in &wanted {
            assert!(allowed.contains(&name.as_str()), "{name} at {path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pass_the_preflight_of_tracing_headers() {
    let bench = TestSandbox::new().await;
    for names in [
        "traceparent,tracestate,baggage",
        "sentry-trace,baggage",
        "x-datadog-trace-id,x-datadog-parent-id,x-datadog-origin,x-datadog-sampling-priority",
        "newrelic,traceparent,tracestate",
        "b3,x-b3-traceid,uber-trace-id,x-cloud-trace-context,request-id",
        "authorization,content-type,pa-version,whatever-comes-next",
    ] {
        for (path, _) in POSTS {
            let request = Request::options(format!("/v1/client/{path}"))
                .header("origin", "https://shop.test")
                .header("access-control-request-private-network", "true")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", names);
            let answer = bench.send(request.body(Body::empty()).unwrap()).await;
            assert!(answer.status.is_success(), "{path}");
            assert_eq!(answer.header("access-control-allow-headers"), names);
            assert_eq!(answer.header("access-control-allow-private-network"), "true");
        }
    }
    let request = Request::post("/v1/client/status")
        .header("origin", "https://shop.test")
        .header("content-type", "application/json")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("authorization", format!("Bearer {}", bench.otp(false).await.auth_token.expose()));
    assert_eq!(bench.send(request.body("{}".into()).unwrap()).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn let_any_origin_read_the_reply() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let request = Request::post("/v1/client/status")
        .header("origin", "https://shop.test")
        .header("content-type", "application/json; charset=utf-8")
        .header("authorization", format!("bearer {}", started.auth_token.expose()));
    let answer = bench.send(request.body("{}".into()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(answer.header("access-control-expose-headers"), "retry-after");
}

#[tokio::test(start_paused = true)]
async fn refuse_a_malformed_body_by_field() {
    let bench = TestSandbox::new().await;
    let token = bench.otp(false).await.auth_token;
    let long = format!(r#"{{"otp":"{}"}}"#, "0".repeat(16 * 1024));
    let cases = [
        ("mobile/otp/finish", "", "the body is not JSON"),
        ("mobile/otp/finish", "{", "the body is not JSON"),
        ("mobile/otp/finish", "[]", "the body must be a JSON object"),
        ("mobile/otp/finish", "{}", "field 'otp' is missing"),
        ("mobile/otp/finish", r#"{"otp":null}"#, "field 'otp' is missing"),
        ("mobile/otp/finish", r#"{"otp":1234}"#, "field 'otp' must be a string"),
        ("mobile/otp/finish", &long, "the body must be at most 16384 bytes"),
        ("mobile/otp/start", r#"{"mobileNumber":1}"#, "field 'mobileNumber' must be a string"),
        ("mobile/instantlink/start", r#"{"isMobile":"yes"}"#, "field 'isMobile' must be true or false"),
        ("mobile/instant/finish", "{}", "field 'vfp' is missing"),
        ("mobile/otp/error", r#"{"code":"x"}"#, "field 'code' must be a whole number"),
    ];
    for (path, body, message) in cases {
        let answer = bench.post(&format!("/v1/client/{path}"), Some(&token), body).await;
        answer.refused(400, 8001, message);
    }
}

#[tokio::test(start_paused = true)]
async fn ignore_unknown_members() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let reply = bench.page(&started, "mobile/otp/start", json!({"later": [1, {"x": null}]})).await;
    assert_eq!(reply, json!({}));
    let finish = json!({"otp": bench.code().await, "more": 1});
    assert_eq!(bench.page(&started, "mobile/otp/finish", finish).await, json!({"next": "done"}));
}
