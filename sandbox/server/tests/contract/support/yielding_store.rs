//! An observer of a store that lets others run after each read, so that requests at once all read before any of them writes;
//! it can be made to fail, or to hang, at writes of settings and of delivery attempts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use handset_sandbox_store::{MemoryStore, ObservedStore, Store, StoreError, StoreObserver};
use tokio::task::yield_now;

#[derive(Clone, Copy, Default)]
pub(crate) enum StoreTrouble {
    #[default]
    None,
    Fails,
    Hangs,
}

#[derive(Default)]
pub(crate) struct YieldingStore(Mutex<StoreTrouble>);

impl YieldingStore {
    pub(crate) fn is_in(&self, trouble: StoreTrouble) {
        *self.0.lock().unwrap() = trouble;
    }

    /// A store in memory with this observer.
    pub(crate) fn observing(self: &Arc<Self>) -> Arc<dyn Store> {
        Arc::new(ObservedStore::new(Arc::new(MemoryStore::new()), self.clone()))
    }
}

impl StoreObserver for YieldingStore {
    async fn before(&self, operation: &'static str) -> Result<(), StoreError> {
        if !["settings.set", "deliveries.acknowledge"].contains(&operation) {
            return Ok(());
        }
        let trouble = *self.0.lock().unwrap();
        match trouble {
            StoreTrouble::None => Ok(()),
            StoreTrouble::Fails => Err(StoreError("the disk is full".to_owned())),
            StoreTrouble::Hangs => std::future::pending().await,
        }
    }

    async fn after(&self, operation: &'static str, _: Duration, _: bool) {
        if operation.ends_with(".get") || operation.ends_with(".list") {
            yield_now().await;
        }
    }
}
