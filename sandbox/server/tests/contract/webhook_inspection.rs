//! Webhooks in the inspection: settings, triggers and the record of deliveries.

use std::sync::Arc;

use handset_sandbox::Config;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::receiver::{ReceivedWebhook, ReceiverBehaviour, SECRET, TestReceiver, URL};
use crate::support::webhooks::{deliveries, enroll, finished_delivery, now, trigger, trigger_sent, trigger_suppressed};
use crate::support::{BEGIN, PHONE, TestSandbox};

#[tokio::test(start_paused = true)]
async fn are_set_in_the_settings_or_by_request() {
    let settings = format!("[webhook]\nurl = 'http://settings.test/a'\nsecret = '{SECRET}'\ntimeout_seconds = 2");
    let bench = TestSandbox::with(Config::from_toml(&settings).unwrap()).await;
    let mut receiver = TestReceiver::of(&bench);
    enroll(&bench, PHONE).await;
    assert_eq!(bench.get("/sandbox/webhook").await.json(), json!({"url": "http://settings.test/a"}));
    receiver.will([ReceiverBehaviour::Hang]);
    trigger_sent(&bench, "PORT", PHONE).await;
    assert!(receiver.next().await.claims(SECRET).is_some());
    let again = receiver.next().await;
    assert_eq!(now(&bench).await, BEGIN + 7_000, "2 s without a reply, 5 s of pause");
    assert_eq!(again.header("host"), "settings.test");
    // A webhook of its own; without a secret in the request one is generated, and returned once.
    let told = bench.put("/sandbox/webhook", &json!({"url": URL})).await.json();
    let secret = told["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 38, "whsec_ and 32 digits");
    assert_eq!(bench.get("/sandbox/webhook").await.json(), json!({"url": URL}));
    trigger_sent(&bench, "PORT", PHONE).await;
    let got = receiver.next().await;
    assert!(got.claims(secret).is_some() && got.claims(SECRET).is_none());
    assert_eq!(got.header("host"), "receiver.test:3000");
    // None.
    assert_eq!(bench.delete("/sandbox/webhook").await.status, 204);
    bench.get("/sandbox/webhook").await.refused(404, 404, "no webhook is set");
    assert_eq!(trigger_suppressed(&bench, "PORT", PHONE).await, "no_webhook");
    // Back to the settings.
    assert_eq!(bench.post("/sandbox/reset", None, "{}").await.status, 204);
    assert_eq!(bench.get("/sandbox/webhook").await.json(), json!({"url": "http://settings.test/a"}));
}

#[tokio::test(start_paused = true)]
async fn refuse_bad_settings_by_name() {
    let bench = TestSandbox::new().await;
    bench.get("/sandbox/webhook").await.refused(404, 404, "no webhook is set");
    let url = "field 'url' must be an http or https URL of at most 2000 characters, without user, password or fragment";
    let secret = "field 'secret' must be whsec_ and 16 to 250 printable characters without blanks";
    for (body, message) in [
        (json!({}), "field 'url' is missing"),
        (json!({"url": 7}), "field 'url' must be a string"),
        (json!({"url": "ftp://a.test"}), url),
        (json!({"url": "http://user:word@a.test"}), url),
        (json!({"url": URL, "secret": "whsec_short"}), secret),
        (json!({"url": URL, "secret": ""}), secret),
        (json!({"url": URL, "secret": 7}), "field 'secret' must be a string"),
    ] {
        bench.put("/sandbox/webhook", &body).await.refused(400, 8001, message);
    }
    assert_eq!(bench.get("/sandbox/webhook").await.status, 404, "nothing was set");
}

#[tokio::test(start_paused = true)]
async fn refuse_bad_triggers_by_name() {
    let bench = TestSandbox::with(Config { strict_test_users: true, ..Config::default() }).await;
    let merla = "2001004031";
    let identity_id = enroll(&bench, merla).await;
    let change = "PHONE_NUMBER_CHANGE";
    let number = "a phone number: ten digits for the US and Canada, else + and the country code";
    let kinds = "field 'type' must be 'PHONE_NUMBER_CHANGE', 'DISCONNECT', 'PORT', 'LINE_TYPE_CHANGE', \
                 'MOVED_OUT_OF_COVERAGE' or 'TEST'";
    for (body, message) in [
        (json!({}), "field 'type' is missing"),
        (json!({"type": "port", "phoneNumber": merla}), kinds),
        (json!({"type": 7}), kinds),
        (json!({"type": "PORT"}), "field 'phoneNumber' is missing"),
        (json!({"type": "PORT", "phoneNumber": "x"}), &format!("field 'phoneNumber' must be {number}")),
        (
            json!({"type": "PORT", "phoneNumber": merla, "identityId": identity_id}),
            "fields 'phoneNumber' and 'identityId' exclude each other",
        ),
        (json!({"type": change, "phoneNumber": merla}), "field 'newPhoneNumber' is missing"),
        (
            json!({"type": change, "phoneNumber": merla, "newPhoneNumber": "x"}),
            &format!("field 'newPhoneNumber' must be {number}"),
        ),
        (
            json!({"type": "PORT", "phoneNumber": merla, "newPhoneNumber": PHONE}),
            "field 'newPhoneNumber' goes with PHONE_NUMBER_CHANGE only",
        ),
        (json!({"type": "TEST", "count": 0}), "field 'count' must be a whole number, 1 to 100"),
        (json!({"type": "TEST", "count": 101}), "field 'count' must be a whole number, 1 to 100"),
    ] {
        trigger(&bench, body).await.refused(400, 8001, message);
    }
    let strict = json!({"type": change, "phoneNumber": merla, "newPhoneNumber": PHONE});
    trigger(&bench, strict).await.refused(400, 8007, "no test user found matching the phone number");
    for body in [json!({"type": "PORT", "phoneNumber": PHONE}), json!({"type": "PORT", "identityId": "nobody"})] {
        trigger(&bench, body).await.refused(404, 404, "no such identity");
    }
}

#[tokio::test(start_paused = true)]
async fn can_be_tried_by_test_events() {
    let bench = TestSandbox::new().await;
    assert_eq!(trigger(&bench, json!({"type": "TEST"})).await.json(), json!({"isSent": false, "reason": "no_webhook"}));
    let mut receiver = TestReceiver::set(&bench).await;
    receiver.will([ReceiverBehaviour::Status(500)]);
    let reply = trigger(&bench, json!({"type": "TEST", "count": 3})).await.json();
    let first = receiver.next().await;
    let second = receiver.next().await;
    assert_eq!(first.body, second.body, "tried as any other");
    let ids: Vec<_> = first.body.as_array().unwrap().iter().map(|event| event["eventId"].clone()).collect();
    assert_eq!((reply["eventIds"].as_array(), ids.len()), (Some(&ids), 3), "in one request");
    assert_eq!((&first.body[0]["eventType"], &first.body[0]["phoneNumber"]), (&json!("TEST"), &json!("+12025550100")));
    trigger(&bench, json!({"type": "TEST"})).await;
    assert_eq!(receiver.next().await.body.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn show_their_deliveries_and_no_secret() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    assert_eq!(deliveries(&bench).await, [] as [Value; 0]);
    let identity_id = enroll(&bench, PHONE).await;
    receiver.will([ReceiverBehaviour::Status(503)]);
    trigger_sent(&bench, "PORT", PHONE).await;
    let first = receiver.next().await;
    while deliveries(&bench).await[0]["attempts"].as_array().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let attempt = |got: &ReceivedWebhook, ms: i64, outcome: &str, status: u16| {
        let correlation_id = got.header("x-correlation-id");
        json!({"at": BEGIN + ms, "correlationId": correlation_id, "outcome": outcome, "statusCode": status})
    };
    let mut expected = json!({
        "status": "pending",
        "nextAttemptAt": BEGIN + 5_000,
        "events": first.body,
        "attempts": [attempt(&first, 0, "rejected", 503)],
    });
    assert_eq!(deliveries(&bench).await, std::slice::from_ref(&expected));
    let second = receiver.next().await;
    finished_delivery(&bench).await;
    expected["status"] = json!("delivered");
    expected.as_object_mut().unwrap().remove("nextAttemptAt");
    expected["attempts"] = json!([attempt(&first, 0, "rejected", 503), attempt(&second, 5_000, "accepted", 204)]);
    assert_eq!(deliveries(&bench).await, [expected]);
    for uri in ["/sandbox/webhook", "/sandbox/webhook/deliveries", &format!("/v3/identity/{identity_id}")] {
        let text = bench.request_as("sandbox", "GET", uri, None).await.text;
        for secret in [SECRET, second.header("x-prove-authorization")] {
            assert!(!text.contains(secret), "{uri}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn are_kept_apart_by_project() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    enroll(&bench, PHONE).await;
    let other = |path: &str| format!("{path}?project=other");
    bench.get(&other("/sandbox/webhook")).await.refused(404, 404, "no webhook is set");
    bench.put(&other("/sandbox/webhook"), &json!({"url": "http://other.test/", "secret": SECRET})).await;
    let body = json!({"type": "PORT", "phoneNumber": PHONE}).to_string();
    assert_eq!(bench.post(&other("/sandbox/webhook/events"), None, &body).await.status, 404);
    bench.call(&other("/v3/identity"), json!({"phoneNumber": PHONE})).await;
    bench.post(&other("/sandbox/webhook/events"), None, &body).await;
    assert_eq!(receiver.next().await.header("host"), "other.test");
    trigger_sent(&bench, "DISCONNECT", PHONE).await;
    assert_eq!(receiver.next().await.header("host"), "receiver.test:3000");
    assert_eq!(finished_delivery(&bench).await["events"][0]["eventType"], "DISCONNECT");
    let of_other = bench.get(&other("/sandbox/webhook/deliveries")).await.json();
    assert_eq!((of_other.as_array().unwrap().len(), &of_other[0]["events"][0]["eventType"]), (1, &json!("PORT")));
    bench.post(&other("/sandbox/reset"), None, "{}").await;
    assert_eq!(bench.get("/sandbox/webhook").await.json()["url"], URL);
    assert_eq!(deliveries(&bench).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn are_deleted_by_reset() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    enroll(&bench, PHONE).await;
    trigger_sent(&bench, "LINE_TYPE_CHANGE", PHONE).await;
    receiver.next().await;
    let late = Arc::new(Notify::new());
    receiver.will([ReceiverBehaviour::Status(500), ReceiverBehaviour::Late(late.clone())]);
    trigger(&bench, json!({"type": "TEST"})).await;
    receiver.next().await;
    trigger_sent(&bench, "PORT", PHONE).await;
    receiver.next().await;
    // One waits for its next attempt, the other for a reply.
    assert_eq!(bench.post("/sandbox/reset", None, "{}").await.status, 204);
    late.notify_one();
    bench.get("/sandbox/webhook").await.refused(404, 404, "no webhook is set");
    bench.put("/sandbox/webhook", &json!({"url": URL, "secret": SECRET})).await;
    bench.pass_ms(3_600_000).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(receiver.is_quiet());
    assert_eq!(deliveries(&bench).await, [] as [Value; 0]);
}
