//! `/v1/output`: variables, outcomes and status of a journey.

use serde_json::json;

use super::{APP, KEY, OUTPUT_PATH, failed_plainly, post, put_workflow, result, save, token};
use crate::support::TestSandbox;

const HEADERS: [(&str, &str); 2] = [("appid", APP), ("appkey", KEY)];

#[tokio::test(start_paused = true)]
async fn have_variables_outcomes_and_status() {
    let bench = TestSandbox::new().await;
    let modules = json!([{"id": "phone"}, {"id": "review", "outcomeFrom": "server"}]);
    put_workflow(&bench, json!({"id": "reviewed", "modules": modules})).await;
    let token = token(&bench, json!({"workflowId": "reviewed"})).await;
    let phone =
        json!({"phone": {"action": "put", "variables": {"a": 1, "b": {"c": [true]}}, "outcome": "auto_approved"}});
    result(&save(&bench, &token, phone).await);
    let output = async |body: serde_json::Value| post(&bench, OUTPUT_PATH, &HEADERS, &body.to_string()).await;
    let expected = json!({
        "status": "in_progress",
        "transactionId": "t1",
        "workflowId": "reviewed",
        "variables": {"a": 1, "b": {"c": [true]}},
        "outcomes": {"phone": {"outcome": "auto_approved", "clientAsserted": true}},
    });
    assert_eq!(result(&output(json!({"transactionId": "t1"})).await), expected);
    let debug = super::with(expected.clone(), json!({"debugInfo": {"latestModule": "phone"}}));
    let asked = json!({"transactionId": "t1", "workflowId": "reviewed", "sendDebugInfo": "yes"});
    assert_eq!(result(&output(asked).await), debug);
    let review = json!({"review": {"action": "put", "variables": {"a": 2}}});
    result(&save(&bench, &token, review).await);
    let outcome = json!({"moduleId": "review", "workflowId": "reviewed", "outcome": "auto_approved"});
    result(&post(&bench, "/v2/journey/outcome", &[], &super::auth_body(outcome).to_string()).await);
    let ended = result(&output(json!({"transactionId": "t1"})).await);
    assert_eq!((&ended["status"], &ended["variables"]["a"]), (&json!("auto_approved"), &json!(2)));
    assert_eq!(ended["outcomes"]["review"], json!({"outcome": "auto_approved", "clientAsserted": false}));
}

#[tokio::test(start_paused = true)]
async fn fail_without_an_error_code() {
    let bench = TestSandbox::new().await;
    let output = async |body: &str| post(&bench, OUTPUT_PATH, &HEADERS, body).await;
    failed_plainly(&output(r#"{"transactionId": "t1"}"#).await, 404, "Transaction not found");
    token(&bench, json!({})).await;
    let other = r#"{"transactionId": "t1", "workflowId": "other"}"#;
    failed_plainly(&output(other).await, 404, "Workflow not found");
    failed_plainly(&output("{}").await, 400, "field 'transactionId' is missing");
    let debug = r#"{"transactionId": "t1", "sendDebugInfo": true}"#;
    failed_plainly(&output(debug).await, 400, "field 'sendDebugInfo' must be 'yes' or 'no'");
    failed_plainly(&output("[]").await, 400, "the body must be a JSON object");
    for headers in [vec![], vec![HEADERS[0]], vec![HEADERS[1]], vec![HEADERS[0], ("appkey", "wrong")]] {
        failed_plainly(&post(&bench, OUTPUT_PATH, &headers, "{}").await, 401, "Unauthorized");
    }
    let empty = result(&output(r#"{"transactionId": "t1"}"#).await);
    assert_eq!(
        (&empty["variables"], &empty["outcomes"], &empty["status"]),
        (&json!({}), &json!({}), &json!("in_progress"))
    );
}
