//! The calls of a client's server about journeys.

mod addresses;
mod erasure;
mod facts;
mod generate_auth;
mod inspected;
mod module_codes;
mod outputs;
mod state_reset;

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::Request;
use handset_protocol::Secret;
use serde_json::{Value, json};

use crate::support::{TestResponse, TestSandbox};

pub(crate) const APP: &str = "sandbox-app";
pub(crate) const KEY: &str = "sandbox-app-key";
pub(crate) const TOKEN_PATH: &str = "/v2/auth/token";
pub(crate) const RESET_PATH: &str = "/api/v1/cpr/application/state-reset";
pub(crate) const OUTPUT_PATH: &str = "/v1/output";
/// A phone number, and another one.
pub(crate) const MOBILE: &str = "5005550006";
pub(crate) const OTHER_MOBILE: &str = "5005550007";

/// A POST with those headers. `Host` is that of this machine.
pub(crate) async fn post(bench: &TestSandbox, path: &str, headers: &[(&str, &str)], body: &str) -> TestResponse {
    post_from(bench, "127.0.0.1", path, headers, body).await
}

/// The same from another address.
pub(crate) async fn post_from(
    bench: &TestSandbox,
    address: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> TestResponse {
    let mut request = Request::post(path);
    let given = |name: &str| headers.iter().any(|(given, _)| *given == name);
    for (name, value) in [("host", "localhost:8787"), ("content-type", "application/json")] {
        if !given(name) {
            request = request.header(name, value);
        }
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    bench.send_from(SocketAddr::new(address.parse().unwrap(), 50_000), request).await
}

/// Members of Generate Auth for transaction `t1`, with changes. A null removes a member.
pub(crate) fn auth_body(changes: Value) -> Value {
    let body = json!({"appId": APP, "appKey": KEY, "transactionId": "t1", "workflowId": "onboarding"});
    with(body, changes)
}

pub(crate) fn with(mut body: Value, changes: Value) -> Value {
    let members = body.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    body
}

/// The response of Generate Auth.
pub(crate) async fn generate(bench: &TestSandbox, changes: Value) -> TestResponse {
    post(bench, TOKEN_PATH, &[], &auth_body(changes).to_string()).await
}

/// The token of Generate Auth, as it is given.
pub(crate) async fn token(bench: &TestSandbox, changes: Value) -> Secret {
    result(&generate(bench, changes).await)["authToken"].as_str().unwrap().into()
}

/// The result of a call that succeeds.
#[track_caller]
pub(crate) fn result(answer: &TestResponse) -> Value {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!((&body["statusCode"], &body["status"]), (&json!(200), &json!("success")));
    assert_eq!(body.as_object().unwrap().len(), 3, "{body}");
    body["result"].clone()
}

/// Status, text and code of a failure, which has exactly these members, and those that are added.
#[track_caller]
pub(crate) fn failed(answer: &TestResponse, status: u16, error: &str, code: &str, more: Value) {
    let expected = json!({"statusCode": status, "status": "failure", "error": error, "errorCode": code});
    assert_eq!((answer.status.as_u16(), answer.json()), (status, with(expected, more)));
    assert_eq!(answer.header("content-type"), "application/json");
}

/// A failure of State Reset or of the outputs.
#[track_caller]
pub(crate) fn failed_plainly(answer: &TestResponse, status: u16, error: &str) {
    let expected = json!({"status": "failure", "statusCode": status, "error": error});
    assert_eq!((answer.status.as_u16(), answer.json()), (status, expected));
    assert_eq!(answer.header("content-type"), "application/json");
}

/// The headers of a server's call about a transaction.
pub(crate) fn headers(transaction_id: &str) -> [(&str, &str); 3] {
    [("appid", APP), ("appkey", KEY), ("transactionid", transaction_id)]
}

/// Puts a workflow.
pub(crate) async fn put_workflow(bench: &TestSandbox, workflow: Value) {
    let id = workflow["id"].as_str().unwrap();
    let answer = bench.put(&format!("/sandbox/workflows/{id}"), &workflow).await;
    assert!(answer.status.is_success(), "{}", answer.text);
}

/// The page reads its state.
pub(crate) async fn get_state(bench: &TestSandbox, token: &Secret) -> TestResponse {
    let headers = [("authorization", token.expose())];
    post(bench, "/v2/transaction-state/get", &headers, r#"{"inputs": {}}"#).await
}

/// The page saves modules in a session of its own.
pub(crate) async fn save(bench: &TestSandbox, token: &Secret, modules: Value) -> TestResponse {
    let state = result(&get_state(bench, token).await);
    let body = json!({"revision": state["revision"], "modules": modules}).to_string();
    let session = state["sessionId"].as_str().unwrap();
    let headers = [("authorization", token.expose()), ("x-cpr-session-id", session)];
    post(bench, "/v2/transaction-state/put", &headers, &body).await
}

/// A module that is saved with a variable of its name.
pub(crate) fn saved(module: &str) -> Value {
    json!({module: {"action": "put", "variables": {module: 1}}})
}

/// Moves the clock.
pub(crate) async fn pass(bench: &TestSandbox, seconds: u64) {
    let body = json!({"advanceSeconds": seconds}).to_string();
    assert_eq!(bench.post("/sandbox/clock", None, &body).await.status.as_u16(), 200);
}

/// The claims of a token.
pub(crate) fn claims(token: &Secret) -> Value {
    let token = token.expose().strip_prefix("Bearer ").unwrap();
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}
