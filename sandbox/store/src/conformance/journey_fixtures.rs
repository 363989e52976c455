//! Rows of journeys that the checks write, and the cycle of a read, a decision and a write.

use std::collections::BTreeMap;
use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    AuthMode, Channel, CodePurpose, Contact, ContactAttempts, Handoff, HandoffStage, JourneyEvent, JourneyEventKind,
    JourneyPolicy, JourneyTransaction, Message, MessageOrigin, NewJourneyEvent, OtpChallenge,
};

use super::fixtures::{PROJECT, session, sms};
use crate::{
    ContactAttemptsKey, ContactAttemptsWrite, JourneyKey, JourneyWrite, RowChange, Store, TransactionId, Version,
    Versioned,
};

/// Time from the last wrong code to the end of the attempts at a contact.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn id_in(project: &str, name: &str) -> TransactionId {
    TransactionId { project: project.to_owned(), app_id: "app".to_owned(), transaction_id: name.to_owned() }
}

pub(super) fn id(name: &str) -> TransactionId {
    id_in(PROJECT, name)
}

/// The names of transactions.
pub(super) fn names(ids: &[TransactionId]) -> Vec<&str> {
    ids.iter().map(|id| id.transaction_id.as_str()).collect()
}

pub(super) fn key(id: &TransactionId) -> JourneyKey<'_> {
    JourneyKey::Transaction { project: &id.project, app_id: &id.app_id, transaction_id: &id.transaction_id }
}

/// A transaction without states, whose `used_at` counts the writes.
pub(super) fn transaction(id: &TransactionId) -> JourneyTransaction {
    JourneyTransaction {
        project: id.project.clone(),
        app_id: id.app_id.clone(),
        transaction_id: id.transaction_id.clone(),
        journey_id: "journey".to_owned(),
        mode: AuthMode::KnownContact,
        contact: Contact::parse(Channel::Email, &"ada@shop.test".into()),
        proved: None,
        proved_in: None,
        workflow_id: "onboarding".to_owned(),
        states: BTreeMap::new(),
        resume_code: OtpChallenge::default(),
        module_codes: BTreeMap::new(),
        handoffs: Vec::new(),
        created_at: UnixMillis::EPOCH,
        used_at: UnixMillis::EPOCH,
        states_end_at: None,
    }
}

/// A transaction with handoffs of those secrets.
pub(super) fn with_handoffs(id: &TransactionId, secrets: &[&str]) -> JourneyTransaction {
    let handoff = |secret: &&str| Handoff {
        id: format!("id-of-{secret}"),
        secret: (*secret).into(),
        workflow_id: "onboarding".to_owned(),
        unique_id: None,
        opener_jti: "jti".into(),
        token_expires_at: UnixMillis::MAX,
        expires_at: UnixMillis::MAX,
        authenticate_on_resume: true,
        stage: HandoffStage::Waiting,
    };
    JourneyTransaction { handoffs: secrets.iter().map(handoff).collect(), ..transaction(id) }
}

/// The transaction after one more write.
pub(super) fn counted(id: &TransactionId, before: Option<&JourneyTransaction>) -> JourneyTransaction {
    let next = before.cloned().unwrap_or_else(|| transaction(id));
    JourneyTransaction { used_at: next.used_at + Duration::from_millis(1), ..next }
}

pub(super) fn event(outcome: &str) -> NewJourneyEvent {
    NewJourneyEvent { kind: JourneyEventKind::StatePut, outcome: outcome.to_owned(), modules: vec!["phone".to_owned()] }
}

/// An SMS of a transaction. `sent_at` is in ms since the epoch.
pub(super) fn message(id: &TransactionId, sent_at: i64) -> Message {
    let TransactionId { project, app_id, transaction_id } = id.clone();
    let origin = MessageOrigin::Journey { app_id, transaction_id };
    Message { project, origin, ..sms(&session("a"), sent_at) }
}

/// A write of a transaction that was read with that version.
pub(super) fn write_of(
    id: &TransactionId,
    version: Option<Version>,
    transaction: RowChange<JourneyTransaction>,
) -> JourneyWrite {
    JourneyWrite {
        id: id.clone(),
        version,
        transaction,
        attempts: None,
        timeline: Vec::new(),
        at: UnixMillis::EPOCH,
        messages: Vec::new(),
        deliveries: Vec::new(),
        erases_messages: false,
    }
}

pub(super) async fn write(store: &impl Store, write: JourneyWrite) -> bool {
    store.journeys().write(write).await.unwrap()
}

pub(super) async fn read(store: &impl Store, id: &TransactionId) -> Option<Versioned<JourneyTransaction>> {
    store.journeys().get(key(id)).await.unwrap()
}

pub(super) async fn get(store: &impl Store, id: &TransactionId) -> Option<JourneyTransaction> {
    read(store, id).await.map(|row| (*row.value).clone())
}

pub(super) async fn version(store: &impl Store, id: &TransactionId) -> Option<Version> {
    read(store, id).await.map(|row| row.version)
}

/// Number of writes that a transaction has counted.
pub(super) async fn count(store: &impl Store, id: &TransactionId) -> i64 {
    get(store, id).await.map_or(0, |row| row.used_at.as_millis())
}

/// Reads, decides and writes until a write has lost no race. Returns the version that the last decision has read.
pub(super) async fn update(
    store: &impl Store,
    id: &TransactionId,
    decide: impl Fn(Option<&JourneyTransaction>) -> JourneyWrite,
) -> Option<Version> {
    loop {
        let before = read(store, id).await;
        let next = decide(before.as_ref().map(|row| &*row.value));
        let version = before.map(|row| row.version);
        if write(store, JourneyWrite { version, ..next }).await {
            return version;
        }
    }
}

pub(super) async fn put(store: &impl Store, transaction: &JourneyTransaction) {
    let id = TransactionId {
        project: transaction.project.clone(),
        app_id: transaction.app_id.clone(),
        transaction_id: transaction.transaction_id.clone(),
    };
    update(store, &id, |_| write_of(&id, None, RowChange::Put(transaction.clone()))).await;
}

pub(super) async fn delete(store: &impl Store, id: &TransactionId) {
    update(store, id, |_| write_of(id, None, RowChange::Delete)).await;
}

/// Appends events without a change of the transaction.
pub(super) async fn record(store: &impl Store, id: &TransactionId, at: i64, count: usize) {
    let (timeline, at) = (vec![event("ok"); count], UnixMillis::new(at));
    update(store, id, |_| JourneyWrite { timeline: timeline.clone(), at, ..write_of(id, None, RowChange::Keep) }).await;
}

/// Sends messages without a change of the transaction.
pub(super) async fn send(store: &impl Store, id: &TransactionId, messages: &[Message]) {
    update(store, id, |_| JourneyWrite { messages: messages.to_vec(), ..write_of(id, None, RowChange::Keep) }).await;
}

pub(super) async fn timeline(store: &impl Store, id: &TransactionId) -> Option<Vec<JourneyEvent>> {
    store.journeys().timeline(id, 0).await.unwrap()
}

pub(super) async fn event_ids(store: &impl Store, id: &TransactionId) -> Option<Vec<u32>> {
    timeline(store, id).await.map(|events| events.iter().map(|event| event.id).collect())
}

/// The key of the attempts at a number.
pub(super) fn contact_key(project: &str, number: &str) -> ContactAttemptsKey {
    let contact = Contact::parse(Channel::Mobile, &number.into()).unwrap().key();
    ContactAttemptsKey { project: project.to_owned(), app_id: "app".to_owned(), purpose: CodePurpose::Resume, contact }
}

/// The attempts after that many wrong codes, the last of them at that time.
pub(super) fn wrong(count: usize, at: i64) -> ContactAttempts {
    let policy = JourneyPolicy { tries: u32::MAX, ..JourneyPolicy::default() };
    let mut attempts = ContactAttempts::default();
    for _ in 0..count {
        attempts.record_wrong(&policy, UnixMillis::new(at));
    }
    attempts
}

/// The attempts after one more wrong code at the epoch.
pub(super) fn one_more(before: Option<&Versioned<ContactAttempts>>) -> ContactAttempts {
    let policy = JourneyPolicy { tries: u32::MAX, ..JourneyPolicy::default() };
    let mut attempts = before.map(|row| (*row.value).clone()).unwrap_or_default();
    attempts.record_wrong(&policy, UnixMillis::EPOCH);
    attempts
}

pub(super) async fn read_attempts(store: &impl Store, key: &ContactAttemptsKey) -> Option<Versioned<ContactAttempts>> {
    store.journeys().attempts(key).await.unwrap()
}

pub(super) async fn attempts(store: &impl Store, key: &ContactAttemptsKey) -> Option<ContactAttempts> {
    read_attempts(store, key).await.map(|row| (*row.value).clone())
}

/// A write of attempts alone, beside no transaction.
pub(super) fn attempts_write(key: &ContactAttemptsKey, row: ContactAttemptsWrite) -> JourneyWrite {
    let id = id_in(&key.project, "without a row");
    JourneyWrite { attempts: Some(row), ..write_of(&id, None, RowChange::Keep) }
}

pub(super) async fn change_attempts(
    store: &impl Store,
    key: &ContactAttemptsKey,
    attempts: RowChange<ContactAttempts>,
) {
    let version = read_attempts(store, key).await.map(|row| row.version);
    let row = ContactAttemptsWrite { key: key.clone(), version, attempts };
    assert!(write(store, attempts_write(key, row)).await);
}

pub(super) async fn put_attempts(store: &impl Store, key: &ContactAttemptsKey, attempts: ContactAttempts) {
    change_attempts(store, key, RowChange::Put(attempts)).await;
}
