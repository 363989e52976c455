//! The repository of journeys, with its arguments. Implementations are in `memory` and `sqlite`.

use async_trait::async_trait;
use handset_protocol::{Secret, UnixMillis};
use handset_sandbox_domain::{
    CodePurpose, ContactAttempts, Delivery, JourneyEvent, JourneyTransaction, Message, NewJourneyEvent,
};

use crate::{RowChange, StoreError, Version, Versioned};

/// A key of a transaction.
#[derive(Clone, Copy, Debug)]
pub enum JourneyKey<'a> {
    /// The ids.
    Transaction {
        /// The project.
        project: &'a str,
        /// The application.
        app_id: &'a str,
        /// The transaction.
        transaction_id: &'a str,
    },
    /// The secret of any of its handoffs.
    HandoffSecret(&'a Secret),
}

/// The ids of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId {
    /// The project.
    pub project: String,
    /// The application.
    pub app_id: String,
    /// The transaction.
    pub transaction_id: String,
}

/// The key of the attempts at a contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContactAttemptsKey {
    /// The project.
    pub project: String,
    /// The application.
    pub app_id: String,
    /// What the codes are for.
    pub purpose: CodePurpose,
    /// [`Contact::key`](handset_sandbox_domain::Contact::key).
    pub contact: Secret,
}

/// The change of the attempts at a contact.
#[derive(Clone, Debug)]
pub struct ContactAttemptsWrite {
    /// The key.
    pub key: ContactAttemptsKey,
    /// The version that was read. `None`: there were none.
    pub version: Option<Version>,
    /// The change. Attempts that never end are none, and deleted.
    pub attempts: RowChange<ContactAttempts>,
}

/// A write of a transaction with everything that the same decision changes: all of it or nothing.
#[derive(Clone, Debug)]
pub struct JourneyWrite {
    /// The transaction.
    pub id: TransactionId,
    /// The version that was read. `None`: there was no transaction.
    pub version: Option<Version>,
    /// The change of the transaction. A deletion also deletes its timeline.
    pub transaction: RowChange<JourneyTransaction>,
    /// The change of the attempts at a contact.
    pub attempts: Option<ContactAttemptsWrite>,
    /// Events to be appended to the timeline at `at`. Without a transaction they are dropped.
    pub timeline: Vec<NewJourneyEvent>,
    /// The time of the timeline events.
    pub at: UnixMillis,
    /// Messages to be added.
    pub messages: Vec<Message>,
    /// Deliveries to be enqueued.
    pub deliveries: Vec<Delivery>,
    /// Whether all earlier messages of the transaction are deleted.
    pub erases_messages: bool,
}

/// Transactions with their timelines, and the attempts at contacts.
#[async_trait]
pub trait JourneyRepository: Send + Sync {
    /// The transaction with that key.
    async fn get(&self, key: JourneyKey<'_>) -> Result<Option<Versioned<JourneyTransaction>>, StoreError>;

    /// The attempts at a contact. `None`: there are none.
    async fn attempts(&self, key: &ContactAttemptsKey) -> Result<Option<Versioned<ContactAttempts>>, StoreError>;

    /// Writes the change, unless a row that it compares has another version than the caller read. Returns whether it was
    /// written; if not, nothing has changed, and the caller reads and decides again.
    ///
    /// After the write it notifies [`Topic::Messages`](crate::Topic::Messages) for each message, and
    /// [`Topic::Deliveries`](crate::Topic::Deliveries) if there are any.
    ///
    /// # Errors
    /// The store failed; nothing has changed.
    ///
    /// # Cancel safety
    /// After a cancellation the write may still happen, whole and with its notifications.
    async fn write(&self, write: JourneyWrite) -> Result<bool, StoreError>;

    /// The events of a transaction's timeline with an id greater than `after`, oldest first: the newest
    /// [`MAX_TIMELINE_EVENTS`](crate::MAX_TIMELINE_EVENTS). `None`: there is no such transaction.
    async fn timeline(&self, id: &TransactionId, after: u32) -> Result<Option<Vec<JourneyEvent>>, StoreError>;

    /// The transactions of a project, sorted.
    async fn list(&self, project: &str) -> Result<Vec<TransactionId>, StoreError>;

    /// The transactions of which something [ends](JourneyTransaction::ends_at) before that time, earliest first: those of one
    /// project, or of all projects.
    async fn ending_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<TransactionId>, StoreError>;

    /// Deletes the attempts of a project that [end](ContactAttempts::ends_at) before that time.
    async fn expire_attempts(&self, project: &str, before: UnixMillis) -> Result<(), StoreError>;
}
