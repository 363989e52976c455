//! Events of enrolled identities reach the webhook in order over a kill. Several identities change to the same numbers.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::receiver::WebhookReceiver;
use super::relying_party::{JsonResponse, RelyingParty};
use crate::running::PATIENCE;

const CHANGE: &str = "PHONE_NUMBER_CHANGE";
const KINDS: [&str; 4] = ["PORT", "LINE_TYPE_CHANGE", CHANGE, CHANGE];
/// How many numbers the identities change to.
const WANTED: u32 = 40;

/// An event that the test triggers.
#[derive(Clone)]
struct RequestedEvent {
    kind: &'static str,
    to: Option<String>,
}

#[derive(Default)]
pub(super) struct EventIdentity {
    number: String,
    identity: Option<String>,
    /// The events that were answered, by their ids.
    triggered: Vec<(String, RequestedEvent)>,
    /// The request that has no response yet.
    doing: Option<RequestedEvent>,
}

/// Sets the project's webhook to the receiver.
pub(super) async fn set_webhook(party: &RelyingParty, receiver: &WebhookReceiver) {
    let body = json!({"url": receiver.url, "secret": "whsec_0123456789abcdef"});
    assert_eq!(party.call("PUT", "/sandbox/webhook", &body).await.unwrap().status, 200);
}

/// Waits until no delivery is pending. Moves the clock, as retries wait for it.
pub(super) async fn all_finished(party: &RelyingParty) {
    let finished = async {
        loop {
            let all = party.call("GET", "/sandbox/webhook/deliveries", &Value::Null).await.unwrap().body;
            let is_in = |status: &str| all.as_array().unwrap().iter().any(|delivery| delivery["status"] == status);
            assert!(!is_in("failed") && !is_in("cancelled"), "{all}");
            if !is_in("pending") {
                break;
            }
            party.advance(Duration::from_secs(5)).await.unwrap();
        }
    };
    timeout(PATIENCE, finished).await.unwrap();
}

/// Checks every identity and every answered event.
pub(super) async fn check(members: &[EventIdentity], party: &RelyingParty, receiver: &WebhookReceiver) {
    let mut numbers = BTreeSet::new();
    for member in members {
        if let Some(number) = member.check(party, receiver).await {
            assert!(numbers.insert(number), "two have the same number");
        }
    }
}

impl EventIdentity {
    pub(super) fn of(number: String) -> Self {
        Self { number, ..Self::default() }
    }

    /// Whether a request was under way at the kill.
    pub(super) fn is_unsure(&self) -> bool {
        self.doing.is_some()
    }

    /// How many events were answered.
    pub(super) fn events(&self) -> usize {
        self.triggered.len()
    }

    /// `None`: the sandbox is gone.
    pub(super) async fn run(&mut self, party: &RelyingParty, chance: &mut StdRng) -> Option<()> {
        let reply = party.post("/v3/identity", json!({"phoneNumber": self.number})).await?;
        let id = self.identity.insert(reply["identityId"].as_str().unwrap().to_owned()).clone();
        for _ in 0..chance.random_range(1..=3) {
            let kind = KINDS[chance.random_range(0..KINDS.len())];
            let to = (kind == CHANGE).then(|| format!("+4916{:09}", chance.random_range(0..WANTED)));
            let mut body = json!({"type": kind, "identityId": id});
            if let Some(to) = &to {
                body["newPhoneNumber"] = json!(to);
            }
            let event = self.doing.insert(RequestedEvent { kind, to }).clone();
            let JsonResponse { status, body } = party.call("POST", "/sandbox/webhook/events", &body).await?;
            self.doing = None;
            match status {
                200 => {
                    self.number = event.to.clone().unwrap_or_else(|| self.number.clone());
                    self.triggered.push((body["eventIds"][0].as_str().unwrap().to_owned(), event));
                }
                400 if event.to.is_some() => assert!(body["message"].as_str().unwrap().contains("no identity has")),
                _ => panic!("{status}: {body}"),
            }
        }
        Some(())
    }

    /// Checks every answered event. Returns the number.
    async fn check(&self, party: &RelyingParty, receiver: &WebhookReceiver) -> Option<String> {
        let id = self.identity.as_ref()?;
        let found = party.call("GET", &format!("/v3/identity/{id}"), &Value::Null).await.unwrap();
        assert_eq!(found.status, 200, "nobody is lost: {}", found.body);
        let number = found.body["phoneNumber"].as_str().unwrap();
        let mut expected: Vec<_> = self.triggered.iter().map(|(id, event)| (Some(id), event)).collect();
        let accepted = receiver.accepted_of(id);
        // An unanswered event was applied, or not.
        if let Some(doing) = self.doing.as_ref().filter(|_| accepted.len() > expected.len()) {
            expected.push((None, doing));
        }
        assert_eq!(accepted.len(), expected.len(), "accepted: {accepted:?}");
        for (sent, (id, event)) in accepted.iter().zip(&expected) {
            assert!(id.is_none_or(|id| sent["eventId"] == *id), "in order");
            assert_eq!(sent["eventType"], event.kind);
            assert_eq!(sent.get("newPhoneNumber").and_then(Value::as_str), event.to.as_deref());
        }
        let went_to = expected.iter().rev().find_map(|(_, event)| event.to.as_deref());
        assert_eq!(number, went_to.unwrap_or(&self.number), "the identity has its last number");
        Some(number.to_owned())
    }
}
