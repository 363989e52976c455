//! Where sessions and identities are kept. There is one write for each, [`Store::update`] and
//! [`Store::update_identity`], and both are compare-and-swap with their outgoing effects in an outbox.
//!
//! What is kept can be serialized whole: [`Session`], [`Identity`], [`Message`] and [`Effect`]. That form holds every
//! secret in the open and is for storage alone; nothing else may write it.

mod attempts;
#[cfg(any(test, feature = "conformance"))]
// They are tests: a failure is a panic, and the name of a check says what it holds.
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
