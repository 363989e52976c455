//! An observer of a store that fails each call.

use std::sync::Arc;

use handset_sandbox_store::{MemoryStore, ObservedStore, Store, StoreError, StoreObserver};

pub(crate) struct BrokenStore;

impl BrokenStore {
    /// A store of which each call fails.
    pub(crate) fn store() -> Arc<dyn Store> {
        Arc::new(ObservedStore::new(Arc::new(MemoryStore::new()), Self))
    }
}

impl StoreObserver for BrokenStore {
    async fn before(&self, _: &'static str) -> Result<(), StoreError> {
        Err(StoreError("broken".to_owned()))
    }
}
