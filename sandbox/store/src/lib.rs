//! Storage of sessions, identities, messages, deliveries and settings: the trait [`Store`], its conformance suite, and the
//! stores in memory and in SQLite. No rules of the domain, no HTTP.
//!
//! Every change is a compare-and-swap ([`Store::update`], [`Store::update_identity`]) that writes its outgoing effects to an
//! outbox, atomically.
//!
//! The serialized form of the domain's types contains every secret unencrypted. It is for storage only: never log or send it.

mod attempts;
#[cfg(any(test, feature = "conformance"))]
// Tests: a failure is a panic, and the name of a check is its description.
#[allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
pub mod conformance;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod tabled;
mod tables;

pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use store::{
    Change, ChangeWithAttempts, Decide, DecideIdentities, DecideIdentity, DecideWithAttempts, IdentitiesChange,
    IdentityChange, IdentityLookup, IdentityPage, Lookup, MAX_FINISHED_DELIVERIES, MAX_MESSAGES, MessageFilter,
    OutboxEntry, PendingDelivery, Store, StoreError, StoredMessage,
};
