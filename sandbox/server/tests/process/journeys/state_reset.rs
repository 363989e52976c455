//! State Reset as its document has it: requests, replies, and every row of the error table.

use serde_json::{Value, json};

use super::{APP, KEY, open_page, send, set_workflow};
use crate::running::SandboxProcess;

const PATH: &str = "/api/v1/cpr/application/state-reset";

/// Headers, body, status and error.
type ResetRow = (Vec<(&'static str, &'static str)>, Value, u16, &'static str);

async fn reset(sandbox: &SandboxProcess, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    send(sandbox, PATH, headers, body).await
}

/// A transaction of the workflow `plain` with two saved modules.
async fn with_state(transaction: &str) -> SandboxProcess {
    let sandbox = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    set_workflow(&sandbox, "plain", json!({})).await;
    let page = open_page(&sandbox, json!({"transactionId": transaction, "workflowId": "plain"})).await;
    for (revision, module) in [(0, "phone"), (1, "document")] {
        let (status, reply) = page.put(&sandbox, revision, module, json!({"is": module})).await;
        assert_eq!(status, 200, "{reply}");
    }
    sandbox
}

#[tokio::test]
async fn the_requests_of_the_document_reset_the_state() {
    let sandbox = with_state("t1").await;
    let headers = [("appid", APP), ("transactionid", "t1")];
    // Word for word, with its line breaks.
    let continuous =
        "{\n\"action\": \"clear_continuous_state\",\n\"moduleId\": \"document\",\n\"reviewerId\": \"r@example.com\"\n}";
    let (status, reply) = reset(&sandbox, &headers, continuous).await;
    assert_eq!((status, &reply["status"], &reply["statusCode"]), (200, &json!("success"), &json!(200)), "{reply}");
    assert!(reply["result"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{reply}");
    let members: Vec<_> = reply.as_object().unwrap().keys().collect();
    assert_eq!(members, ["result", "status", "statusCode"]);
    let page = open_page(&sandbox, json!({"workflowId": "plain"})).await;
    let (_, state) = page.call(&sandbox, "/v2/transaction-state/get", json!({"inputs": {}})).await;
    assert_eq!(state["result"]["resumeAt"], "document");
    assert_eq!(state["result"]["state"]["modules"]["phone"]["variables"], json!({"is": "phone"}));
    let complete = "{\n\"action\": \"clear_complete_state\",\n\"reviewerId\": \"r@example.com\"\n}";
    let (status, reply) = reset(&sandbox, &headers, complete).await;
    assert_eq!((status, &reply["status"]), (200, &json!("success")), "{reply}");
    let (status, reply) = page.call(&sandbox, "/v2/transaction-state/get", json!({"inputs": {}})).await;
    assert_eq!((status, &reply["errorCode"]), (401, &json!("token_expired")), "the journey is another one: {reply}");
    let page = open_page(&sandbox, json!({"workflowId": "plain"})).await;
    let (_, state) = page.call(&sandbox, "/v2/transaction-state/get", json!({"inputs": {}})).await;
    assert_eq!((&state["result"]["state"], &state["result"]["resumeAt"]), (&Value::Null, &json!("phone")));
}

#[tokio::test]
async fn every_row_of_the_error_table_is_answered_word_for_word() {
    let sandbox = with_state("t1").await;
    set_workflow(&sandbox, "closed", json!({"dashboardStateReset": {"enable": false}})).await;
    set_workflow(&sandbox, "gone", json!({})).await;
    open_page(&sandbox, json!({"transactionId": "closed", "workflowId": "closed"})).await;
    open_page(&sandbox, json!({"transactionId": "empty", "workflowId": "plain"})).await;
    open_page(&sandbox, json!({"transactionId": "gone", "workflowId": "gone"})).await;
    let (head, _) = sandbox.send("DELETE", "/sandbox/workflows/gone", &[], "").await;
    assert!(head.starts_with("HTTP/1.1 20"), "{head}");
    let body = |changes: Value| {
        let mut body = json!({"action": "clear_continuous_state", "moduleId": "document", "reviewerId": "r1"});
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
                value => body[name] = value.clone(),
            }
        }
        body
    };
    let complete = json!({"action": "clear_complete_state"});
    let of = |app, transaction| vec![("appid", app), ("transactionid", transaction)];
    let rows: Vec<ResetRow> = vec![
        (of(APP, "closed"), body(json!({})), 400, "Dashboard state reset is not enabled"),
        (of("another-app", "t1"), body(json!({})), 401, "Unauthorized"),
        (of(APP, "nobody"), body(json!({})), 404, "Transaction not found"),
        (of(APP, "gone"), body(json!({})), 404, "Workflow not found"),
        (of(APP, "empty"), body(json!({})), 404, "state_not_found"),
        (of(APP, "t1"), body(json!({"action": null})), 422, "\"action\" is required"),
        (
            of(APP, "t1"),
            body(json!({"action": "clear_everything"})),
            422,
            "\"action\" must be one of [clear_continuous_state, clear_complete_state]",
        ),
        (vec![("transactionid", "t1")], body(json!({})), 422, "\"appid\" is required"),
        (of(APP, "t1"), body(json!({"moduleId": null})), 422, "\"moduleId\" is required"),
        (of(APP, "t1"), body(complete), 422, "\"moduleId\" is not allowed"),
        (vec![("appid", APP)], body(json!({})), 422, "\"transactionid\" is required"),
        (of(APP, "t1"), body(json!({"reviewerId": null})), 422, "\"reviewerId\" is required"),
        (of(APP, "t1"), body(json!({"moduleId": "elsewhere"})), 422, "\"moduleId\" must be a valid module"),
    ];
    for (headers, body, status, error) in rows {
        let reply = reset(&sandbox, &headers, &body.to_string()).await;
        let expected = json!({"status": "failure", "statusCode": status, "error": error});
        assert_eq!(reply, (status, expected), "{headers:?} {body}");
    }
    // The check order: headers, credentials, body, transaction, workflow, feature, state.
    let wrong = body(json!({"action": "clear_everything"})).to_string();
    for (headers, body, error) in [
        (vec![("appid", "another-app")], wrong.as_str(), "\"transactionid\" is required"),
        (of("another-app", "nobody"), wrong.as_str(), "Unauthorized"),
        (of(APP, "nobody"), wrong.as_str(), "\"action\" must be one of [clear_continuous_state, clear_complete_state]"),
    ] {
        assert_eq!(reset(&sandbox, &headers, body).await.1["error"], error, "{headers:?}");
    }
    let (_, state) = sandbox.send("GET", "/sandbox/journeys/t1", &[], "").await;
    assert!(state.contains("\"document\""), "no refused reset has changed anything: {state}");
}

#[tokio::test]
async fn the_key_is_checked_where_it_is_sent_and_required_where_any_address_may_call() {
    let sandbox = with_state("t1").await;
    let body = json!({"action": "clear_complete_state", "reviewerId": "r1"}).to_string();
    let of = |key| [("appid", APP), ("transactionid", "t1"), ("appkey", key)];
    assert_eq!(reset(&sandbox, &of("another-key"), &body).await.0, 401);
    assert_eq!(reset(&sandbox, &[("appid", "staging-app"), ("transactionid", "t1")], &body).await.0, 401);
    assert_eq!(reset(&sandbox, &of(KEY), &body).await.0, 200);
}
