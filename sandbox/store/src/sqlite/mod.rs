//! The store in a SQLite file, which outlives its process.
//!
//! All rows are also in memory, where every read is answered. Writes are queued, and one writer at a time commits the queued
//! writes in one transaction (group commit), then applies them to memory and reports their results. A change is visible only
//! after its commit, so a killed process loses no write that it has reported.

mod batch;
mod file;
mod journey_statements;
mod load;
mod queue;
mod schema;
mod statements;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::tabled::TableStore;
use crate::tables::Tables;
use crate::write::Write;
use crate::{LocalNotifier, StoreError};
use batch::Job;
use queue::WriteQueue;
use writer::Writer;

/// Time limit for another sandbox to release the file. A sandbox with open connections takes that long to end.
const LOCK_TIMEOUT: Duration = Duration::from_secs(6);

/// A store in a SQLite file, with an exclusive lock on it. Dropping the store blocks until every write is committed.
#[derive(Debug)]
pub struct SqliteStore {
    tables: Arc<Mutex<Tables>>,
    notifier: LocalNotifier,
    queue: Arc<WriteQueue>,
    /// `None` only while the store is dropped.
    thread: Option<JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens the file. Creates a missing file and its missing folders, accessible to their owner only.
    ///
    /// # Errors
    /// The file or its folder cannot be created or read; another sandbox has the file open; the file is damaged, belongs to
    /// another program, or was written by a newer sandbox.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_within(path, LOCK_TIMEOUT)
    }

    fn open_within(path: &Path, lock_timeout: Duration) -> Result<Self, StoreError> {
        let read = || {
            let mut connection = file::open(path, lock_timeout)?;
            schema::migrate(&mut connection)?;
            let (tables, evicted) = load::all(&connection)?;
            Ok((connection, tables, evicted))
        };
        let with_path = |StoreError(text)| StoreError(format!("cannot open {}: {text}", path.display()));
        let (connection, tables, evicted) = read().map_err(with_path)?;
        let tables = Arc::new(Mutex::new(tables));
        let notifier = LocalNotifier::default();
        let writer = Writer::new(connection, tables.clone(), notifier.clone(), evicted);
        let queue = Arc::new(WriteQueue::new(writer));
        let of_thread = queue.clone();
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || of_thread.run())
            .map_err(|error| StoreError(format!("cannot start the writer thread: {error}")))?;
        Ok(Self { tables, notifier, queue, thread: Some(thread) })
    }
}

impl TableStore for SqliteStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock()
    }

    fn local_notifier(&self) -> &LocalNotifier {
        &self.notifier
    }

    async fn commit(&self, write: Write) -> Result<bool, StoreError> {
        let (done, written) = oneshot::channel();
        self.queue.push(Job { write, done });
        let commit = CommitGuard(&self.queue);
        // The requests that are ready now join the same transaction.
        tokio::task::yield_now().await;
        drop(commit);
        written.await.map_err(|_| schema::ended())?
    }
}

/// Commits the queued writes on drop: also those of a call that is cancelled.
struct CommitGuard<'a>(&'a WriteQueue);

impl Drop for CommitGuard<'_> {
    fn drop(&mut self) {
        self.0.commit_if_idle();
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.queue.close_file();
    }
}

#[cfg(test)]
mod tests;
