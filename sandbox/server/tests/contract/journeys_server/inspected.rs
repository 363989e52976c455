//! `/sandbox/journeys`: what a developer sees.

use serde_json::{Value, json};

use super::{MOBILE, headers, post, result, save, saved, token};
use crate::support::{BEGIN, TestSandbox};

const PATH: &str = "/sandbox/journeys";

#[tokio::test(start_paused = true)]
async fn lists_the_transactions_of_a_project() {
    let bench = TestSandbox::new().await;
    assert_eq!(bench.get(PATH).await.json(), json!({"journeys": []}));
    for id in ["t2", "t1"] {
        token(&bench, json!({"transactionId": id})).await;
    }
    token(&bench, json!({"appId": "staging-app", "appKey": "staging-app-key"})).await;
    let of = |app: &str, id: &str| json!({"appId": app, "transactionId": id});
    let expected = [of("sandbox-app", "t1"), of("sandbox-app", "t2"), of("staging-app", "t1")];
    assert_eq!(bench.get(PATH).await.json(), json!({"journeys": expected}));
    assert_eq!(bench.get("/sandbox/journeys?project=p1").await.json(), json!({"journeys": []}));
}

#[tokio::test(start_paused = true)]
async fn shows_a_transaction_without_its_secrets() {
    let bench = TestSandbox::new().await;
    let journey = token(&bench, json!({"authenticateOnResume": "yes", "mobileNumber": MOBILE})).await;
    let body = json!({"templateId": "otp", "mobileNumber": MOBILE}).to_string();
    result(&post(&bench, "/v1/verifyMobileSendOtp", &headers("t1"), &body).await);
    let code = bench.code().await;
    let shown = bench.get("/sandbox/journeys/t1").await;
    assert_eq!(shown.status.as_u16(), 200, "{}", shown.text);
    for secret in [MOBILE, &code, journey.expose()] {
        assert!(!shown.text.contains(secret), "{}", shown.text);
    }
    let shown = shown.json();
    assert_eq!(shown["contact"], json!({"channel": "mobile", "masked": "*********06"}));
    assert_eq!((&shown["mode"], &shown["workflowId"]), (&json!("known_contact"), &json!("onboarding")));
    assert_eq!((&shown["createdAt"], &shown["usedAt"]), (&json!(BEGIN), &json!(BEGIN)));
    assert_eq!(shown["moduleCodes"][0]["expiresAt"], json!(BEGIN + 300_000));
    let events: Vec<Value> = shown["timeline"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(events, ["token_issued", "module_otp_send", "message_sent"]);
    assert_eq!(shown["timeline"][0], json!({"id": 1, "at": BEGIN, "kind": "token_issued", "outcome": "ok"}));
    let staging = bench.get("/sandbox/journeys/t1?appId=staging-app").await;
    staging.refused(404, 404, "no such transaction of the app");
    bench.get("/sandbox/journeys/t1?app=x").await.refused(400, 8001, "allowed query parameters are 'appId', 'project'");
}

#[tokio::test(start_paused = true)]
async fn shows_the_state_of_each_workflow() {
    let bench = TestSandbox::new().await;
    let journey = token(&bench, json!({})).await;
    result(&save(&bench, &journey, saved("phone")).await);
    let shown = bench.get("/sandbox/journeys/t1").await.json();
    let state = &shown["states"]["onboarding"];
    assert_eq!(state["modules"]["phone"]["variables"], json!({"phone": 1}));
    assert_eq!(
        (&state["status"], &state["hasSession"], &state["isPastTrigger"]),
        (&json!("in_progress"), &json!(true), &json!(true))
    );
    assert_eq!(shown["timeline"].as_array().unwrap().last().unwrap()["modules"], json!(["phone"]));
}
