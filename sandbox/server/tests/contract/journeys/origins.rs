//! Pages of any origin, methods, the rate limit, and faults.

use axum::body::Body;
use axum::http::Request;
use handset_sandbox::Config;
use serde_json::json;

use super::{CallingPage, GET, HANDOFF, PUT, REDEEM, WITH_TOKEN, sandbox};
use crate::journeys_server::{failed, result};
use crate::support::TestSandbox;

const STATUS: &str = "/v2/handoff/none/status";

#[tokio::test(start_paused = true)]
async fn any_origin_may_call_and_read_the_reply() {
    let bench = sandbox().await;
    for path in WITH_TOKEN.into_iter().chain([REDEEM, STATUS]) {
        let preflight = Request::options(path)
            .header("origin", "https://shop.test")
            .header("access-control-request-method", if path == STATUS { "GET" } else { "POST" })
            .header("access-control-request-headers", "authorization,x-cpr-session-id,traceparent");
        let answer = bench.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-methods"), "GET,POST");
        assert_eq!(answer.header("access-control-allow-headers"), "authorization,x-cpr-session-id,traceparent");
        let request = Request::builder().method(if path == STATUS { "GET" } else { "POST" }).uri(path);
        let request = request.header("origin", "https://shop.test").body(Body::from("{}")).unwrap();
        let answer = bench.send(request).await;
        assert!(answer.status.is_client_error(), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-expose-headers"), "retry-after");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test(start_paused = true)]
async fn another_method_is_refused_with_the_one_of_the_path() {
    let bench = sandbox().await;
    for path in WITH_TOKEN.into_iter().chain([REDEEM, STATUS]) {
        let allowed = if path == STATUS { "GET" } else { "POST" };
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|method| *method != allowed) {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let answer = bench.send(request).await;
            let error = format!("wrong method: this path takes {allowed}");
            failed(&answer, 405, &error, "method_not_allowed", json!({}));
            assert!(answer.header("allow").contains(allowed), "{path}: {}", answer.header("allow"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_rate_limit_is_that_of_the_transaction() {
    let bench = TestSandbox::with(Config { rate_limit: 3, ..Config::default() }).await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    let mut other = CallingPage::new(&bench, json!({"transactionId": "t2"})).await;
    for _ in 0..3 {
        page.get().await;
    }
    let refused = page.call(GET, json!({})).await;
    failed(&refused, 429, "Too many requests", "too_many_requests", json!({"retryAfterSeconds": 1}));
    assert_eq!(refused.header("retry-after"), "1");
    other.get().await;
    bench.pass_ms(1000).await;
    page.get().await;
}

#[tokio::test(start_paused = true)]
async fn a_save_whose_reply_is_lost_is_done() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.get().await;
    bench.faults(json!([{"path": PUT, "kind": "lose_reply", "count": 1}])).await;
    let request = Request::post(PUT).header("content-type", "application/json");
    let body = json!({"revision": 0, "modules": {"phone": {"action": "put"}}}).to_string();
    assert!(bench.try_send(page.request(request, Body::from(body))).await.is_none());
    assert_eq!(page.get().await["revision"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_a_status_has_the_form_of_the_call_and_is_the_tokens_projects() {
    let bench = sandbox().await;
    let project = [("handset-project", "other")];
    let body = crate::journeys_server::auth_body(json!({})).to_string();
    let token = crate::journeys_server::post(&bench, "/v2/auth/token", &project, &body).await;
    let token = result(&token)["authToken"].as_str().unwrap().into();
    let mut other = CallingPage::with(&bench, token);
    let mut page = CallingPage::new(&bench, json!({})).await;
    let faults = json!({"faults": [{"path": "/v2/*", "kind": "status", "status": 503, "retryAfterSeconds": 7}]});
    let request = Request::post("/sandbox/faults?project=other").header("host", "localhost:8787");
    let request = request.header("content-type", "application/json").body(Body::from(faults.to_string())).unwrap();
    assert_eq!(bench.send(request).await.status.as_u16(), 200);
    page.get().await;
    let refused = other.call(GET, json!({"inputs": {}})).await;
    failed(&refused, 503, "injected fault", "injected_fault", json!({"retryAfterSeconds": 7}));
    assert_eq!(refused.header("retry-after"), "7");
    let refused = other.call(HANDOFF, json!({})).await;
    assert_eq!(refused.status.as_u16(), 503);
    let request = Request::delete("/sandbox/faults?project=other").header("host", "localhost:8787");
    bench.send(request.body(Body::empty()).unwrap()).await;
    other.get().await;
}
