//! Storage of sessions, identities, journeys, messages, deliveries and settings: the trait [`Store`] with its repositories, their
//! conformance suite, and the stores in memory and in SQLite. No rules of the domain, no HTTP.
//!
//! A change is a read, a decision of the caller, and a write that compares the versions that were read. After a write the
//! store wakes the tasks that wait for it, through its [`Notifier`].
//!
//! The serialized form of the domain's types contains every secret unencrypted. It is for storage only: never log or send it.

mod attempt_table;
#[cfg(any(test, feature = "conformance"))]
// Tests: a failure is a panic, and the name of a check is its description.
#[allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
pub mod conformance;
mod journey_repository;
mod journey_table;
mod memory;
mod message_list;
mod notifier;
mod observed;
mod repositories;
mod row;
mod row_index;
mod session_table;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod tabled;
mod tables;
mod timeline_log;
mod write;

pub use journey_repository::{
    ContactAttemptsKey, ContactAttemptsWrite, JourneyKey, JourneyRepository, JourneyWrite, TransactionId,
};
pub use memory::MemoryStore;
pub use notifier::{LocalNotifier, Notifier, Subscription, Topic};
pub use observed::{ObservedStore, StoreObserver};
pub use repositories::{
    AttemptRepository, AttemptsWrite, DeliveryRepository, IdentityKey, IdentityPage, IdentityRepository, IdentityWrite,
    MAX_FINISHED_DELIVERIES, MAX_MESSAGES, MAX_TIMELINE_EVENTS, MessageFilter, MessageRepository, PendingDelivery,
    RowChange, SessionKey, SessionRepository, SessionWrite, SettingRepository, StoreError, StoredMessage, Version,
    Versioned,
};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use store::Store;
