//! State Reset and its options: every row of the vendor's table, word for word.

use handset_protocol::Secret;
use serde_json::{Value, json};

use super::{
    APP, KEY, MOBILE, RESET_PATH, claims, failed, failed_plainly, get_state, headers, post, post_from, put_workflow,
    result, save, saved, token,
};
use crate::support::receiver::TestReceiver;
use crate::support::{TestResponse, TestSandbox};

const OPTIONS_PATH: &str = "/v2/state-reset/options";

fn complete() -> String {
    json!({"action": "clear_complete_state", "reviewerId": "r@example.com"}).to_string()
}

fn continuous(module_id: &str) -> String {
    json!({"action": "clear_continuous_state", "moduleId": module_id, "reviewerId": "r@example.com"}).to_string()
}

async fn reset(bench: &TestSandbox, headers: &[(&str, &str)], body: &str) -> TestResponse {
    post(bench, RESET_PATH, headers, body).await
}

/// A journey with two saved modules.
async fn begun(bench: &TestSandbox) -> Secret {
    let token = token(bench, json!({})).await;
    for module in ["phone", "document"] {
        result(&save(bench, &token, saved(module)).await);
    }
    token
}

#[tokio::test(start_paused = true)]
async fn names_the_header_that_is_missing() {
    let bench = TestSandbox::new().await;
    for (headers, error) in [
        (vec![], "\"appid\" is required"),
        (vec![("transactionid", "t1")], "\"appid\" is required"),
        (vec![("appid", ""), ("transactionid", "t1")], "\"appid\" is not allowed to be empty"),
        (vec![("appid", APP)], "\"transactionid\" is required"),
        (vec![("appid", "other-app")], "\"transactionid\" is required"),
        (vec![("appid", APP), ("transactionid", "")], "\"transactionid\" is not allowed to be empty"),
    ] {
        failed_plainly(&reset(&bench, &headers, "{}").await, 422, error);
    }
}

#[tokio::test(start_paused = true)]
async fn checks_credentials_and_address_before_the_body() {
    let bench = TestSandbox::new().await;
    let wrong_key = [("appid", APP), ("transactionid", "t1"), ("appkey", "wrong")];
    failed_plainly(&reset(&bench, &wrong_key, "{}").await, 401, "Unauthorized");
    let unknown = [("appid", "other-app"), ("transactionid", "t1")];
    failed_plainly(&reset(&bench, &unknown, "{}").await, 401, "Unauthorized");
    let no_key = [("appid", APP), ("transactionid", "t1")];
    failed_plainly(&post_from(&bench, "203.0.113.7", RESET_PATH, &no_key, "{}").await, 401, "Unauthorized");
    failed_plainly(&reset(&bench, &no_key, "{}").await, 422, "\"action\" is required");
    failed_plainly(&reset(&bench, &headers("t1"), "{}").await, 422, "\"action\" is required");
    // Without a key no app is believed that may call from anywhere.
    let staging = [("appid", "staging-app"), ("transactionid", "t1")];
    failed_plainly(&reset(&bench, &staging, &complete()).await, 401, "Unauthorized");
    let with_key = [staging[0], staging[1], ("appkey", "staging-app-key")];
    failed_plainly(
        &post_from(&bench, "203.0.113.7", RESET_PATH, &with_key, &complete()).await,
        404,
        "Transaction not found",
    );
}

#[tokio::test(start_paused = true)]
async fn refuses_calls_that_another_site_has_caused() {
    let bench = TestSandbox::new().await;
    let own = headers("t1");
    let with = |name: &'static str, value: &'static str| [own[0], own[1], own[2], (name, value)];
    let host = reset(&bench, &with("host", "evil.test"), &complete()).await;
    assert!(host.json()["error"].as_str().unwrap().starts_with("header 'Host' must be a loopback name"));
    assert_eq!((host.status.as_u16(), host.json()["statusCode"].clone()), (403, json!(403)));
    let origin = reset(&bench, &with("origin", "https://evil.test"), &complete()).await;
    failed_plainly(&origin, 403, "cross-origin requests are not allowed");
    let site = reset(&bench, &with("sec-fetch-site", "cross-site"), &complete()).await;
    failed_plainly(&site, 403, "cross-site requests are not allowed");
}

#[tokio::test(start_paused = true)]
async fn names_the_member_that_is_wrong() {
    let bench = TestSandbox::new().await;
    let one_of = "\"action\" must be one of [clear_continuous_state, clear_complete_state]";
    for (body, error) in [
        ("", "\"action\" is required"),
        ("{}", "\"action\" is required"),
        ("[]", "\"value\" must be of type object"),
        ("{", "\"value\" must be of type object"),
        (r#"{"action": "clear"}"#, one_of),
        (r#"{"action": 7}"#, "\"action\" must be a string"),
        (r#"{"action": "clear_continuous_state"}"#, "\"moduleId\" is required"),
        (r#"{"action": "clear_continuous_state", "moduleId": ""}"#, "\"moduleId\" is not allowed to be empty"),
        (r#"{"action": "clear_complete_state", "moduleId": "phone"}"#, "\"moduleId\" is not allowed"),
        (r#"{"action": "clear_complete_state"}"#, "\"reviewerId\" is required"),
        (r#"{"action": "clear_complete_state", "reviewerId": 1}"#, "\"reviewerId\" must be a string"),
    ] {
        failed_plainly(&reset(&bench, &headers("t1"), body).await, 422, error);
    }
    let long = json!({"action": "clear_complete_state", "reviewerId": "x".repeat(257)}).to_string();
    let error = "\"reviewerId\" length must be less than or equal to 256 characters long";
    failed_plainly(&reset(&bench, &headers("t1"), &long).await, 422, error);
    let huge = json!({"action": "x".repeat(16 * 1024)}).to_string();
    failed_plainly(&reset(&bench, &headers("t1"), &huge).await, 413, "the body must be at most 16384 bytes");
}

#[tokio::test(start_paused = true)]
async fn names_what_does_not_exist() {
    let bench = TestSandbox::new().await;
    failed_plainly(&reset(&bench, &headers("t1"), &complete()).await, 404, "Transaction not found");
    failed_plainly(&reset(&bench, &headers("a b"), &complete()).await, 404, "Transaction not found");
    failed_plainly(&reset(&bench, &headers("a b"), "{}").await, 422, "\"action\" is required");
    token(&bench, json!({})).await;
    failed_plainly(&reset(&bench, &headers("t1"), &complete()).await, 404, "state_not_found");
    let answer = reset(&bench, &headers("t1"), &continuous("other")).await;
    failed_plainly(&answer, 422, "\"moduleId\" must be a valid module");
    failed_plainly(&reset(&bench, &headers("t1"), &continuous("phone")).await, 404, "state_not_found");
    let mut workflow = json!({"id": "once", "properties": {"dashboardStateReset": {"enable": true}}});
    workflow["modules"] = json!([{"id": "phone"}]);
    put_workflow(&bench, workflow).await;
    token(&bench, json!({"workflowId": "once"})).await;
    assert!(bench.delete("/sandbox/workflows/once").await.status.is_success());
    failed_plainly(&reset(&bench, &headers("t1"), &complete()).await, 404, "Workflow not found");
}

#[tokio::test(start_paused = true)]
async fn is_off_unless_the_workflow_enables_it() {
    let bench = TestSandbox::new().await;
    put_workflow(&bench, json!({"id": "plain", "modules": [{"id": "phone"}]})).await;
    token(&bench, json!({"workflowId": "plain"})).await;
    let error = "Dashboard state reset is not enabled";
    failed_plainly(&reset(&bench, &headers("t1"), &complete()).await, 400, error);
    failed_plainly(&reset(&bench, &headers("t1"), &continuous("other")).await, 400, error);
    let options = [("appid", APP), ("appkey", KEY), ("transactionid", "t1"), ("workflowid", "plain")];
    failed(&post(&bench, OPTIONS_PATH, &options, "").await, 400, error, "state_reset_not_enabled", json!({}));
}

#[tokio::test(start_paused = true)]
async fn of_a_module_keeps_what_was_before_it() {
    let bench = TestSandbox::new().await;
    let token = begun(&bench).await;
    let done = reset(&bench, &headers("t1"), &continuous("document")).await;
    assert_eq!(result(&done), json!({"message": "State reset successfully"}));
    let state = result(&get_state(&bench, &token).await);
    assert_eq!(state["resumeAt"], "document", "{state}");
    result(&reset(&bench, &headers("t1"), &continuous("phone")).await);
    assert_eq!(result(&get_state(&bench, &token).await)["resumeAt"], "phone");
}

#[tokio::test(start_paused = true)]
async fn of_everything_begins_another_journey() {
    let bench = TestSandbox::new().await;
    let first = begun(&bench).await;
    result(&reset(&bench, &headers("t1"), &complete()).await);
    let answer = get_state(&bench, &first).await;
    let error = "The token has expired or belongs to an earlier journey";
    failed(&answer, 401, error, "token_expired", json!({}));
    let next = token(&bench, json!({})).await;
    assert_ne!(claims(&next)["journeyId"], claims(&first)["journeyId"]);
    assert_eq!(result(&get_state(&bench, &next).await)["resumeAt"], "phone");
    failed_plainly(&reset(&bench, &headers("t1"), &complete()).await, 404, "state_not_found");
}

#[tokio::test(start_paused = true)]
async fn is_told_to_the_webhook() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    begun(&bench).await;
    result(&reset(&bench, &headers("t1"), &continuous("document")).await);
    let event = receiver.next().await.body;
    let member = |name: &str| event[name].clone();
    assert_eq!(
        ["eventType", "appId", "transactionId", "workflowId", "previousStatus", "reviewerId", "resetType", "moduleId"]
            .map(member),
        [
            "APPLICATION_STATE_RESET",
            APP,
            "t1",
            "onboarding",
            "in_progress",
            "r@example.com",
            "RESET_FROM_SPECIFIC_STEP",
            "document"
        ]
        .map(Value::from)
    );
    result(&reset(&bench, &headers("t1"), &complete()).await);
    let event = receiver.next().await.body;
    assert_eq!((&event["resetType"], event.get("moduleId")), (&json!("COMPLETE_STATE_RESET"), None));
}

#[tokio::test(start_paused = true)]
async fn options_are_the_modules_of_the_workflow() {
    let bench = TestSandbox::new().await;
    let token = begun(&bench).await;
    let module = |id: &str, is_saved: bool| json!({"moduleId": id, "isSaved": is_saved});
    let expected = json!({"modules": [
        module("phone", true), module("document", true), module("selfie", false), module("form", false),
    ]});
    let ids = [("appid", APP), ("transactionid", "t1"), ("workflowid", "onboarding")];
    let with = |name, value| [ids[0], ids[1], ids[2], (name, value)];
    assert_eq!(result(&post(&bench, OPTIONS_PATH, &with("appkey", KEY), "").await), expected);
    let bearer = with("authorization", token.expose());
    assert_eq!(result(&post(&bench, OPTIONS_PATH, &bearer, "").await), expected);
    // The page is not bound to an address.
    assert_eq!(result(&post_from(&bench, "203.0.113.7", OPTIONS_PATH, &bearer, "").await), expected);
    let unauthorized = |answer: &TestResponse| failed(answer, 401, "Unauthorized", "unauthorized_access", json!({}));
    unauthorized(&post(&bench, OPTIONS_PATH, &with("appkey", "wrong"), "").await);
    unauthorized(&post(&bench, OPTIONS_PATH, &ids, "").await);
    for other in [("appid", "staging-app"), ("transactionid", "t2"), ("workflowid", "other")] {
        let mut headers = bearer.to_vec();
        headers.retain(|(name, _)| *name != other.0);
        headers.push(other);
        unauthorized(&post(&bench, OPTIONS_PATH, &headers, "").await);
    }
    let missing = [("appid", APP), ("appkey", KEY), ("transactionid", "t1")];
    let error = "header 'workflowid' is missing";
    failed(&post(&bench, OPTIONS_PATH, &missing, "").await, 400, error, "invalid_request_body", json!({}));
}

#[tokio::test(start_paused = true)]
async fn options_are_for_the_owner() {
    let bench = TestSandbox::new().await;
    let asked = json!({"authenticateOnResume": "yes", "mobileNumber": MOBILE});
    let token = token(&bench, asked).await;
    result(&save(&bench, &token, saved("phone")).await);
    let ids = [("appid", APP), ("transactionid", "t1"), ("workflowid", "onboarding")];
    let bearer = [ids[0], ids[1], ids[2], ("authorization", token.expose())];
    // The journey has reached the module from which the code is asked for.
    let answer = post(&bench, OPTIONS_PATH, &bearer, "").await;
    failed(&answer, 401, "The code is required first", "auth_required", json!({}));
    super::pass(&bench, 43_200).await;
    let answer = post(&bench, OPTIONS_PATH, &bearer, "").await;
    let error = "The token has expired or belongs to an earlier journey";
    failed(&answer, 401, error, "token_expired", json!({}));
}
