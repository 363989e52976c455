//! The repositories of a store, with their arguments and results. Implementations are in `memory` and `sqlite`.
//!
//! The traits fit a store across a network: a change is a read, a decision of the caller, and a write that compares the
//! versions of the rows that were read; queries are values; a waiter subscribes, reads, and then waits.

use std::sync::Arc;

use async_trait::async_trait;
use handset_protocol::{Secret, UnixMillis};

use handset_sandbox_domain::{
    AfterAttempt, Contact, Delivery, FailedAttempts, FinishedDelivery, Identity, Message, NewTimelineEvent, Phone,
    Session, TimelineEvent,
};

/// Maximum number of messages of a project; a further one evicts the oldest.
pub const MAX_MESSAGES: usize = 1000;

/// Maximum number of finished deliveries of a project; a further one evicts the oldest.
pub const MAX_FINISHED_DELIVERIES: usize = 200;

/// Maximum number of events of a timeline; a further one evicts the oldest. A page that polls every three seconds for
/// fifteen minutes reaches it. After an eviction the first id is greater than 1.
pub const MAX_TIMELINE_EVENTS: usize = 600;

/// A failure of the store. The failed call has changed nothing: a store across a network repeats a write whose reply was
/// lost, with an id by which the other side recognizes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(
    /// The text, without secrets.
    pub String,
);

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "store: {}", self.0)
    }
}

impl std::error::Error for StoreError {}

/// The version of a row. Every write gives the row a version that no row had before, so a row that is deleted and created
/// again has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(pub u64);

/// A row as it was read. The value is shared, not copied.
#[derive(Debug)]
pub struct Versioned<T> {
    /// The value.
    pub value: Arc<T>,
    /// Its version, for the write that depends on it.
    pub version: Version,
}

/// The change of a row by a write.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChange<T> {
    /// The row stays; its version is compared nevertheless.
    Keep,
    /// The row has this value afterwards.
    Put(T),
    /// The row is deleted.
    Delete,
}

/// A key of a session.
#[derive(Clone, Copy, Debug)]
pub enum SessionKey<'a> {
    /// [`Session::auth_id`].
    AuthId(&'a str),
    /// [`Session::correlation_id`].
    CorrelationId(&'a str),
    /// The secret of any link of the session.
    LinkToken(&'a Secret),
}

/// A write of a session with everything that the same decision changes: all of it or nothing.
#[derive(Clone, Debug)]
pub struct SessionWrite {
    /// [`Session::auth_id`].
    pub auth_id: String,
    /// The version that was read. `None`: there was no session.
    pub version: Option<Version>,
    /// The change of the session. A deletion also deletes its timeline.
    pub session: RowChange<Session>,
    /// The change of the failed attempts of a number.
    pub attempts: Option<AttemptsWrite>,
    /// The change of the identity of the session's number.
    pub identity: Option<IdentityWrite>,
    /// Events to be appended to the timeline at `at`. Without a session they are dropped.
    pub timeline: Vec<NewTimelineEvent>,
    /// The time of the timeline events.
    pub at: UnixMillis,
    /// Messages to be added.
    pub messages: Vec<Message>,
    /// Whether the write wakes the subscribers of [`Topic::Session`](crate::Topic::Session).
    pub notifies: bool,
}

/// Sessions and their timelines.
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// The session with that key.
    async fn get(&self, key: SessionKey<'_>) -> Result<Option<Versioned<Session>>, StoreError>;

    /// Writes the change, unless a row that it compares has another version than the caller read. Returns whether it was
    /// written; if not, nothing has changed, and the caller reads and decides again.
    ///
    /// After the write it notifies [`Topic::Timeline`](crate::Topic::Timeline) if the timeline grew or was deleted,
    /// [`Topic::Messages`](crate::Topic::Messages) for each message, and
    /// [`Topic::Session`](crate::Topic::Session) if the write says so.
    ///
    /// # Errors
    /// The store failed; nothing has changed.
    ///
    /// # Cancel safety
    /// After a cancellation the write may still happen, whole and with its notifications.
    async fn write(&self, write: SessionWrite) -> Result<bool, StoreError>;

    /// Appends events to a session's timeline without a comparison, and notifies
    /// [`Topic::Timeline`](crate::Topic::Timeline). No-op without the session.
    async fn record(&self, auth_id: &str, at: UnixMillis, events: &[NewTimelineEvent]) -> Result<(), StoreError>;

    /// The events of a session's timeline with an id greater than `after`, oldest first: the newest
    /// [`MAX_TIMELINE_EVENTS`]. `None`: there is no such session.
    async fn timeline(&self, auth_id: &str, after: u32) -> Result<Option<Vec<TimelineEvent>>, StoreError>;

    /// The authIds of the sessions that expire before that time, earliest first: those of one project, or of all projects.
    /// [`UnixMillis::MAX`] selects all sessions.
    async fn expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<String>, StoreError>;
}

/// A key of an identity within its project.
#[derive(Clone, Copy, Debug)]
pub enum IdentityKey<'a> {
    /// The number, in any notation. A project has at most one identity for each number.
    Number(&'a Phone),
    /// [`Identity::id`].
    Id(&'a str),
    /// The id of any of [`Identity::devices`], including revoked ones.
    Device(&'a str),
}

/// A page of a project's enrolled identities, ordered by time of enrollment, then by id.
#[derive(Clone, Copy, Debug)]
pub struct IdentityPage<'a> {
    /// The project.
    pub project: &'a str,
    /// Time of enrollment and id of the last identity of the previous page. That identity need not exist any more.
    pub after: Option<(UnixMillis, &'a str)>,
    /// Maximum number of identities.
    pub limit: usize,
    /// Whether the page includes inactive identities.
    pub with_inactive: bool,
}

/// The change of a project's identity of a number. The new value must have that project and number.
#[derive(Clone, Debug)]
pub struct IdentityWrite {
    /// The project.
    pub project: String,
    /// The number.
    pub phone: Phone,
    /// The version that was read. `None`: there was no identity.
    pub version: Option<Version>,
    /// The change.
    pub identity: RowChange<Identity>,
}

/// Identities, by project and number.
#[async_trait]
pub trait IdentityRepository: Send + Sync {
    /// The project's identity with that key.
    async fn get(&self, project: &str, key: IdentityKey<'_>) -> Result<Option<Versioned<Identity>>, StoreError>;

    /// A page of enrolled identities.
    async fn list(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError>;

    /// Writes the changes of different numbers and enqueues the deliveries, all or nothing, as
    /// [`SessionRepository::write`] does. Notifies [`Topic::Deliveries`](crate::Topic::Deliveries) if there are any.
    /// Without rows it only enqueues.
    ///
    /// # Errors
    /// The store failed; nothing has changed.
    ///
    /// # Cancel safety
    /// As for [`SessionRepository::write`].
    async fn write(&self, rows: Vec<IdentityWrite>, deliveries: Vec<Delivery>) -> Result<bool, StoreError>;
}

/// The change of the failed attempts of a number.
#[derive(Clone, Debug)]
pub struct AttemptsWrite {
    /// The project.
    pub project: String,
    /// The number.
    pub phone: Phone,
    /// The version that was read. `None`: there were no attempts.
    pub version: Option<Version>,
    /// The change. Empty attempts are deleted.
    pub attempts: RowChange<FailedAttempts>,
}

/// Failed attempts, by project and number. They are written with the session that made them.
#[async_trait]
pub trait AttemptRepository: Send + Sync {
    /// The failed attempts of a project's number. `None`: there are none.
    async fn get(&self, project: &str, phone: &Phone) -> Result<Option<Versioned<FailedAttempts>>, StoreError>;

    /// Deletes the failed attempts of every number whose last attempt is before that time.
    async fn expire(&self, before: UnixMillis) -> Result<(), StoreError>;
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// Greater than the ids of all earlier messages, and never reused.
    pub id: u64,
    /// The message.
    pub message: Message,
}

/// A filter of messages.
#[derive(Clone, Copy, Debug)]
pub struct MessageFilter<'a> {
    /// The project.
    pub project: &'a str,
    /// Only messages with a greater id.
    pub since: u64,
    /// Only messages to this contact, in any notation.
    pub to: Option<&'a Contact>,
}

/// Sent messages. They are written with the session or the transaction that sent them. Each project keeps the newest [`MAX_MESSAGES`].
#[async_trait]
pub trait MessageRepository: Send + Sync {
    /// The messages that match, oldest first.
    async fn list(&self, filter: MessageFilter<'_>) -> Result<Vec<StoredMessage>, StoreError>;
}

/// A delivery in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingDelivery {
    /// Greater than the sequences of all earlier entries, and never reused. Entries become visible in this order.
    pub sequence: u64,
    /// The delivery.
    pub delivery: Delivery,
}

/// Deliveries to webhooks: the outbox of those that are pending, and those that are finished.
///
/// An entry of the outbox is claimed before its attempt and acknowledged after it, so that of several processes one makes
/// the attempt, and another one repeats it if that process dies.
#[async_trait]
pub trait DeliveryRepository: Send + Sync {
    /// The pending deliveries with a sequence greater than `since`, oldest first: those of one project, or of all projects.
    async fn pending(&self, project: Option<&str>, since: u64) -> Result<Vec<PendingDelivery>, StoreError>;

    /// The pending delivery with that sequence. `None`: it is not pending any more.
    async fn get(&self, sequence: u64) -> Result<Option<Delivery>, StoreError>;

    /// Claims a pending delivery until that time, for one attempt. Returns whether the caller has the claim; it has not if
    /// the entry is gone, or claimed by another call until a time after `now`. Both times are of the system clock.
    async fn claim(&self, sequence: u64, now: UnixMillis, until: UnixMillis) -> Result<bool, StoreError>;

    /// Ends a claim early, after a failure before its attempt was acknowledged. Idempotent.
    async fn release(&self, sequence: u64) -> Result<(), StoreError>;

    /// Acknowledges an entry after an attempt: replaces it with a retry, or moves it to the finished deliveries,
    /// atomically. Notifies [`Topic::Deliveries`](crate::Topic::Deliveries). Returns whether the entry was still pending;
    /// if not, nothing has changed.
    async fn acknowledge(&self, sequence: u64, next: AfterAttempt) -> Result<bool, StoreError>;

    /// A project's finished deliveries in the order in which they finished: the newest [`MAX_FINISHED_DELIVERIES`].
    async fn finished(&self, project: &str) -> Result<Vec<FinishedDelivery>, StoreError>;
}

/// Settings, and the projects that have data.
#[async_trait]
pub trait SettingRepository: Send + Sync {
    /// The value of a project's setting, or of a setting of the sandbox itself (`project` is `None`).
    async fn get(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Sets the value of a setting. Notifies [`Topic::Settings`](crate::Topic::Settings) of the project.
    async fn set(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError>;

    /// The names of the projects with stored data, sorted.
    async fn projects(&self) -> Result<Vec<String>, StoreError>;

    /// Deletes everything of a project except its sessions: identities, messages, failed attempts, deliveries and settings.
    /// Notifies [`Topic::Settings`](crate::Topic::Settings) of the project.
    ///
    /// The caller ends each session with [`SessionRepository::write`], which wakes its subscribers.
    async fn delete_project(&self, project: &str) -> Result<(), StoreError>;
}
