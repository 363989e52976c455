//! What a client's server tells: a proved contact, and the outcome of a module.

use serde_json::{Value, json};

use super::{MOBILE, OTHER_MOBILE, auth_body, claims, failed, post, put_workflow, result, save, saved, token};
use crate::support::{PHONE, StartedSession, TestResponse, TestSandbox};

const CONTACT: &str = "/v2/journey/contact";
const OUTCOME: &str = "/v2/journey/outcome";

async fn call(bench: &TestSandbox, path: &str, changes: Value) -> TestResponse {
    post(bench, path, &[], &auth_body(changes).to_string()).await
}

/// A possession check that Validate has passed.
async fn validated(bench: &TestSandbox) -> StartedSession {
    let started = bench.otp(false).await;
    bench.show_by_code(&started).await;
    assert!(bench.validated(&started).await.0);
    started
}

#[tokio::test(start_paused = true)]
async fn a_contact_is_proved_by_a_check_that_validate_passed() {
    let bench = TestSandbox::new().await;
    assert_eq!(PHONE, MOBILE);
    token(&bench, json!({"authenticateOnResume": "yes"})).await;
    let refused = |answer: &TestResponse| {
        let error = "field 'correlationId' must be that of a possession check that Validate passed";
        failed(answer, 400, error, "possession_not_proved", json!({}));
    };
    let started = bench.otp(false).await;
    let id = started.correlation_id.clone();
    refused(&call(&bench, CONTACT, json!({"correlationId": id})).await);
    bench.show_by_code(&started).await;
    refused(&call(&bench, CONTACT, json!({"correlationId": id})).await);
    assert!(bench.validated(&started).await.0);
    let linked = result(&call(&bench, CONTACT, json!({"correlationId": id})).await);
    let owner = claims(&linked["authToken"].as_str().unwrap().into());
    assert!(owner["uniqueId"].is_string(), "{owner}");
    for other in ["other", "5a1f3c9e-7b42-4d0a-9c11-0f6be2d7a384"] {
        refused(&call(&bench, CONTACT, json!({"correlationId": other})).await);
    }
    let missing = call(&bench, CONTACT, json!({})).await;
    failed(&missing, 400, "field 'correlationId' is missing", "invalid_request_body", json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_check_of_another_project_proves_nothing() {
    let bench = TestSandbox::new().await;
    let id = validated(&bench).await.correlation_id;
    let body = auth_body(json!({"correlationId": id})).to_string();
    let project = [("handset-project", "p1")];
    result(&post(&bench, super::TOKEN_PATH, &project, &auth_body(json!({})).to_string()).await);
    let answer = post(&bench, CONTACT, &project, &body).await;
    assert_eq!(answer.json()["errorCode"], "possession_not_proved");
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_is_not_the_owners_gives_no_token() {
    let bench = TestSandbox::new().await;
    token(&bench, json!({"mobileNumber": OTHER_MOBILE})).await;
    let id = validated(&bench).await.correlation_id;
    assert_eq!(result(&call(&bench, CONTACT, json!({"correlationId": id})).await), json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_proved_contact_is_the_one_of_later_tokens() {
    let bench = TestSandbox::new().await;
    token(&bench, json!({"authenticateOnResume": "yes"})).await;
    let id = validated(&bench).await.correlation_id;
    result(&call(&bench, CONTACT, json!({"correlationId": id})).await);
    token(&bench, json!({"authenticateOnResume": "yes", "mobileNumber": MOBILE})).await;
    let later = |changes| async { super::generate(&bench, changes).await.json()["errorCode"].clone() };
    assert_eq!(later(json!({"mobileNumber": MOBILE})).await, "auth_mode_conflict");
    assert_eq!(later(json!({"mobileNumber": OTHER_MOBILE})).await, "unique_id_conflict");
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_of_a_module_of_the_server() {
    let bench = TestSandbox::new().await;
    let modules = json!([{"id": "phone"}, {"id": "review", "outcomeFrom": "server"}]);
    put_workflow(&bench, json!({"id": "reviewed", "modules": modules})).await;
    let of = |changes: Value| super::with(json!({"workflowId": "reviewed", "moduleId": "review"}), changes);
    let outcome = async |changes: Value| call(&bench, OUTCOME, of(changes)).await;
    let unknown = outcome(json!({"outcome": "auto_approved"})).await;
    failed(&unknown, 404, "Transaction not found", "transaction_not_found", json!({}));
    let token = token(&bench, json!({"workflowId": "reviewed"})).await;
    for module in ["phone", "other"] {
        let answer = outcome(json!({"moduleId": module, "outcome": "auto_approved"})).await;
        let error = "field 'moduleId' must be a module with outcomeFrom = \"server\"";
        failed(&answer, 400, error, "invalid_request_body", json!({}));
    }
    let missing = outcome(json!({})).await;
    failed(&missing, 400, "field 'outcome' is missing", "invalid_request_body", json!({}));
    let elsewhere = outcome(json!({"workflowId": "other", "outcome": "auto_approved"})).await;
    failed(&elsewhere, 404, "Workflow not found", "workflow_not_found", json!({}));
    let early = outcome(json!({"outcome": "auto_approved"})).await;
    failed(&early, 404, "state_not_found", "state_not_found", json!({}));
    for module in ["phone", "review"] {
        result(&save(&bench, &token, saved(module)).await);
    }
    let set = result(&outcome(json!({"outcome": "auto_approved"})).await);
    assert_eq!(set, json!({"status": "auto_approved"}), "the end has waited for it");
    let late = outcome(json!({"outcome": "auto_declined"})).await;
    failed(&late, 409, "The transaction is already processed", "transaction_already_processed", json!({}));
}
