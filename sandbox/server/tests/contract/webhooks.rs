//! Webhooks: events, signatures, retries and their order. Restarts are in the process tests, the example receiver in
//! tests/e2e.

use std::time::Duration;

use handset_sandbox::Config;
use handset_sandbox_domain::{Person, Phone};
use serde_json::json;

use crate::support::receiver::{ReceiverBehaviour, SECRET, TestReceiver};
use crate::support::webhooks::{
    deliveries, enroll, finished_delivery, now, outcomes, trigger, trigger_sent, trigger_suppressed,
};
use crate::support::{BEGIN, OTHER_PHONE, PHONE, TestSandbox};

#[tokio::test(start_paused = true)]
async fn are_signed_posts_of_a_list_of_events() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    let identity_id = enroll(&bench, PHONE).await;
    // What a receiver judges by is its own clock, wherever that of the project is.
    bench.post("/sandbox/clock", None, r#"{"advanceSeconds":3000}"#).await;
    let event_id = trigger_sent(&bench, "PORT", PHONE).await;
    let got = receiver.next().await;
    let event = json!({
        "eventId": event_id,
        "eventType": "PORT",
        "description": "The phone number went to another carrier.",
        "identityId": identity_id,
        "clientCustomerId": "customer-7",
        "phoneNumber": PHONE,
        "sentAt": BEGIN + 3_000_000,
    });
    assert_eq!(got.body, json!([event]));
    assert_eq!((got.target.as_str(), got.header("host")), ("/hook?of=sandbox", "receiver.test:3000"));
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(uuid::Uuid::parse_str(got.header("x-correlation-id")).unwrap().get_version_num(), 4);
    let claims = got.claims(SECRET).unwrap();
    assert_eq!(claims, json!({"iss": "Prove Identity", "iat": BEGIN / 1000, "exp": BEGIN / 1000 + 60}));
    let header =
        jsonwebtoken::decode_header(got.header("x-prove-authorization").trim_start_matches("Bearer ")).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::HS256);
    assert_eq!(got.claims(SECRET.trim_start_matches("whsec_")), None, "the whole text signs");
    assert_eq!(got.claims("whsec_c2FuZGJveC10ZXN0LXNlY3JldA"), None);
    assert_eq!(receiver.called(), [("receiver.test".to_owned(), 3000)]);
}

#[tokio::test(start_paused = true)]
async fn are_tried_three_times_with_pauses() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    enroll(&bench, PHONE).await;
    receiver.will([
        ReceiverBehaviour::Status(500),
        ReceiverBehaviour::Away,
        ReceiverBehaviour::Status(404),
        ReceiverBehaviour::Away,
    ]);
    let event_id = trigger_sent(&bench, "PORT", PHONE).await;
    let first = receiver.next().await;
    let waiting = &deliveries(&bench).await[0];
    assert_eq!((&waiting["status"], now(&bench).await), (&json!("pending"), BEGIN));
    // The second finds nobody.
    let third = receiver.next().await;
    assert_eq!((first.event_id(), third.event_id()), (event_id.as_str(), event_id.as_str()));
    assert_eq!(first.body, third.body, "the same each time");
    assert_ne!(first.header("x-correlation-id"), third.header("x-correlation-id"), "a name for each attempt");
    assert_ne!(first.claims(SECRET).unwrap()["exp"], third.claims(SECRET).unwrap()["exp"], "a fresh token");
    let delivery = finished_delivery(&bench).await;
    assert_eq!(delivery["status"], "failed");
    assert_eq!(outcomes(&delivery), [("rejected", Some(500)), ("unreachable", None), ("rejected", Some(404))]);
    let at: Vec<_> = delivery["attempts"].as_array().unwrap().iter().map(|one| one["at"].as_i64().unwrap()).collect();
    assert_eq!(at, [BEGIN, BEGIN + 5_000, BEGIN + 30_000]);
    bench.pass_ms(3_600_000).await;
    assert!(receiver.is_quiet());
    assert_eq!(receiver.called().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn are_repeated_when_their_reply_is_lost_or_late() {
    for manner in [ReceiverBehaviour::Lose, ReceiverBehaviour::Hang] {
        let bench = TestSandbox::new().await;
        let mut receiver = TestReceiver::set(&bench).await;
        enroll(&bench, PHONE).await;
        let (outcome, late_ms): (_, i64) =
            if matches!(manner, ReceiverBehaviour::Hang) { ("timed_out", 5_000) } else { ("connection_lost", 0) };
        receiver.will([manner]);
        let event_id = trigger_sent(&bench, "DISCONNECT", PHONE).await;
        let first = receiver.next().await;
        assert_eq!(first.event_id(), event_id);
        if late_ms > 0 {
            tokio::time::sleep(Duration::from_millis(late_ms.unsigned_abs() + 1)).await;
        }
        while deliveries(&bench).await[0]["attempts"].as_array().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        // Moving the clock is enough to have it tried again.
        bench.post("/sandbox/clock", None, r#"{"advanceSeconds":5}"#).await;
        let second = receiver.next().await;
        assert_eq!(second.body, first.body);
        let delivery = finished_delivery(&bench).await;
        assert_eq!(delivery["status"], "delivered");
        assert_eq!(outcomes(&delivery), [(outcome, None), ("accepted", Some(204))]);
        let late = delivery["attempts"][1]["at"].as_i64().unwrap() - BEGIN - 5_000;
        assert!((late_ms..late_ms + 5).contains(&late), "{late}");
    }
}

#[tokio::test(start_paused = true)]
async fn follow_no_redirect() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    enroll(&bench, PHONE).await;
    receiver.will([ReceiverBehaviour::Redirect]);
    trigger_sent(&bench, "PORT", PHONE).await;
    for _ in 0..2 {
        receiver.next().await;
    }
    assert_eq!(outcomes(&finished_delivery(&bench).await), [("rejected", Some(307)), ("accepted", Some(204))]);
    assert_eq!(receiver.called(), vec![("receiver.test".to_owned(), 3000); 2]);
}

#[tokio::test(start_paused = true)]
async fn carry_each_type_of_event() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    for kind in ["PORT", "LINE_TYPE_CHANGE", "DISCONNECT", "MOVED_OUT_OF_COVERAGE"] {
        let identity_id = enroll(&bench, PHONE).await;
        let before = bench.request_as("sandbox", "GET", &format!("/v3/identity/{identity_id}"), None).await.json();
        let answer = trigger(&bench, json!({"type": kind, "identityId": identity_id})).await.json();
        let got = receiver.next().await;
        assert_eq!((got.kind(), got.event_id()), (kind, answer["eventIds"][0].as_str().unwrap()));
        assert!(got.event().get("newPhoneNumber").is_none());
        let after = bench.request_as("sandbox", "GET", &format!("/v3/identity/{identity_id}"), None).await.json();
        let changed: Vec<_> =
            before.as_object().unwrap().iter().filter(|(key, value)| after[*key] != **value).collect();
        let changed: Vec<_> = changed.iter().map(|(key, _)| key.as_str()).collect();
        let expected: &[&str] = match kind {
            "PORT" => &["carrier"],
            "LINE_TYPE_CHANGE" => &["lineType"],
            _ => &[],
        };
        assert_eq!(changed, expected, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn change_the_number_in_the_store() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    let identity_id = enroll(&bench, PHONE).await;
    let body = json!({"type": "PHONE_NUMBER_CHANGE", "phoneNumber": PHONE, "newPhoneNumber": OTHER_PHONE});
    assert_eq!(trigger(&bench, body.clone()).await.json()["isSent"], true);
    let got = receiver.next().await;
    assert_eq!(got.kind(), "PHONE_NUMBER_CHANGE");
    let event = got.event();
    let told = (&event["identityId"], &event["phoneNumber"], &event["newPhoneNumber"]);
    assert_eq!(told, (&json!(identity_id), &json!(PHONE), &json!(OTHER_PHONE)));
    let lookup = async |phone: &str| {
        bench.request_as("sandbox", "GET", &format!("/v3/identity/{phone}/lookup"), None).await.json()
    };
    assert_eq!(lookup(PHONE).await, json!({"results": []}));
    assert_eq!(lookup(OTHER_PHONE).await["results"][0]["identityId"], json!(identity_id));
    let one = bench.request_as("sandbox", "GET", &format!("/v3/identity/{identity_id}"), None).await.json();
    assert_eq!((&one["phoneNumber"], &one["clientCustomerId"]), (&json!(OTHER_PHONE), &json!("customer-7")));
    let listed = bench.request_as("sandbox", "GET", "/v3/identity", None).await.json();
    assert_eq!(listed["results"].as_array().unwrap().len(), 1);
    // The old number is free, the new one is not.
    assert_eq!(trigger(&bench, body).await.status, 404);
    assert_ne!(enroll(&bench, PHONE).await, identity_id);
    for (from, to) in [(PHONE, OTHER_PHONE), (OTHER_PHONE, OTHER_PHONE), (OTHER_PHONE, "+15005550007")] {
        let body = json!({"type": "PHONE_NUMBER_CHANGE", "phoneNumber": from, "newPhoneNumber": to});
        let answer = trigger(&bench, body).await;
        answer.refused(400, 8001, "field 'newPhoneNumber' must be a number that no identity has");
    }
    // What happens next happens to the new number.
    trigger_sent(&bench, "PORT", OTHER_PHONE).await;
    assert_eq!(receiver.next().await.event()["phoneNumber"], OTHER_PHONE);
}

#[tokio::test(start_paused = true)]
async fn of_changes_to_one_number_at_once_one_is_sent() {
    const WANTED: &str = "+15005550010";
    for round in 0..8 {
        let bench = TestSandbox::yielding().await;
        let mut receiver = TestReceiver::set(&bench).await;
        let identities = [enroll(&bench, PHONE).await, enroll(&bench, OTHER_PHONE).await];
        let change = async |phone: &str, turns: usize| {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            let body = json!({"type": "PHONE_NUMBER_CHANGE", "phoneNumber": phone, "newPhoneNumber": WANTED});
            trigger(&bench, body).await
        };
        let enrolled = async {
            bench.call("/v3/identity", json!({"phoneNumber": "5005550011"})).await;
        };
        let (one, other, ()) = tokio::join!(change(PHONE, 0), change(OTHER_PHONE, round), enrolled);
        let (told, refused) = if one.status == 200 { (&one, &other) } else { (&other, &one) };
        assert_eq!(told.json()["isSent"], true, "{round}: {}", told.text);
        refused.refused(400, 8001, "field 'newPhoneNumber' must be a number that no identity has");
        let got = receiver.next().await;
        assert_eq!(got.event_id(), told.json()["eventIds"][0].as_str().unwrap());
        let mut numbers = Vec::new();
        for id in &identities {
            let one = bench.request_as("sandbox", "GET", &format!("/v3/identity/{id}"), None).await;
            assert_eq!(one.status, 200, "{round}: nobody is lost");
            numbers.push(one.json()["phoneNumber"].as_str().unwrap().to_owned());
        }
        let moved = if one.status == 200 { [WANTED, OTHER_PHONE] } else { [PHONE, WANTED] };
        assert_eq!(numbers, moved, "{round}");
        bench.pass_ms(60_000).await;
        assert!(receiver.is_quiet(), "a refused trigger sends nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn come_one_after_the_other_for_an_identity() {
    let bench = TestSandbox::new().await;
    let mut receiver = TestReceiver::set(&bench).await;
    enroll(&bench, PHONE).await;
    enroll(&bench, OTHER_PHONE).await;
    receiver.will([ReceiverBehaviour::Status(500), ReceiverBehaviour::Status(204), ReceiverBehaviour::Status(500)]);
    trigger_sent(&bench, "PORT", PHONE).await;
    let moved = json!({"type": "PHONE_NUMBER_CHANGE", "phoneNumber": PHONE, "newPhoneNumber": "5005550008"});
    assert_eq!(trigger(&bench, moved).await.json()["isSent"], true);
    trigger_sent(&bench, "DISCONNECT", "5005550008").await;
    trigger_sent(&bench, "LINE_TYPE_CHANGE", OTHER_PHONE).await;
    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(receiver.next().await.kind().to_owned());
    }
    // Another identity does not wait.
    let of_other = told.remove(1);
    assert_eq!(of_other, "LINE_TYPE_CHANGE");
    assert_eq!(told, ["PORT", "PORT", "PORT", "PHONE_NUMBER_CHANGE", "DISCONNECT"]);
    while deliveries(&bench).await.iter().any(|delivery| delivery["status"] != "delivered") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn end_after_the_last_event_until_the_identity_is_enrolled_or_verified_again() {
    for (last, reason) in [("DISCONNECT", "disconnected"), ("MOVED_OUT_OF_COVERAGE", "moved_out_of_coverage")] {
        let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
        let mut receiver = TestReceiver::set(&bench).await;
        let identity_id = enroll(&bench, PHONE).await;
        trigger_sent(&bench, last, PHONE).await;
        assert_eq!(receiver.next().await.kind(), last);
        for kind in ["PORT", last] {
            assert_eq!(trigger_suppressed(&bench, kind, PHONE).await, reason);
        }
        bench.call(&format!("/v3/identity/{identity_id}/activate"), json!({})).await;
        assert_eq!(trigger_suppressed(&bench, "PORT", PHONE).await, reason, "activating it is not enrolling it");
        assert_eq!(enroll(&bench, PHONE).await, identity_id);
        trigger_sent(&bench, last, PHONE).await;
        assert_eq!(receiver.next().await.kind(), last);
        // By a verification.
        let owner = Person::owner_of(&Phone::parse(&PHONE.into()).unwrap());
        let body = json!({
            "possessionType": "none", "phoneNumber": PHONE, "firstName": owner.first_name, "lastName": owner.last_name,
        });
        assert_eq!(bench.call("/v3/verify", body).await.json()["success"], "true");
        trigger_sent(&bench, "PORT", PHONE).await;
        assert_eq!(receiver.next().await.kind(), "PORT");
        bench.pass_ms(3_600_000).await;
        assert!(receiver.is_quiet());
    }
}

#[tokio::test(start_paused = true)]
async fn end_with_deactivating_and_deleting() {
    for (method, what, reason) in [("POST", "/deactivate", "inactive"), ("DELETE", "", "identity_deleted")] {
        let bench = TestSandbox::new().await;
        let mut receiver = TestReceiver::set(&bench).await;
        let identity_id = enroll(&bench, PHONE).await;
        receiver.will([ReceiverBehaviour::Status(500)]);
        trigger_sent(&bench, "PORT", PHONE).await;
        receiver.next().await;
        let uri = format!("/v3/identity/{identity_id}{what}");
        assert_eq!(bench.request_as("sandbox", method, &uri, None).await.status, 200);
        match reason {
            "inactive" => assert_eq!(trigger_suppressed(&bench, "LINE_TYPE_CHANGE", PHONE).await, reason),
            _ => assert_eq!(trigger(&bench, json!({"type": "PORT", "phoneNumber": PHONE})).await.status, 404),
        }
        bench.pass_ms(600_000).await;
        let delivery = finished_delivery(&bench).await;
        assert_eq!((&delivery["status"], &delivery["reason"]), (&json!("cancelled"), &json!(reason)));
        assert!(receiver.is_quiet(), "not even another attempt");
        assert_eq!(enroll(&bench, PHONE).await == identity_id, reason == "inactive");
        trigger_sent(&bench, "PORT", PHONE).await;
        assert_eq!(receiver.next().await.kind(), "PORT");
    }
}
