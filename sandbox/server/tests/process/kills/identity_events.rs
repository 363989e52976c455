//! Events of enrolled identities reach the webhook in order over a kill. Several identities change to the same numbers.

use std::collections::BTreeSet;

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::receiver::WebhookReceiver;
use super::relying_party::{JsonResponse, RelyingParty};
use crate::running::PATIENCE;

const CHANGE: &str = "PHONE_NUMBER_CHANGE";
const KINDS: [&str; 4] = ["PORT", "LINE_TYPE_CHANGE", CHANGE, CHANGE];
/// How many numbers they want to change to.
const WANTED: u32 = 40;

/// Something that happened.
#[derive(Clone)]
struct RequestedEvent {
    kind: &'static str,
    to: Option<String>,
}

#[derive(Default)]
pub(super) struct EventIdentity {
    number: String,
    identity: Option<String>,
    /// What was answered, by the ids of the events.
    told: Vec<(String, RequestedEvent)>,
    /// What was asked for and not answered.
    doing: Option<RequestedEvent>,
}

/// Where news go.
pub(super) async fn set_webhook(party: &RelyingParty, receiver: &WebhookReceiver) {
    let body = json!({"url": receiver.url, "secret": "whsec_0123456789abcdef"});
    assert_eq!(party.call("PUT", "/sandbox/webhook", &body).await.unwrap().status, 200);
}

/// Waits until nothing waits for the webhook any more, and has time pass where that is what it waits for.
pub(super) async fn all_told(party: &RelyingParty) {
    let told = async {
        loop {
            let all = party.call("GET", "/sandbox/webhook/deliveries", &Value::Null).await.unwrap().body;
            let is_in = |state: &str| all.as_array().unwrap().iter().any(|delivery| delivery["state"] == state);
            assert!(!is_in("failed") && !is_in("withdrawn"), "{all}");
            if !is_in("waiting") {
                break;
            }
            party.advance(5).await.unwrap();
        }
    };
    timeout(PATIENCE, told).await.unwrap();
}

/// Looks for all of them, and for all that was answered.
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

    /// Whether it was killed in the middle of something.
    pub(super) fn is_unsure(&self) -> bool {
        self.doing.is_some()
    }

    /// How many events were answered.
    pub(super) fn events(&self) -> usize {
        self.told.len()
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
            let happening = self.doing.insert(RequestedEvent { kind, to }).clone();
            let JsonResponse { status, body } = party.call("POST", "/sandbox/webhook/events", &body).await?;
            self.doing = None;
            match status {
                200 => {
                    self.number = happening.to.clone().unwrap_or_else(|| self.number.clone());
                    self.told.push((body["eventIds"][0].as_str().unwrap().to_owned(), happening));
                }
                400 if happening.to.is_some() => assert!(body["message"].as_str().unwrap().contains("nobody has")),
                _ => panic!("{status}: {body}"),
            }
        }
        Some(())
    }

    /// Looks for all that was answered. Returns the number.
    async fn check(&self, party: &RelyingParty, receiver: &WebhookReceiver) -> Option<String> {
        let id = self.identity.as_ref()?;
        let found = party.call("GET", &format!("/v3/identity/{id}"), &Value::Null).await.unwrap();
        assert_eq!(found.status, 200, "nobody is lost: {}", found.body);
        let number = found.body["phoneNumber"].as_str().unwrap();
        let mut expected: Vec<_> = self.told.iter().map(|(id, happening)| (Some(id), happening)).collect();
        let told = receiver.told_of(id);
        // What was not answered has happened, or not.
        if let Some(doing) = self.doing.as_ref().filter(|_| told.len() > expected.len()) {
            expected.push((None, doing));
        }
        assert_eq!(told.len(), expected.len(), "told: {told:?}");
        for (event, (id, happening)) in told.iter().zip(&expected) {
            assert!(id.is_none_or(|id| event["eventId"] == *id), "in order");
            assert_eq!(event["eventType"], happening.kind);
            assert_eq!(event.get("newPhoneNumber").and_then(Value::as_str), happening.to.as_deref());
        }
        let went_to = expected.iter().rev().find_map(|(_, happening)| happening.to.as_deref());
        assert_eq!(number, went_to.unwrap_or(&self.number), "it is where it was told to be");
        Some(number.to_owned())
    }
}
