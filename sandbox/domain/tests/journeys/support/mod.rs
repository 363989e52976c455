//! The harness of the tests: transactions of one application with the attempts at its contacts, in virtual time. It reads and
//! writes rows like the server. Workflows are in `workflows`, calls of a page and of a server in `calls`.

pub(crate) mod calls;
mod durations;
pub(crate) mod workflows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handset_protocol::journey::JourneyClaims;
use handset_protocol::journey::webhooks::JourneyWebhookEvent;
use handset_protocol::{Secret, UnixMillis};
use handset_sandbox_domain::{
    CodePurpose, Contact, ContactAttempts, Delivery, ExpireTransaction, JourneyCommand, JourneyInput, JourneyPolicy,
    JourneyRefusal, JourneyState, JourneyTransaction, JourneyTransition, Message, NewJourneyEvent, WebhookPayload,
    Workflow, apply_journey,
};

use workflows::WORKFLOW;

/// The project, the application and the first transaction.
pub(crate) const PROJECT: &str = "default";
pub(crate) const APP: &str = "app";
pub(crate) const TRANSACTION: &str = "tx";
/// The time of the first call: a full second, so that the expiry of tokens is exact.
pub(crate) use durations::{millis, seconds};

pub(crate) const BEGIN: UnixMillis = UnixMillis::new(1_800_000_000_000);

/// The transactions of an application.
#[derive(Clone)]
pub(crate) struct JourneyWorld {
    pub(crate) now: UnixMillis,
    pub(crate) workflows: BTreeMap<String, Arc<Workflow>>,
    pub(crate) policy: JourneyPolicy,
    pub(crate) has_webhook: bool,
    pub(crate) signs: bool,
    /// The transaction of the next calls.
    pub(crate) current: String,
    pub(crate) transactions: BTreeMap<String, JourneyTransaction>,
    pub(crate) attempts: BTreeMap<(CodePurpose, String), ContactAttempts>,
    pub(crate) messages: Vec<Message>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) timeline: Vec<NewJourneyEvent>,
    drawn: u32,
}

impl JourneyWorld {
    /// No transaction yet, and the workflow `onboarding`.
    pub(crate) fn new() -> Self {
        Self::with(workflows::onboarding())
    }

    pub(crate) fn with(workflow: Workflow) -> Self {
        let mut world = Self {
            now: BEGIN,
            workflows: BTreeMap::new(),
            policy: JourneyPolicy::default(),
            has_webhook: true,
            signs: true,
            current: TRANSACTION.to_owned(),
            transactions: BTreeMap::new(),
            attempts: BTreeMap::new(),
            messages: Vec::new(),
            deliveries: Vec::new(),
            timeline: Vec::new(),
            drawn: 0,
        };
        world.add(workflow);
        world
    }

    /// Adds or replaces a workflow.
    pub(crate) fn add(&mut self, workflow: Workflow) {
        self.workflows.insert(workflow.id.clone(), Arc::new(workflow));
    }

    /// Changes the workflow of most tests.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Workflow)) {
        let mut workflow = (*self.workflows[WORKFLOW]).clone();
        change(&mut workflow);
        self.add(workflow);
    }

    pub(crate) fn wait(&mut self, duration: Duration) {
        self.now = self.now + duration;
    }

    /// A fresh value, readable in a failure.
    pub(crate) fn draw(&mut self, kind: &str) -> String {
        self.drawn += 1;
        format!("{kind}-{}", self.drawn)
    }

    pub(crate) fn transaction(&self) -> &JourneyTransaction {
        &self.transactions[&self.current]
    }

    pub(crate) fn state(&self) -> &JourneyState {
        &self.transaction().states[WORKFLOW]
    }

    /// The transition by a command, without writing it.
    pub(crate) fn preview<C: JourneyCommand>(&self, command: &C) -> JourneyTransition<C::Answer> {
        let transaction = self.transactions.get(&self.current);
        let limited = command.limited_contact(transaction).map(attempts_key);
        let input = JourneyInput {
            transaction,
            other: command.other_transaction().and_then(|id| self.transactions.get(id)),
            attempts: limited.and_then(|key| self.attempts.get(&key)),
            workflows: &|id| self.workflows.get(id).cloned(),
            policy: &self.policy,
            has_webhook: self.has_webhook,
            hash: &owner_of,
            sign: &|claims| self.signs.then(|| sign(claims)),
            now: self.now,
        };
        apply_journey(input, command)
    }

    /// Applies a command after what has ended, and writes the transition.
    pub(crate) fn apply<C: JourneyCommand>(&mut self, command: &C) -> Result<C::Answer, JourneyRefusal> {
        self.end_if_due();
        self.apply_alone(command)
    }

    /// As the server: ends the life of the states and of the transaction.
    pub(crate) fn end_if_due(&mut self) {
        let now = self.now;
        while self.transactions.get(&self.current).and_then(JourneyTransaction::ends_at).is_some_and(|end| end <= now) {
            let event_ids = self.transaction().states.keys().map(|id| format!("expired-{id}")).collect();
            let new_journey_id = self.draw("journey");
            self.apply_alone(&ExpireTransaction { new_journey_id, event_ids }).unwrap();
        }
        self.attempts.retain(|_, attempts| attempts.ends_at().is_some_and(|end| now < end));
    }

    fn apply_alone<C: JourneyCommand>(&mut self, command: &C) -> Result<C::Answer, JourneyRefusal> {
        let before = self.transactions.get(&self.current).cloned();
        let limited = command.limited_contact(before.as_ref()).map(attempts_key);
        let transition = self.preview(command);
        assert_eq!(transition.timeline[0].kind, command.kind());
        if transition.answer.is_err() {
            assert_eq!(transition.transaction, before, "a refused call changes nothing");
            assert!(transition.outgoing.is_empty() && transition.deliveries.is_empty() && !transition.is_erased);
        }
        match transition.transaction {
            Some(next) => self.transactions.insert(self.current.clone(), next),
            None => self.transactions.remove(&self.current),
        };
        if let Some(attempts) = transition.attempts {
            self.attempts.insert(limited.expect("attempts belong to a contact"), attempts);
        }
        if transition.is_erased {
            self.messages.clear();
        }
        self.messages.extend(transition.outgoing);
        self.deliveries.extend(transition.deliveries);
        self.timeline.extend(transition.timeline);
        transition.answer
    }

    /// The webhook events, oldest first.
    pub(crate) fn events(&self) -> Vec<&JourneyWebhookEvent> {
        self.deliveries.iter().map(event_of).collect()
    }
}

fn event_of(delivery: &Delivery) -> &JourneyWebhookEvent {
    match &delivery.payload {
        WebhookPayload::Journey(event) => event,
        WebhookPayload::Identity(_) => panic!("an event of a journey"),
    }
}

fn attempts_key((purpose, contact): (CodePurpose, Contact)) -> (CodePurpose, String) {
    (purpose, contact.key().expose().to_owned())
}

/// The owner by a text.
pub(crate) fn owner_of(text: &str) -> String {
    format!("owner of {}", text.replace('\n', "/"))
}

/// A token that can be read.
fn sign(claims: &JourneyClaims) -> Secret {
    serde_json::to_string(claims).unwrap().into()
}

/// The claims of a token.
pub(crate) fn read(token: &Secret) -> JourneyClaims {
    serde_json::from_str(token.expose()).unwrap()
}
