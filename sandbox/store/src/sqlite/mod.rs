//! The store in a SQLite file, which outlives its process.
//!
//! All rows are also in memory, where every read is answered. Writes go to a single writer thread, which commits the queued
//! writes in one transaction (group commit), then applies them to memory and reports their results. A change is visible only
//! after its commit, so a killed process loses no write that it has reported.

mod batch;
mod file;
mod load;
mod schema;
mod statements;
mod writer;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::tabled::TableStore;
use crate::tables::Tables;
use crate::write::Write;
use crate::{LocalNotifier, StoreError};
use batch::Job;
use writer::Writer;

/// Time limit for another sandbox to release the file. A sandbox with open connections takes that long to end.
const LOCK_TIMEOUT: Duration = Duration::from_secs(6);

/// A store in a SQLite file, with an exclusive lock on it. Dropping the store blocks until every write is committed.
#[derive(Debug)]
pub struct SqliteStore {
    tables: Arc<Mutex<Tables>>,
    notifier: LocalNotifier,
    /// `None` only while the store is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
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
        let (jobs, inbound) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run(&inbound))
            .map_err(|error| StoreError(format!("cannot start the writer thread: {error}")))?;
        Ok(Self { tables, notifier, jobs: Some(jobs), writer: Some(writer) })
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let is_sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if is_sent { Ok(()) } else { Err(ended()) }
    }
}

fn ended() -> StoreError {
    StoreError("the writer thread has ended".to_owned())
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
        self.send(Job { write, done })?;
        written.await.map_err(|_| ended())?
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // Closing the channel ends the writer after its last job.
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
