//! The store in memory. It writes nothing to disk.

use parking_lot::{Mutex, MutexGuard};

use crate::StoreError;
use crate::tabled::TableStore;
use crate::tables::{Tables, Write};

/// A store in memory. All data is lost when the process ends.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn write(&self, mut write: Write) -> bool {
        let mut tables = self.tables();
        if !tables.is_current(&write) {
            return false;
        }
        write.assign_sequences(&mut tables.sequence);
        tables.apply(write);
        true
    }
}

impl TableStore for MemoryStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock()
    }

    async fn commit(&self, write: Write) -> Result<bool, StoreError> {
        Ok(self.write(write))
    }

    fn commit_later(&self, write: Write) {
        self.write(write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        crate::conformance::check(MemoryStore::new).await;
    }
}
