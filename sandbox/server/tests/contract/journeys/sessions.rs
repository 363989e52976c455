//! One session at a time, and who may call at all.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::{CHECK, CallingPage, GET, HANDOFF, PUT, WITH_TOKEN, asked, sandbox};
use crate::journeys_server::{failed, pass, put_workflow, result, token, with};

const SUPERSEDED: &str = "Another session has taken over";

#[tokio::test(start_paused = true)]
async fn the_newest_session_is_the_only_one() {
    let bench = sandbox().await;
    let mut first = CallingPage::new(&bench, json!({})).await;
    first.save(&["phone"]).await;
    assert_eq!(result(&first.call(CHECK, json!({})).await), json!({}));
    let mut second = CallingPage::with(&bench, first.token.clone());
    let reply = second.get().await;
    assert_eq!(reply["state"]["modules"]["phone"]["variables"], json!({"phone": 1}));
    assert_ne!(first.session, second.session);
    failed(&first.call(CHECK, json!({})).await, 403, SUPERSEDED, "session_superseded", json!({}));
    let saved = first.put(1, json!({"document": {"action": "put"}})).await;
    failed(&saved, 409, SUPERSEDED, "session_superseded", json!({}));
    failed(&first.call(HANDOFF, json!({})).await, 409, SUPERSEDED, "session_superseded", json!({}));
    assert_eq!(result(&first.call(GET, json!({"inputs": {}})).await), json!({"superseded": true}));
    assert_eq!(result(&second.call(CHECK, json!({})).await), json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_page_takes_over_when_its_user_says_so() {
    let bench = sandbox().await;
    let mut first = CallingPage::new(&bench, json!({})).await;
    first.get().await;
    let mut second = CallingPage::with(&bench, first.token.clone());
    second.get().await;
    let before = first.session.clone();
    let reply = first.get_with(json!({"inputs": {}, "takeOver": true})).await;
    assert_eq!((&reply["revision"], first.session == before), (&json!(0), false));
    assert_eq!(result(&first.call(CHECK, json!({})).await), json!({}));
    assert_eq!(result(&second.call(GET, json!({"inputs": {}})).await), json!({"superseded": true}));
}

#[tokio::test(start_paused = true)]
async fn sessions_live_side_by_side_where_the_workflow_allows_it() {
    let bench = sandbox().await;
    let modules = json!([{"id": "phone"}, {"id": "form"}]);
    put_workflow(&bench, json!({"id": "parallel", "workflowVersion": "1.0.0", "modules": modules})).await;
    let mut first = CallingPage::new(&bench, json!({"workflowId": "parallel"})).await;
    first.get().await;
    let mut second = CallingPage::with(&bench, first.token.clone());
    second.get().await;
    result(&first.put(0, json!({"phone": {"action": "put"}})).await);
    result(&second.put(1, json!({"phone": {"action": "delete"}})).await);
    assert_eq!(result(&first.call(CHECK, json!({})).await), json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_session_without_form_counts_as_none() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.get().await;
    for odd in ["", "a b", &"x".repeat(129)] {
        let mut other = CallingPage::with(&bench, page.token.clone());
        other.session = Some(odd.to_owned());
        assert!(other.get().await["sessionId"].as_str().is_some_and(|id| id != odd), "{odd}");
    }
}

/// A call with that text in `Authorization`.
async fn answered(bench: &crate::support::TestSandbox, path: &str, authorization: Option<&str>) -> (u16, Value) {
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(text) = authorization {
        request = request.header("authorization", text);
    }
    let answer = bench.send(request.body(Body::from("no JSON")).unwrap()).await;
    if answer.status == 401 {
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    (answer.status.as_u16(), answer.json()["errorCode"].clone())
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_valid_token_is_refused_whatever_its_body() {
    let bench = sandbox().await;
    let token = token(&bench, json!({})).await;
    let start = bench.otp(true).await;
    let other_kind = format!("Bearer {}", start.auth_token.expose());
    let changed = format!("{}x", token.expose());
    let unauthorized = (401, json!("unauthorized_access"));
    for path in WITH_TOKEN {
        for authorization in
            [None, Some("Bearer x"), Some(other_kind.as_str()), Some(changed.as_str()), Some("Basic eA==")]
        {
            assert_eq!(answered(&bench, path, authorization).await, unauthorized, "{path}: {authorization:?}");
        }
    }
    let twice = format!("Bearer {}", token.expose());
    assert_eq!(answered(&bench, GET, Some(&twice)).await, (400, json!("invalid_request_body")));
    let status = Request::get("/v2/handoff/none/status").body(Body::empty()).unwrap();
    let answer = bench.send(status).await;
    failed(&answer, 401, "Unauthorized", "unauthorized_access", json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_token_ends_with_its_life_its_journey_and_its_transaction() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({"expiry": 60})).await;
    page.get().await;
    pass(&bench, 60).await;
    let error = "The token has expired or belongs to an earlier journey";
    for path in WITH_TOKEN {
        failed(&page.post(path, "no JSON").await, 401, error, "token_expired", json!({}));
    }
    let page = CallingPage::new(&bench, json!({})).await;
    bench.post("/sandbox/reset", None, "").await;
    for path in WITH_TOKEN {
        failed(&page.post(path, "no JSON").await, 401, "Unauthorized", "unauthorized_access", json!({}));
    }
}

#[tokio::test(start_paused = true)]
async fn checks_come_in_their_order_and_the_body_is_judged_last() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.save(&["phone"]).await;
    let code = |answer: &crate::support::TestResponse| answer.json()["errorCode"].clone();
    // The session before the revision, and the revision before the body.
    let outsider = CallingPage::with(&bench, page.token.clone());
    assert_eq!(code(&outsider.call(PUT, json!({"revision": 0, "modules": 1})).await), "session_superseded");
    assert_eq!(code(&page.call(PUT, json!({"revision": 0, "modules": 1})).await), "revision_conflict");
    assert_eq!(code(&page.call(PUT, json!({"revision": 1, "modules": 1})).await), "invalid_request_body");
    // Once the code is owed, it comes before all of them.
    let mut owing = CallingPage::new(&bench, with(asked(), json!({"transactionId": "t3"}))).await;
    owing.save(&["phone"]).await;
    let outsider = CallingPage::with(&bench, owing.token.clone());
    for (path, body) in [(PUT, "no JSON"), (PUT, r#"{"revision": 0}"#), (CHECK, "[]"), (HANDOFF, "no JSON")] {
        failed(&outsider.post(path, body).await, 401, "The code is required first", "auth_required", json!({}));
    }
    let asked = json!({"authRequired": true, "channels": ["mobile"], "maskedContact": "*********06"});
    assert_eq!(result(&outsider.post(GET, "no JSON").await), asked);
    // The workflow comes before the owner.
    put_workflow(&bench, json!({"id": "gone", "workflowVersion": "1.0.0", "modules": [{"id": "a"}]})).await;
    let other = CallingPage::new(&bench, json!({"workflowId": "gone", "transactionId": "t2"})).await;
    bench.delete("/sandbox/workflows/gone").await;
    for path in WITH_TOKEN {
        failed(&other.post(path, "no JSON").await, 404, "Workflow not found", "workflow_not_found", json!({}));
    }
}
