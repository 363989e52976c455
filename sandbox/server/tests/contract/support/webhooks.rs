//! Requests about webhooks, as tests make them.

use serde_json::{Value, json};

use super::{TestResponse, TestSandbox};

pub(crate) async fn enroll(bench: &TestSandbox, phone: &str) -> String {
    let body = json!({"phoneNumber": phone, "clientCustomerId": "customer-7"});
    bench.call("/v3/identity", body).await.json()["identityId"].as_str().unwrap().to_owned()
}

pub(crate) async fn trigger(bench: &TestSandbox, body: Value) -> TestResponse {
    bench.post("/sandbox/webhook/events", None, &body.to_string()).await
}

/// Triggers an event of a number, which is sent: the id of the event.
pub(crate) async fn trigger_sent(bench: &TestSandbox, kind: &str, phone: &str) -> String {
    let answer = trigger(bench, json!({"type": kind, "phoneNumber": phone})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let reply = answer.json();
    assert_eq!(reply["isSent"], true, "{reply}");
    reply["eventIds"][0].as_str().unwrap().to_owned()
}

/// Triggers an event of a number, which is not sent: the reason.
pub(crate) async fn trigger_suppressed(bench: &TestSandbox, kind: &str, phone: &str) -> String {
    let reply = trigger(bench, json!({"type": kind, "phoneNumber": phone})).await.json();
    assert_eq!((&reply["isSent"], reply.get("eventIds")), (&json!(false), None), "{reply}");
    reply["reason"].as_str().unwrap().to_owned()
}

pub(crate) async fn deliveries(bench: &TestSandbox) -> Vec<Value> {
    bench.get("/sandbox/webhook/deliveries").await.json().as_array().unwrap().clone()
}

/// The only delivery, once it is finished.
pub(crate) async fn finished_delivery(bench: &TestSandbox) -> Value {
    loop {
        let all = deliveries(bench).await;
        assert_eq!(all.len(), 1, "{all:?}");
        if all[0]["status"] != "pending" {
            return all[0].clone();
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) fn outcomes(delivery: &Value) -> Vec<(&str, Option<u64>)> {
    let attempts = delivery["attempts"].as_array().unwrap();
    attempts.iter().map(|attempt| (attempt["outcome"].as_str().unwrap(), attempt["statusCode"].as_u64())).collect()
}

pub(crate) async fn now(bench: &TestSandbox) -> i64 {
    bench.post("/sandbox/clock", None, r#"{"advanceSeconds":0}"#).await.json()["now"].as_i64().unwrap()
}
