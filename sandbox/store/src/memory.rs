//! The store in memory. It writes nothing to disk.

use parking_lot::{Mutex, MutexGuard};

use crate::tabled::TableStore;
use crate::tables::Tables;
use crate::write::Write;
use crate::{LocalNotifier, StoreError};

/// A store in memory. All data is lost when the process ends.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
    notifier: LocalNotifier,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TableStore for MemoryStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock()
    }

    fn local_notifier(&self) -> &LocalNotifier {
        &self.notifier
    }

    async fn commit(&self, mut write: Write) -> Result<bool, StoreError> {
        let applied = {
            let mut tables = self.tables();
            if !tables.is_current(&write.op) {
                return Ok(false);
            }
            tables.assign_ids(&mut write);
            tables.apply(write)
        };
        applied.notify(&self.notifier);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        crate::conformance::check(MemoryStore::new).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn conforms_on_several_threads() {
        crate::conformance::check(MemoryStore::new).await;
    }
}
