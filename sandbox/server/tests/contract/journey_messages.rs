//! What a journey sends: e-mails and SMS in the message list, and events to the webhook. The calls that send them are not here.

use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_protocol::journey::webhooks::{JourneyWebhookEvent, JourneyWebhookEventType, ResetType};
use handset_sandbox::{AppState, Config};
use handset_sandbox_domain::{Channel, Delivery, Message, MessageOrigin, MessagePurpose};
use handset_sandbox_store::{JourneyWrite, MemoryStore, RowChange, Store, TransactionId};
use serde_json::{Value, json};

use crate::support::event_stream::EventStream;
use crate::support::receiver::{ReceiverBehaviour, SECRET, TestReceiver};
use crate::support::webhooks::{deliveries, outcomes, trigger};
use crate::support::{BEGIN, PHONE, TestSandbox, parts};

const EMAIL: &str = "Ada+Work@shop.test";

/// A sandbox and its store, into which the test writes as a journey does.
async fn sandbox() -> (TestSandbox, Arc<MemoryStore>) {
    let (store, (clock, random)) = (Arc::new(MemoryStore::new()), parts());
    let state = AppState::with_store(Config::default(), clock, random, store.clone());
    (TestSandbox::on(state).await, store)
}

fn message(to: &str, channel: Channel, purpose: MessagePurpose) -> Message {
    Message {
        to: to.into(),
        channel,
        purpose,
        text: "The text.".into(),
        project: "default".to_owned(),
        origin: MessageOrigin::Journey { app_id: "sandbox-app".to_owned(), transaction_id: "t-7".to_owned() },
        sent_at: UnixMillis::new(BEGIN),
        expires_at: UnixMillis::new(BEGIN + 1),
    }
}

fn journey_write(messages: Vec<Message>, deliveries: Vec<Delivery>) -> JourneyWrite {
    JourneyWrite {
        id: TransactionId {
            project: "default".to_owned(),
            app_id: "sandbox-app".to_owned(),
            transaction_id: "t-7".to_owned(),
        },
        version: None,
        transaction: RowChange::Keep,
        attempts: None,
        timeline: Vec::new(),
        at: UnixMillis::new(BEGIN),
        messages,
        deliveries,
        erases_messages: false,
    }
}

async fn send(store: &MemoryStore, messages: Vec<Message>) {
    assert!(store.journeys().write(journey_write(messages, Vec::new())).await.unwrap());
}

fn event(event_id: &str, transaction_id: &str, event_type: JourneyWebhookEventType) -> JourneyWebhookEvent {
    JourneyWebhookEvent {
        event_id: event_id.to_owned(),
        event_type,
        event_time: "2027-01-15T08:00:00.000Z".to_owned(),
        app_id: "sandbox-app".to_owned(),
        transaction_id: transaction_id.to_owned(),
        workflow_id: "onboarding".to_owned(),
        status: Some("auto_approved".to_owned()),
        previous_status: None,
        reviewer_id: None,
        reset_type: None,
        module_id: None,
    }
}

/// Enqueues events, and makes the dispatcher look.
async fn enqueue(bench: &TestSandbox, store: &MemoryStore, events: Vec<JourneyWebhookEvent>) {
    let deliveries = events.into_iter().map(|event| Delivery::of_journey(event, "default", UnixMillis::new(BEGIN)));
    assert!(store.journeys().write(journey_write(Vec::new(), deliveries.collect())).await.unwrap());
    trigger(bench, json!({"type": "TEST"})).await;
}

#[tokio::test(start_paused = true)]
async fn an_email_is_in_the_message_list_with_its_code_or_link() {
    let (bench, store) = sandbox().await;
    let mut events = EventStream::open(&bench, "/sandbox/messages/stream?to=ada%2Bwork@shop.test", None).await;
    let link = MessagePurpose::Link("http://l.test/h".into());
    send(
        &store,
        vec![
            message(EMAIL, Channel::Email, MessagePurpose::Otp("1234".into())),
            message(PHONE, Channel::Mobile, MessagePurpose::Otp("5678".into())),
            message(EMAIL, Channel::Email, link.clone()),
            message(PHONE, Channel::Mobile, link),
        ],
    )
    .await;
    let all = bench.messages().await;
    assert_eq!(
        all[0],
        json!({
            "id": all[0]["id"], "to": EMAIL, "kind": "email", "text": "The text.", "code": "1234",
            "appId": "sandbox-app", "transactionId": "t-7", "sentAt": BEGIN, "expiresAt": BEGIN + 1,
        })
    );
    let part = |message: &Value| (message["kind"].clone(), message["code"].clone(), message["url"].clone());
    assert_eq!(part(&all[1]), (json!("otp"), json!("5678"), json!(null)));
    assert_eq!(part(&all[2]), (json!("email"), json!(null), json!("http://l.test/h")));
    assert_eq!(part(&all[3]), (json!("link"), json!(null), json!("http://l.test/h")));
    for to in ["Ada%2BWork@shop.test", "ada+work%40SHOP.TEST"] {
        let found = bench.get(&format!("/sandbox/messages?to={to}&wait=30")).await.json();
        assert_eq!(found, json!([all[0], all[2]]), "{to}");
    }
    assert_eq!(bench.get(&format!("/sandbox/messages?to={PHONE}")).await.json(), json!([all[1], all[3]]));
    assert_eq!(bench.get("/sandbox/messages?to=ada@shop.test").await.json(), json!([]));
    assert_eq!(events.next().await.unwrap().1, all[0]);
    assert_eq!(events.next().await.unwrap().1, all[2]);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_session_names_the_session_alone() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench.page(&started, "mobile/otp/start", json!({})).await;
    let message = bench.messages().await.remove(0);
    assert_eq!(message["authId"], bench.session(&started).await["authId"]);
    assert_eq!((message.get("appId"), message.get("transactionId")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_journey_is_the_body_of_a_signed_request() {
    let (bench, store) = sandbox().await;
    let mut receiver = TestReceiver::set(&bench).await;
    let reset = JourneyWebhookEvent {
        status: None,
        previous_status: Some("needs_review".to_owned()),
        reviewer_id: Some("reviewer-7".to_owned()),
        reset_type: Some(ResetType::ResetFromSpecificStep),
        module_id: Some("selfie".to_owned()),
        ..event("e-1", "t-7", JourneyWebhookEventType::ApplicationStateReset)
    };
    enqueue(&bench, &store, vec![reset]).await;
    let mut received = [receiver.next().await, receiver.next().await];
    received.sort_by_key(|webhook| webhook.body.is_array());
    let [of_journey, test] = received;
    let body = json!({
        "eventId": "e-1", "eventType": "APPLICATION_STATE_RESET", "eventTime": "2027-01-15T08:00:00.000Z",
        "appId": "sandbox-app", "transactionId": "t-7", "workflowId": "onboarding",
        "previousStatus": "needs_review", "reviewerId": "reviewer-7", "resetType": "RESET_FROM_SPECIFIC_STEP",
        "moduleId": "selfie",
    });
    assert_eq!(of_journey.body, body);
    assert_eq!(test.kind(), "TEST");
    assert!(of_journey.claims(SECRET).is_some(), "signed as every other");
    let recorded = loop {
        let all = deliveries(&bench).await;
        if all.iter().all(|delivery| delivery["status"] == "delivered") {
            break all;
        }
        tokio::task::yield_now().await;
    };
    let recorded = recorded.iter().find(|delivery| delivery["events"][0]["eventId"] == "e-1").unwrap();
    assert_eq!((&recorded["events"], outcomes(recorded)), (&json!([body]), vec![("accepted", Some(204))]));
}

#[tokio::test(start_paused = true)]
async fn the_events_of_a_transaction_are_sent_in_order_also_after_a_retry() {
    let (bench, store) = sandbox().await;
    let mut receiver = TestReceiver::set(&bench).await;
    receiver.will([ReceiverBehaviour::Status(500)]);
    let of = |event_id: &str, transaction_id: &str| {
        event(event_id, transaction_id, JourneyWebhookEventType::JourneyFinished)
    };
    enqueue(&bench, &store, vec![of("a-1", "a"), of("a-2", "a"), of("b-1", "b")]).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let body = receiver.next().await.body;
        ids.extend(body["eventId"].as_str().map(str::to_owned));
    }
    let of_a: Vec<_> = ids.iter().filter(|id| id.starts_with('a')).collect();
    assert_eq!(of_a, ["a-1", "a-1", "a-2"], "{ids:?}");
    assert!(ids.iter().position(|id| id == "b-1") < ids.iter().rposition(|id| id == "a-1"), "another does not wait");
}
