//! A store that outlives its process: a SQLite file.
//!
//! All that is kept is in memory too, where every question is answered. A write goes to the one thread that has the
//! file: it takes what has come in meanwhile into one transaction, commits, and only then shows and answers it. So what
//! anybody has seen was committed before, and a process that is killed loses nothing that it has said.

mod file;
mod load;
mod schema;
mod writer;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::StoreError;
use crate::tabled::TableStore;
use crate::tables::{Tables, Write};
use writer::{Job, Writer};

/// How long to wait for the sandbox that has the file: one that is ending takes as long, with all that is open.
const LOCK_TIMEOUT: Duration = Duration::from_secs(6);

/// Everything in a SQLite file of this process alone. Dropping it waits until all is written.
#[derive(Debug)]
pub struct SqliteStore {
    tables: Arc<Mutex<Tables>>,
    /// There until the store is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteStore {
    /// Opens the file, and makes it, and its folder, where it is missing: readable for its owner alone. It must be no
    /// other sandbox's at the same time.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_within(path, LOCK_TIMEOUT)
    }

    fn open_within(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let read = || {
            let mut connection = file::open(path, patience)?;
            schema::migrate(&mut connection)?;
            let (tables, gone) = load::all(&connection)?;
            Ok((connection, tables, gone))
        };
        let named = |StoreError(what)| StoreError(format!("cannot open {}: {what}", path.display()));
        let (connection, tables, gone) = read().map_err(named)?;
        let tables = Arc::new(Mutex::new(tables));
        let writer = Writer::new(connection, tables.clone(), gone);
        let (jobs, inbound) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run(&inbound))
            .map_err(|error| StoreError(format!("no thread for it: {error}")))?;
        Ok(Self { tables, jobs: Some(jobs), writer: Some(writer) })
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let is_sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if is_sent { Ok(()) } else { Err(ended()) }
    }
}

fn ended() -> StoreError {
    StoreError("its thread has ended".to_owned())
}

impl TableStore for SqliteStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock()
    }

    async fn commit(&self, write: Write) -> Result<bool, StoreError> {
        let (done, written) = oneshot::channel();
        self.send(Job { write, done: Some(done) })?;
        written.await.map_err(|_| ended())?
    }

    fn commit_later(&self, write: Write) {
        // Whoever comes next is told that the thread has ended.
        let _ = self.send(Job { write, done: None });
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The writer ends with the last of its jobs.
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
