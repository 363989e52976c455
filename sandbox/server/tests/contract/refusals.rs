//! Refusals of the server API: each has its code and its HTTP status.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use handset_sandbox::{AppState, Config, SystemClock, SystemRandom};
use serde_json::json;

use crate::openapi::routed;
use crate::support::TestSandbox;
use crate::support::broken_store::BrokenStore;

/// Every call that needs a body.
const CALLS: [&str; 12] = [
    "/v3/start",
    "/v3/validate",
    "/v3/challenge",
    "/v3/complete",
    "/v3/verify",
    "/v3/verify-status",
    "/v3/unify",
    "/v3/unify-status",
    "/v3/unify-bind",
    "/v3/device/revoke",
    "/v3/identity",
    "/v3/identity/batch",
];

#[tokio::test(start_paused = true)]
async fn internal_errors_are_8000() {
    let random = Arc::new(SystemRandom::new().unwrap());
    let state = AppState::with_store(Config::default(), Arc::new(SystemClock), random, BrokenStore::store());
    let bench = TestSandbox::on(state).await;
    bench.call("/v3/start", json!({"flowType": "mobile"})).await.refused(500, 8000, "internal error");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_json_is_8001() {
    let bench = TestSandbox::new().await;
    let token = bench.access_token("sandbox").await;
    for path in CALLS {
        for body in ["", "flowType=mobile", "{\"flowType\":", "{} {}", "\u{feff}", "\u{feff}\u{feff}{}"] {
            bench.post(path, Some(&token), body).await.refused(400, 8001, "the body is not JSON");
        }
        for body in ["[]", "null", "\"x\""] {
            bench.post(path, Some(&token), body).await.refused(400, 8001, "the body must be a JSON object");
        }
        bench.pass_ms(1000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_over_4_kb_is_8001() {
    let bench = TestSandbox::new().await;
    let token = bench.access_token("sandbox").await;
    let body = |bytes: usize| format!("{:<bytes$}", r#"{"flowType":"mobile"}"#);
    assert_eq!(bench.post("/v3/start", Some(&token), &body(4096)).await.status, 200);
    for path in CALLS.into_iter().filter(|path| *path != "/v3/identity/batch") {
        let answer = bench.post(path, Some(&token), &body(4097)).await;
        answer.refused(400, 8001, "the body must be at most 4096 bytes");
    }
    let answer = bench.post("/v3/identity/batch", Some(&token), &body(32_769)).await;
    answer.refused(400, 8001, "the body must be at most 32768 bytes");
    let answer = bench.post("/v3/identity/0/activate", Some(&token), &body(4097)).await;
    answer.refused(400, 8001, "the body must be at most 4096 bytes");
    bench.token(&body(4097)).await.token_refused(400, 8001, "invalid_request", "the body must be at most 4096 bytes");
}

#[tokio::test(start_paused = true)]
async fn a_body_of_another_type_is_8001() {
    let bench = TestSandbox::new().await;
    let token = bench.access_token("sandbox").await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let request = Request::post("/v3/start")
            .header("content-type", content_type)
            .header("authorization", format!("Bearer {}", token.expose()));
        let answer = bench.send(request.body(r#"{"flowType":"mobile"}"#.into()).unwrap()).await;
        answer.refused(400, 8001, "header 'Content-Type' must be application/json");
    }
}

#[tokio::test(start_paused = true)]
async fn no_or_wrong_credentials_are_8002() {
    let bench = TestSandbox::new().await;
    for path in CALLS.into_iter().chain(["/v3/identity/0/activate", "/v3/identity/0/deactivate"]) {
        for token in [None, Some("".into()), Some("garbage".into())] {
            // Credentials come before the body.
            let answer = bench.post(path, token.as_ref(), "not JSON").await;
            answer.refused(401, 8002, "no, wrong or expired credentials");
        }
    }
    let others = [
        (Method::GET, "/v3/identity?limit=x"),
        (Method::GET, "/v3/identity/0"),
        (Method::DELETE, "/v3/identity/0"),
        (Method::GET, "/v3/identity/0/lookup"),
    ];
    for (method, path) in others {
        with_method(&bench, method, path).await.refused(401, 8002, "no, wrong or expired credentials");
    }
}

async fn with_method(bench: &TestSandbox, method: Method, path: &str) -> crate::support::TestResponse {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    bench.send(request.body(Body::empty()).unwrap()).await
}

fn sorted(methods: &str) -> Vec<&str> {
    let mut methods: Vec<_> = methods.split(',').collect();
    methods.sort_unstable();
    methods
}

#[tokio::test(start_paused = true)]
async fn a_wrong_method_is_8003() {
    let bench = TestSandbox::new().await;
    for path in CALLS.into_iter().chain(["/token", "/v3/identity/0/activate", "/v3/identity/0/deactivate"]) {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            if path == "/v3/identity" && method == Method::GET {
                continue;
            }
            let (named, allowed) =
                if path == "/v3/identity" { ("GET or POST", "GET,HEAD,POST") } else { ("POST", "POST") };
            let answer = with_method(&bench, method, path).await;
            answer.refused(405, 8003, &format!("step not allowed: this path takes {named}"));
            assert_eq!(sorted(answer.header("allow")), sorted(allowed), "{path}");
        }
    }
    for (path, named) in [("/v3/identity/0", "GET or DELETE"), ("/v3/identity/0/lookup", "GET")] {
        for method in [Method::POST, Method::PUT] {
            let answer = with_method(&bench, method, path).await;
            answer.refused(405, 8003, &format!("step not allowed: this path takes {named}"));
            let mut named: Vec<_> = named.split(" or ").chain(["HEAD"]).collect();
            named.sort_unstable();
            assert_eq!(sorted(answer.header("allow")), named, "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_path_is_404() {
    let bench = TestSandbox::new().await;
    for path in ["/v3/nothing", "/v1/client/nothing", "/sandbox/nothing", "/demo/nothing", "/nothing.js", "/l"] {
        bench.get(path).await.refused(404, 404, "no such path");
    }
    let folder = tempfile::tempdir().unwrap();
    let of_folder = TestSandbox::with(Config { www: Some(folder.path().to_owned()), ..Config::default() }).await;
    for path in ["/v3/nothing", "/v3/start/later", "/v3/identity/0/nothing", "/v3/", "/v3", "/v2/start", "/nothing.js"]
    {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            for bench in [&bench, &of_folder] {
                with_method(bench, method.clone(), path).await.refused(404, 404, "no such path");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_method_elsewhere_is_405() {
    let bench = TestSandbox::new().await;
    for (path, named, allowed) in [
        ("/v1/client/mobile/otp/start", "POST", "POST"),
        ("/v1/client/status", "GET or POST", "GET,HEAD,POST"),
        ("/sandbox/messages", "GET", "GET,HEAD"),
        ("/sandbox/clock", "POST", "POST"),
        ("/demo/start", "POST", "POST"),
        ("/l/x", "GET or POST", "GET,HEAD,POST"),
        ("/metrics", "GET", "GET,HEAD"),
        ("/openapi.json", "GET", "GET,HEAD"),
        ("/sandbox/reset", "POST", "POST"),
        ("/sandbox/faults", "GET, POST or DELETE", "GET,HEAD,POST,DELETE"),
        ("/sandbox/sessions/x", "GET", "GET,HEAD"),
        ("/sandbox/webhook/events", "POST", "POST"),
        ("/sandbox/webhook/deliveries", "GET", "GET,HEAD"),
        ("/index.html", "GET", "GET,HEAD"),
        ("/", "GET", "GET,HEAD"),
    ] {
        let answer = with_method(&bench, Method::PUT, path).await;
        answer.refused(405, 405, &format!("wrong method: this path takes {named}"));
        assert_eq!(sorted(answer.header("allow")), sorted(allowed), "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<!doctype html>").unwrap();
    let bench = TestSandbox::with(Config { www: Some(folder.path().to_owned()), ..Config::default() }).await;
    for path in ["/index.html", "/"] {
        with_method(&bench, Method::POST, path).await.refused(405, 405, "wrong method: this path takes GET");
        assert_eq!(bench.get(path).await.text, "<!doctype html>");
    }
}

#[tokio::test(start_paused = true)]
async fn the_allowed_methods_in_a_refusal_are_the_routers_on_every_path() {
    let bench = TestSandbox::new().await;
    let app = format!("{:?}", bench.app);
    let mut held = 0;
    // Those of a wildcard take any method.
    for path in routed(&app).into_iter().filter(|path| !path.contains('*')) {
        let answer = with_method(&bench, Method::PATCH, &path.replace(['{', '}'], "")).await;
        // Where a part of the router begins, nothing need be.
        if answer.status == 404 {
            continue;
        }
        assert_eq!(answer.status, 405, "{path}");
        let reply = answer.json();
        // Journeys have error replies of their own.
        let message = reply["message"].as_str().or(reply["error"].as_str()).unwrap().to_owned();
        let told = message.split_once("this path takes ").unwrap().1;
        let mut named: Vec<_> = told.split([' ', ',']).filter(|name| !["", "or"].contains(name)).collect();
        named.sort_unstable();
        let mut allowed = sorted(answer.header("allow"));
        allowed.retain(|method| *method != "HEAD");
        assert_eq!(named, allowed, "{path}");
        held += 1;
    }
    assert!(held > 40, "{held}");
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_429_with_retry_after() {
    let bench = TestSandbox::new().await;
    let body = json!({"flowType": "mobile"});
    // The token itself was the first.
    for _ in 1..25 {
        assert_eq!(bench.call("/v3/start", body.clone()).await.status, 200);
    }
    let answer = bench.call("/v3/start", body.clone()).await;
    answer.refused(429, 429, "too many requests");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(bench.call_as("sandbox-identity", "/v3/start", body.clone()).await.status, 200, "each has its own");
    bench.pass_ms(1000).await;
    assert_eq!(bench.call("/v3/start", body).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_a_setting() {
    let body = json!({"flowType": "mobile"});
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    for _ in 0..100 {
        assert_eq!(bench.call("/v3/start", body.clone()).await.status, 200);
    }
    let bench = TestSandbox::with(Config { rate_limit: 2, ..Config::default() }).await;
    assert_eq!(bench.call("/v3/start", body.clone()).await.status, 200);
    assert_eq!(bench.call("/v3/start", body).await.status, 429);
}
