//! The writer of the file: commits each batch of writes in one transaction, wakes their subscribers, and reports their
//! results.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Connection, params};

use super::batch::{Batch, Job};
use super::load::EvictedIds;
use super::schema::ended;
use super::statements::Statements;
use crate::tables::Tables;
use crate::{LocalNotifier, StoreError};

/// Number of statements between two checkpoints. Each changes about one page of 4 KiB. A high number, since a checkpoint
/// waits for the disk.
const CHECKPOINT_STATEMENTS: usize = 4000;

pub(super) struct Writer {
    /// `None` after it was closed.
    connection: Option<Connection>,
    tables: Arc<Mutex<Tables>>,
    notifier: LocalNotifier,
    /// Rows that are still in the file. The next transaction deletes them.
    evicted: EvictedIds,
    /// Of the serialized rows, for reuse.
    buffer: Vec<u8>,
    /// Number of statements since the last checkpoint.
    statements: usize,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        tables: Arc<Mutex<Tables>>,
        notifier: LocalNotifier,
        evicted: EvictedIds,
    ) -> Self {
        // More than the writes have statements.
        connection.set_prepared_statement_cache_capacity(64);
        let connection = Some(connection);
        Self { connection, tables, notifier, evicted, buffer: Vec::new(), statements: 0 }
    }

    /// Commits a batch of queued jobs. Returns a job that must wait for the next batch.
    pub(super) fn commit(&mut self, limit: usize, queued: impl FnMut() -> Option<Job>) -> Option<Job> {
        let (Batch { jobs, lost, .. }, next) = Batch::gather(limit, &self.tables, queued);
        let written = if jobs.is_empty() { Ok(()) } else { self.write(&jobs) };
        let mut all_applied = Vec::with_capacity(jobs.len());
        let mut answers = Vec::with_capacity(jobs.len());
        match &written {
            Ok(()) => {
                let mut tables = self.tables.lock();
                for Job { write, done } in jobs {
                    all_applied.push(tables.apply(write));
                    answers.push(done);
                }
            }
            Err(error) => {
                tracing::error!(%error, "the write failed");
                answers.extend(jobs.into_iter().map(|job| job.done));
            }
        }
        for applied in all_applied {
            applied.notify(&self.notifier);
            self.evicted.messages.extend(applied.evicted_messages);
            self.evicted.deliveries.extend(applied.evicted_deliveries);
        }
        // A caller may have been cancelled; its write is committed nevertheless.
        for done in answers {
            let _ = done.send(written.clone().map(|()| true));
        }
        for done in lost {
            let _ = done.send(Ok(false));
        }
        next
    }

    pub(super) fn needs_checkpoint(&self) -> bool {
        self.statements > CHECKPOINT_STATEMENTS
    }

    /// Moves the commits from the `-wal` file to the main file.
    pub(super) fn checkpoint(&mut self) {
        self.statements = 0;
        let Some(connection) = &self.connection else { return };
        if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::error!(%error, "the checkpoint failed");
        }
    }

    /// Closing runs a checkpoint and removes the `-wal` file.
    pub(super) fn close(&mut self) {
        if let Some(Err((_, error))) = self.connection.take().map(Connection::close) {
            tracing::error!(%error, "cannot close the store");
        }
    }

    /// Writes the batch in one transaction.
    fn write(&mut self, jobs: &[Job]) -> Result<(), StoreError> {
        let Some(connection) = &self.connection else { return Err(ended()) };
        let mut statements = Statements::new(connection, &mut self.buffer, &mut self.statements);
        statements.execute("BEGIN IMMEDIATE", [])?;
        let written =
            put_all(&mut statements, jobs, &self.tables, &self.evicted).and_then(|()| statements.execute("COMMIT", []));
        match written {
            Ok(()) => {
                self.evicted.messages.clear();
                self.evicted.deliveries.clear();
            }
            // Some failures have ended the transaction already.
            Err(_) if !connection.is_autocommit() => {
                let _ = connection.execute_batch("ROLLBACK");
            }
            Err(_) => {}
        }
        written
    }
}

fn put_all(
    statements: &mut Statements<'_>,
    jobs: &[Job],
    tables: &Mutex<Tables>,
    evicted: &EvictedIds,
) -> Result<(), StoreError> {
    for Job { write, .. } in jobs {
        statements.put(write, tables)?;
    }
    for id in &evicted.messages {
        statements.execute("DELETE FROM messages WHERE id = ?", params![id])?;
    }
    for id in &evicted.deliveries {
        statements.execute("DELETE FROM deliveries WHERE id = ?", params![id])?;
    }
    Ok(())
}
