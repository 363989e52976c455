//! The writer thread: commits each batch of writes in one transaction, wakes their subscribers, and reports their results.

use std::sync::{Arc, mpsc};

use parking_lot::Mutex;
use rusqlite::{Connection, params};

use super::batch::{Batch, Job};
use super::load::EvictedIds;
use super::statements::Statements;
use crate::tables::Tables;
use crate::{LocalNotifier, StoreError};

pub(super) struct Writer {
    connection: Connection,
    tables: Arc<Mutex<Tables>>,
    notifier: LocalNotifier,
    /// Rows that are still in the file. The next transaction deletes them.
    evicted: EvictedIds,
    /// Of the serialized rows, for reuse.
    buffer: Vec<u8>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        tables: Arc<Mutex<Tables>>,
        notifier: LocalNotifier,
        evicted: EvictedIds,
    ) -> Self {
        connection.set_prepared_statement_cache_capacity(32);
        Self { connection, tables, notifier, evicted, buffer: Vec::new() }
    }

    /// Runs until every sender of jobs is dropped.
    pub(super) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        let mut pending = None;
        while let Some(first) = pending.take().or_else(|| jobs.recv().ok()) {
            let (batch, next) = Batch::gather(first, jobs, &self.tables);
            pending = next;
            self.commit(batch);
        }
        // Closing runs a checkpoint and removes the `-wal` file.
        if let Err((_, error)) = self.connection.close() {
            tracing::error!(%error, "cannot close the store");
        }
    }

    fn commit(&mut self, Batch { jobs, lost, .. }: Batch) {
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
    }

    /// Writes the batch in one transaction.
    fn write(&mut self, jobs: &[Job]) -> Result<(), StoreError> {
        let mut statements = Statements::new(&self.connection, &mut self.buffer);
        statements.execute("BEGIN IMMEDIATE", [])?;
        let written =
            put_all(&mut statements, jobs, &self.tables, &self.evicted).and_then(|()| statements.execute("COMMIT", []));
        match written {
            Ok(()) => {
                self.evicted.messages.clear();
                self.evicted.deliveries.clear();
            }
            // Some failures have ended the transaction already.
            Err(_) if !self.connection.is_autocommit() => {
                let _ = self.connection.execute_batch("ROLLBACK");
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
