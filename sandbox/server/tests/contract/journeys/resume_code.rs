//! The code on resume.

use serde_json::{Value, json};

use super::{CallingPage, GET, PUT, SEND, VERIFY, asked, sandbox};
use crate::journeys_server::{claims, failed, pass, result, token};
use crate::support::{BEGIN, TestSandbox};

/// A page that is asked for a code, and the page that has saved before.
async fn owing(bench: &TestSandbox) -> (CallingPage<'_>, CallingPage<'_>) {
    let mut first = CallingPage::new(bench, asked()).await;
    first.save(&["phone"]).await;
    let second = CallingPage::with(bench, token(bench, asked()).await);
    (second, first)
}

async fn send(page: &CallingPage<'_>) -> Value {
    result(&page.call(SEND, json!({"channel": "mobile"})).await)
}

#[tokio::test(start_paused = true)]
async fn is_sent_to_the_contact_and_gives_the_owner_a_token() {
    let bench = sandbox().await;
    let (mut page, _) = owing(&bench).await;
    let asked = json!({"authRequired": true, "channels": ["mobile"], "maskedContact": "*********06"});
    assert_eq!(page.get().await, asked);
    let expected = json!({
        "channel": "mobile", "maskedContact": "*********06", "expiresAt": BEGIN + 300_000, "resendAt": BEGIN + 30_000,
    });
    assert_eq!(send(&page).await, expected);
    let message = bench.messages().await.pop().unwrap();
    assert_eq!(message["to"], "5005550006");
    let code = bench.code().await;
    assert_eq!(code.len(), 6);
    let reply = result(&page.call(VERIFY, json!({"otp": code})).await);
    assert_eq!(reply.as_object().unwrap().keys().collect::<Vec<_>>(), ["authToken"]);
    let proved = reply["authToken"].as_str().unwrap().into();
    let (before, after) = (claims(&page.token), claims(&proved));
    assert!(before.get("uniqueId").is_none() && after["uniqueId"].is_string());
    for claim in ["transactionId", "workflowId", "journeyId", "exp", "authenticateOnResume"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    let mut page = CallingPage::with(&bench, proved);
    let reply = page.get().await;
    assert_eq!((&reply["resumeAt"], &reply["revision"]), (&json!("document"), &json!(1)));
    result(&page.put(1, json!({"document": {"action": "put"}})).await);
    // Once: the same code gives no other token.
    let (page, _) = (CallingPage::with(&bench, token(&bench, super::asked()).await), page);
    let again = page.call(VERIFY, json!({"otp": code})).await;
    failed(&again, 400, "The code has expired or was not sent", "otp_expired", json!({}));
}

#[tokio::test(start_paused = true)]
async fn goes_to_an_email_address_too() {
    let bench = sandbox().await;
    let contact = json!({"authenticateOnResume": "yes", "email": "ada@shop.test"});
    let mut first = CallingPage::new(&bench, contact.clone()).await;
    first.save(&["phone"]).await;
    let mut page = CallingPage::new(&bench, contact).await;
    let asked = json!({"authRequired": true, "channels": ["email"], "maskedContact": "a***@shop.test"});
    assert_eq!(page.get().await, asked);
    assert_eq!(result(&page.call(SEND, json!({"channel": "email"})).await)["channel"], "email");
    let message = bench.messages().await.pop().unwrap();
    assert_eq!((&message["kind"], &message["to"]), (&json!("email"), &json!("ada@shop.test")));
    result(&page.call(VERIFY, json!({"otp": message["code"]})).await);
}

#[tokio::test(start_paused = true)]
async fn is_counted_down_and_locks_the_contact() {
    let bench = sandbox().await;
    let (page, _) = owing(&bench).await;
    let nothing_sent = page.call(VERIFY, json!({"otp": "000000"})).await;
    failed(&nothing_sent, 400, "The code has expired or was not sent", "otp_expired", json!({}));
    send(&page).await;
    let right = bench.code().await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for left in (1..5).rev() {
        let refused = page.call(VERIFY, json!({"otp": wrong})).await;
        failed(&refused, 400, "The code is wrong", "otp_invalid", json!({"attemptsLeft": left}));
    }
    for otp in [wrong, &right] {
        let refused = page.call(VERIFY, json!({"otp": otp})).await;
        let seconds = json!({"retryAfterSeconds": 900});
        failed(&refused, 429, "Too many wrong codes", "otp_locked", seconds);
        assert_eq!(refused.header("retry-after"), "900");
    }
    // Over all tokens.
    let other = CallingPage::new(&bench, asked()).await;
    let refused = other.call(SEND, json!({"channel": "mobile"})).await;
    failed(&refused, 429, "Too many wrong codes", "otp_locked", json!({"retryAfterSeconds": 900}));
    pass(&bench, 900).await;
    send(&other).await;
    result(&other.call(VERIFY, json!({"otp": bench.code().await})).await);
}

#[tokio::test(start_paused = true)]
async fn waits_between_two_sends_and_expires() {
    let bench = sandbox().await;
    let (page, _) = owing(&bench).await;
    send(&page).await;
    let refused = page.call(SEND, json!({"channel": "mobile"})).await;
    let seconds = json!({"retryAfterSeconds": 30});
    failed(&refused, 429, "Too many codes were requested", "otp_rate_limited", seconds);
    assert_eq!(refused.header("retry-after"), "30");
    pass(&bench, 30).await;
    send(&page).await;
    pass(&bench, 300).await;
    let refused = page.call(VERIFY, json!({"otp": bench.code().await})).await;
    failed(&refused, 400, "The code has expired or was not sent", "otp_expired", json!({}));
}

#[tokio::test(start_paused = true)]
async fn is_not_sent_where_none_is_owed() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.save(&["phone", "document"]).await;
    for (path, body) in [(SEND, json!({"channel": "mobile"})), (VERIFY, json!({"otp": "123456"})), (SEND, json!([]))] {
        failed(&page.call(path, body).await, 400, "No code is required now", "auth_not_required", json!({}));
    }
    assert!(bench.messages().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn has_a_body_that_names_the_way_or_the_digits() {
    let bench = sandbox().await;
    let (page, _) = owing(&bench).await;
    for (path, body, error) in [
        (SEND, json!({}), "field 'channel' is missing"),
        (SEND, json!({"channel": "fax"}), "field 'channel' must be 'mobile' or 'email'"),
        (SEND, json!({"channel": 1}), "field 'channel' must be 'mobile' or 'email'"),
        (SEND, json!({"channel": "email"}), "field 'channel' must be 'mobile'"),
        (VERIFY, json!({}), "field 'otp' is missing"),
        (VERIFY, json!({"otp": 123456}), "field 'otp' must be 6 digits"),
        (VERIFY, json!({"otp": "12345"}), "field 'otp' must be 6 digits"),
        (VERIFY, json!({"otp": "12345a"}), "field 'otp' must be 6 digits"),
    ] {
        failed(&page.call(path, body).await, 400, error, "invalid_request_body", json!({}));
    }
}

#[tokio::test(start_paused = true)]
async fn is_not_asked_for_before_the_trigger() {
    let bench = sandbox().await;
    let mut first = CallingPage::new(&bench, asked()).await;
    first.get().await;
    let mut second = CallingPage::new(&bench, asked()).await;
    assert_eq!(second.get().await["resumeAt"], "phone");
    // This save brings the journey to the trigger.
    result(&second.put(0, json!({"phone": {"action": "put"}})).await);
    let refused = second.call(PUT, json!({"revision": 1, "modules": {}})).await;
    failed(&refused, 401, "The code is required first", "auth_required", json!({}));
    assert_eq!(result(&second.call(GET, json!({})).await)["authRequired"], true);
}

#[tokio::test(start_paused = true)]
async fn without_a_proved_contact_there_is_no_way() {
    let bench = sandbox().await;
    let unknown = json!({"authenticateOnResume": "yes"});
    let mut page = CallingPage::new(&bench, unknown).await;
    page.save(&["phone"]).await;
    assert_eq!(page.get().await, json!({"authRequired": true, "channels": [], "maskedContact": null}));
    let error = "field 'channel' must be one with a contact: none was proved in this journey";
    failed(&page.call(SEND, json!({"channel": "mobile"})).await, 400, error, "invalid_request_body", json!({}));
}
