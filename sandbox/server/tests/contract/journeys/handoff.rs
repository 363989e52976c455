//! Handing a journey over to another device.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::{CallingPage, HANDOFF, PUT, REDEEM, SEND, VERIFY, asked, sandbox};
use crate::journeys_server::{MOBILE, claims, failed, pass, put_workflow, result};
use crate::support::{BEGIN, TestResponse, TestSandbox};

const GONE: &str = "The link is used, expired or cancelled";

/// The first device, whose user has proved to be the owner. Another code may be sent.
async fn first_device(bench: &TestSandbox) -> CallingPage<'_> {
    let mut page = CallingPage::new(bench, asked()).await;
    page.save(&["phone"]).await;
    prove(&mut page).await;
    pass(bench, 30).await;
    page
}

/// The user enters the code.
async fn prove(page: &mut CallingPage<'_>) {
    result(&page.call(SEND, json!({"channel": "mobile"})).await);
    let reply = result(&page.call(VERIFY, json!({"otp": page.bench.code().await})).await);
    page.token = reply["authToken"].as_str().unwrap().into();
}

/// Opens a handoff: its id and its secret.
async fn open(page: &CallingPage<'_>, body: Value) -> (String, String) {
    let reply = result(&page.call(HANDOFF, body).await);
    let (_, secret) = reply["url"].as_str().unwrap().split_once("#handoff=").unwrap();
    (reply["handoffId"].as_str().unwrap().to_owned(), secret.to_owned())
}

/// The other device, which has no token.
async fn redeem(bench: &TestSandbox, secret: &str, redemption: Option<&Value>) -> TestResponse {
    let body = match redemption {
        Some(redemption) => json!({"secret": secret, "redemptionId": redemption}),
        None => json!({"secret": secret}),
    };
    bench.post(REDEEM, None, &body.to_string()).await
}

/// The result of a redemption that the first device has to confirm.
async fn opened(bench: &TestSandbox, secret: &str) -> Value {
    let answer = redeem(bench, secret, None).await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["statusCode"], &body["status"]), (202, &json!(202), &json!("success")));
    body["result"].clone()
}

async fn confirm(page: &CallingPage<'_>, id: &str, number: Value) -> TestResponse {
    page.call(&format!("{HANDOFF}/{id}/confirm"), json!({"number": number})).await
}

async fn status(page: &CallingPage<'_>, id: &str) -> TestResponse {
    page.send(Request::get(format!("{HANDOFF}/{id}/status")), Body::empty()).await
}

#[tokio::test(start_paused = true)]
async fn the_other_device_goes_on_once_the_first_one_has_confirmed() {
    let bench = sandbox().await;
    let first = first_device(&bench).await;
    let reply = result(&first.call(HANDOFF, json!({})).await);
    assert_eq!(reply["expiresAt"], BEGIN + 630_000);
    let (id, url) = (reply["handoffId"].as_str().unwrap(), reply["url"].as_str().unwrap());
    let secret = url.strip_prefix("http://127.0.0.1:8787/journey#handoff=").unwrap();
    assert_eq!(secret.len(), 32);
    assert_eq!(result(&status(&first, id).await), json!({"status": "waiting"}));

    let shown = opened(&bench, secret).await;
    let number = shown["number"].as_u64().unwrap();
    assert!((10..100).contains(&number));
    let redemption = shown["redemptionId"].clone();
    let expected = json!({
        "number": number, "appName": "Handset sandbox", "purpose": "Onboarding", "redemptionId": redemption,
    });
    assert_eq!(shown, expected);
    assert_eq!(result(&status(&first, id).await), json!({"status": "opened", "number": number}));
    let again = redeem(&bench, secret, Some(&redemption)).await;
    assert_eq!((again.status.as_u16(), again.json()["result"].clone()), (202, expected));

    assert_eq!(result(&confirm(&first, id, json!(number)).await), json!({}));
    let reply = result(&redeem(&bench, secret, Some(&redemption)).await);
    assert_eq!(reply.as_object().unwrap().keys().collect::<Vec<_>>(), ["authToken"]);
    let mut second = CallingPage::with(&bench, reply["authToken"].as_str().unwrap().into());
    assert_eq!(result(&status(&first, id).await), json!({"status": "progress", "moduleId": "document"}));

    // The code is asked on the second device, whose token does not outlive the first one.
    assert_eq!(second.get().await["authRequired"], true);
    prove(&mut second).await;
    assert_eq!(claims(&second.token)["exp"], claims(&first.token)["exp"]);
    assert_eq!(second.get().await["resumeAt"], "document");
    second.save(&["document", "selfie"]).await;
    assert_eq!(result(&status(&first, id).await), json!({"status": "progress", "moduleId": "form"}));
    result(&second.put(3, json!({"form": {"action": "put", "outcome": "auto_approved"}})).await);
    let done = json!({"status": "done", "journeyStatus": "auto_approved"});
    assert_eq!(result(&status(&first, id).await), done);
}

#[tokio::test(start_paused = true)]
async fn where_the_workflow_says_so_the_other_device_acts_for_the_owner() {
    let bench = sandbox().await;
    put_workflow(&bench, same_owner()).await;
    let mut first = CallingPage::new(&bench, json!({"workflowId": "shared"})).await;
    first.get().await;
    let (id, secret) = open(&first, json!({})).await;
    let shown = opened(&bench, &secret).await;
    result(&confirm(&first, &id, shown["number"].clone()).await);
    let reply = result(&redeem(&bench, &secret, Some(&shown["redemptionId"])).await);
    let mut second = CallingPage::with(&bench, reply["authToken"].as_str().unwrap().into());
    assert_eq!(claims(&second.token)["uniqueId"], claims(&first.token)["uniqueId"], "the owner is that of the first");
    second.get().await;
    result(&second.put(0, json!({"phone": {"action": "put", "outcome": "auto_approved"}})).await);
    let done = json!({"status": "done", "journeyStatus": "auto_approved"});
    assert_eq!(result(&status(&first, &id).await), done);
}

/// A workflow whose journeys may be handed over where no code is asked for.
fn same_owner() -> Value {
    json!({
        "id": "shared", "workflowVersion": "1.0.0", "handoff": "same-owner", "handoffUrl": "https://shop.test/go",
        "modules": [{"id": "phone"}],
    })
}

#[tokio::test(start_paused = true)]
async fn a_link_is_for_one_device_and_one_time() {
    let bench = sandbox().await;
    let first = first_device(&bench).await;
    let (id, secret) = open(&first, json!({})).await;
    let shown = opened(&bench, &secret).await;
    let other = json!("0".repeat(32));
    for redemption in [None, Some(&other)] {
        failed(&redeem(&bench, &secret, redemption).await, 410, GONE, "handoff_gone", json!({}));
    }
    result(&confirm(&first, &id, shown["number"].clone()).await);
    result(&redeem(&bench, &secret, Some(&shown["redemptionId"])).await);
    failed(&redeem(&bench, &secret, Some(&shown["redemptionId"])).await, 410, GONE, "handoff_gone", json!({}));
    failed(&redeem(&bench, &"0".repeat(32), None).await, 410, GONE, "handoff_gone", json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_link_expires_and_ends_with_the_journey() {
    let bench = sandbox().await;
    let first = first_device(&bench).await;
    let (id, secret) = open(&first, json!({"ttlSeconds": 60})).await;
    pass(&bench, 60).await;
    failed(&redeem(&bench, &secret, None).await, 410, GONE, "handoff_gone", json!({}));
    assert_eq!(result(&status(&first, &id).await), json!({"status": "gone"}));
    failed(&confirm(&first, &id, json!(10)).await, 410, GONE, "handoff_gone", json!({}));

    let (_, secret) = open(&first, json!({})).await;
    let all = json!({
        "document": {"action": "put"}, "selfie": {"action": "put"}, "form": {"action": "put", "outcome": "auto_approved"},
    });
    result(&first.put(1, all).await);
    failed(&redeem(&bench, &secret, None).await, 410, GONE, "handoff_gone", json!({}));
}

#[tokio::test(start_paused = true)]
async fn another_number_cancels_the_handoff() {
    let bench = sandbox().await;
    let first = first_device(&bench).await;
    let (id, secret) = open(&first, json!({})).await;
    let shown = opened(&bench, &secret).await;
    for (body, error) in [
        (json!({}), "field 'number' is missing"),
        (json!({"number": 9}), "field 'number' must be a whole number, 10 to 99"),
        (json!({"number": "10"}), "field 'number' must be a whole number, 10 to 99"),
    ] {
        let refused = first.call(&format!("{HANDOFF}/{id}/confirm"), body).await;
        failed(&refused, 400, error, "invalid_request_body", json!({}));
    }
    let number = shown["number"].as_u64().unwrap();
    let other = if number == 99 { 10 } else { number + 1 };
    let error = "The number is not that of the other device";
    failed(&confirm(&first, &id, json!(other)).await, 409, error, "number_mismatch", json!({}));
    failed(&confirm(&first, &id, json!(number)).await, 410, GONE, "handoff_gone", json!({}));
    failed(&redeem(&bench, &secret, Some(&shown["redemptionId"])).await, 410, GONE, "handoff_gone", json!({}));
    assert_eq!(result(&status(&first, &id).await), json!({"status": "gone"}));
    // A confirmation in advance confirms nothing.
    let (id, secret) = open(&first, json!({})).await;
    failed(&confirm(&first, &id, json!(10)).await, 409, error, "number_mismatch", json!({}));
    failed(&redeem(&bench, &secret, None).await, 410, GONE, "handoff_gone", json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_handoff_is_that_of_its_first_device() {
    let bench = sandbox().await;
    let first = first_device(&bench).await;
    let (id, secret) = open(&first, json!({})).await;
    let mut other = CallingPage::new(&bench, json!({"transactionId": "t2"})).await;
    other.get().await;
    for id in [id.as_str(), "none", "%FF"] {
        failed(&status(&other, id).await, 404, "Handoff not found", "handoff_not_found", json!({}));
        failed(&confirm(&other, id, json!(10)).await, 404, "Handoff not found", "handoff_not_found", json!({}));
    }
    let shown = opened(&bench, &secret).await;
    result(&confirm(&first, &id, shown["number"].clone()).await);
    let reply = result(&redeem(&bench, &secret, Some(&shown["redemptionId"])).await);
    let mut second = CallingPage::with(&bench, reply["authToken"].as_str().unwrap().into());
    prove(&mut second).await;
    second.get().await;
    let error = "This journey cannot be handed over";
    for answer in
        [second.call(HANDOFF, json!({})).await, status(&second, &id).await, confirm(&second, &id, json!(10)).await]
    {
        failed(&answer, 403, error, "handoff_not_allowed", json!({}));
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_could_be_asked_the_workflow_must_allow_it() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.get().await;
    let error = "This journey cannot be handed over";
    for body in ["{}", "no JSON"] {
        failed(&page.post(HANDOFF, body).await, 403, error, "handoff_not_allowed", json!({}));
    }
    let mut off = same_owner();
    (off["id"], off["handoff"]) = (json!("off"), json!("off"));
    put_workflow(&bench, off).await;
    let mut page = CallingPage::new(&bench, json!({"workflowId": "off", "transactionId": "t2"})).await;
    page.get().await;
    failed(&page.call(HANDOFF, json!({})).await, 403, error, "handoff_not_allowed", json!({}));
}

#[tokio::test(start_paused = true)]
async fn five_links_may_be_open() {
    let bench = sandbox().await;
    let first = first_device(&bench).await;
    for _ in 0..5 {
        open(&first, json!({"ttlSeconds": 60})).await;
    }
    failed(&first.call(HANDOFF, json!({})).await, 429, "Too many are open", "too_many_open", json!({}));
    pass(&bench, 60).await;
    open(&first, json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn a_link_is_sent_to_the_proved_contact_only() {
    let bench = sandbox().await;
    let first = first_device(&bench).await;
    let refused = first.call(HANDOFF, json!({"channel": "mobile"})).await;
    let error = "field 'channel' must be that of a contact that was proved in this journey";
    failed(&refused, 400, error, "invalid_request_body", json!({}));
    let headers = crate::journeys_server::headers("t1");
    let sent = json!({"templateId": "otp", "mobileNumber": MOBILE}).to_string();
    result(&crate::journeys_server::post(&bench, "/v1/verifyMobileSendOtp", &headers, &sent).await);
    let proof = json!({"mobileNumber": MOBILE, "otp": bench.code().await}).to_string();
    result(&crate::journeys_server::post(&bench, "/v1/verifyMobileOtp", &headers, &proof).await);
    let reply = result(&first.call(HANDOFF, json!({"channel": "mobile"})).await);
    let message = bench.messages().await.pop().unwrap();
    assert_eq!((&message["to"], &message["url"]), (&json!(MOBILE), &reply["url"]));
    failed(&first.call(PUT, json!({})).await, 400, "field 'revision' is missing", "invalid_request_body", json!({}));
}
