//! The writer thread: batches writes, commits each batch in one transaction, and reports the results.

use std::collections::HashSet;
use std::sync::{Arc, mpsc};

use handset_protocol::UnixMillis;
use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, params};
use serde::Serialize;
use tokio::sync::oneshot;

use super::schema::failed;
use crate::tables::{AttemptsSwap, CompareAndSwap, FinishedRow, Tables, Write, WriteOp};
use crate::{MAX_FINISHED_DELIVERIES, StoreError};
use handset_sandbox_domain::Effect;

/// Maximum number of writes in one transaction.
const BATCH: usize = 256;

/// A write, and the channel for its result (`None`: nobody waits).
pub(super) struct Job {
    pub(super) write: Write,
    pub(super) done: Option<oneshot::Sender<Result<bool, StoreError>>>,
}

pub(super) struct Writer {
    connection: Connection,
    tables: Arc<Mutex<Tables>>,
    /// Ids of evicted messages that are still in the file. The next transaction deletes them.
    evicted: Vec<u64>,
}

impl Writer {
    pub(super) fn new(connection: Connection, tables: Arc<Mutex<Tables>>, evicted: Vec<u64>) -> Self {
        connection.set_prepared_statement_cache_capacity(32);
        Self { connection, tables, evicted }
    }

    /// Runs until every sender of jobs is dropped.
    pub(super) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        let mut pending = None;
        while let Some(first) = pending.take().or_else(|| jobs.recv().ok()) {
            let (batch, next) = gather(first, jobs);
            pending = next;
            let current = self.reject_outdated(batch);
            self.commit(current);
        }
        // Closing runs a checkpoint and removes the `-wal` file.
        if let Err((_, error)) = self.connection.close() {
            tracing::error!(%error, "cannot close the store");
        }
    }

    /// Returns the jobs whose compared rows are unchanged. Reports a lost race to the others.
    fn reject_outdated(&self, batch: Vec<Job>) -> Vec<Job> {
        let tables = self.tables.lock();
        let (current, outdated): (Vec<_>, Vec<_>) = batch.into_iter().partition(|job| tables.is_current(&job.write));
        drop(tables);
        for job in outdated {
            answer(job.done, Ok(false));
        }
        current
    }

    fn commit(&mut self, mut batch: Vec<Job>) {
        if batch.is_empty() {
            return;
        }
        let before = self.tables.lock().sequence;
        let mut sequence = before;
        for job in &mut batch {
            job.write.assign_sequences(&mut sequence);
        }
        let written = self.write(&batch, (sequence != before).then_some(sequence));
        if let Err(error) = &written {
            tracing::error!(%error, "the write failed");
        }
        let mut evicted = Vec::new();
        let mut tables = self.tables.lock();
        let answers: Vec<_> = batch
            .into_iter()
            .map(|Job { write, done }| {
                if written.is_ok() {
                    evicted.extend(tables.apply(write));
                }
                done
            })
            .collect();
        drop(tables);
        self.evicted.extend(evicted);
        for done in answers {
            answer(done, written.clone().map(|()| true));
        }
    }

    /// Writes the batch in one transaction. `sequence`: the last assigned sequence, if the batch assigned any.
    fn write(&mut self, batch: &[Job], sequence: Option<u64>) -> Result<(), StoreError> {
        let transaction = self.connection.transaction().map_err(failed)?;
        for Job { write, .. } in batch {
            put(&transaction, &write.op)?;
            for entry in &write.outgoing {
                let sql = "INSERT INTO outbox (sequence, subject, effect) VALUES (?, ?, ?)";
                let id = entry.sequence;
                execute(&transaction, sql, params![id, entry.subject, json(&entry.effect)?])?;
                if let Effect::SendMessage(message) = &entry.effect {
                    let sql = "INSERT INTO messages (id, project, value) VALUES (?, ?, ?)";
                    execute(&transaction, sql, params![id, message.project, json(message)?])?;
                }
            }
        }
        if let Some(sequence) = sequence {
            execute(&transaction, "UPDATE sequence SET last = ?", params![sequence])?;
        }
        for id in &self.evicted {
            execute(&transaction, "DELETE FROM messages WHERE id = ?", params![id])?;
        }
        transaction.commit().map_err(failed)?;
        self.evicted.clear();
        Ok(())
    }
}

/// Gathers the queued jobs into a batch. Returns the job that must wait for the next batch, since it compares a row that this
/// batch writes, needs a batch of its own, or exceeds the limit.
fn gather(first: Job, jobs: &mpsc::Receiver<Job>) -> (Vec<Job>, Option<Job>) {
    let mut compared = HashSet::new();
    let mut batch = Vec::new();
    let mut next = Some(first);
    while let Some(job) = next {
        let is_new = job.write.compared().into_iter().all(|row| compared.insert(row));
        let is_alone = job.write.stands_alone();
        if !is_new || batch.len() == BATCH || (is_alone && !batch.is_empty()) {
            return (batch, Some(job));
        }
        batch.push(job);
        next = if is_alone { None } else { jobs.try_recv().ok() };
    }
    (batch, None)
}

fn answer(done: Option<oneshot::Sender<Result<bool, StoreError>>>, result: Result<bool, StoreError>) {
    if let Some(done) = done {
        // The caller may have been cancelled; the write is committed nevertheless.
        let _ = done.send(result);
    }
}

fn put(transaction: &Transaction<'_>, op: &WriteOp) -> Result<(), StoreError> {
    match op {
        WriteOp::Session { auth_id, after, attempts, .. } => {
            match after {
                None => {}
                Some(None) => execute(transaction, "DELETE FROM sessions WHERE auth_id = ?", params![auth_id])?,
                Some(Some(session)) => {
                    let sql = "INSERT INTO sessions (auth_id, value) VALUES (?, ?)
                               ON CONFLICT (auth_id) DO UPDATE SET value = excluded.value";
                    execute(transaction, sql, params![auth_id, json(&**session)?])?;
                }
            }
            attempts.as_ref().map_or(Ok(()), |swap| put_attempts(transaction, swap))
        }
        WriteOp::ExpireAttempts(before) => {
            execute(transaction, "DELETE FROM failed_attempts WHERE last < ?", params![before.as_millis()])
        }
        WriteOp::Identities { rows, entry } => {
            for row in rows {
                put_identity(transaction, row)?;
            }
            entry.map_or(Ok(()), |sequence| delete_entry(transaction, sequence))
        }
        WriteOp::DeleteProject(project) => {
            execute(transaction, "DELETE FROM identities WHERE project = ?", params![project])?;
            execute(transaction, "DELETE FROM messages WHERE project = ?", params![project])?;
            execute(transaction, "DELETE FROM failed_attempts WHERE project = ?", params![project])?;
            execute(transaction, "DELETE FROM deliveries WHERE project = ?", params![project])?;
            execute(
                transaction,
                "DELETE FROM outbox WHERE effect ->> '$.DeliverWebhook.project' = ?",
                params![project],
            )?;
            execute(transaction, "DELETE FROM settings WHERE project = ?", params![project])
        }
        WriteOp::CompleteEntry(sequence) => delete_entry(transaction, *sequence),
        WriteOp::RecordAttempt { sequence, finished } => {
            finished.as_ref().map_or(Ok(()), |row| put_finished(transaction, row))?;
            delete_entry(transaction, *sequence)
        }
        WriteOp::Setting { project, name, value } => {
            let sql = "INSERT INTO settings (project, name, value) VALUES (?, ?, ?)
                       ON CONFLICT (project, name) DO UPDATE SET value = excluded.value";
            execute(transaction, sql, params![project, name, value])
        }
    }
}

fn put_identity(transaction: &Transaction<'_>, row: &CompareAndSwap) -> Result<(), StoreError> {
    let CompareAndSwap { owner: (project, digits), after: Some(after), .. } = row else { return Ok(()) };
    let Some(identity) = after else {
        let sql = "DELETE FROM identities WHERE project = ? AND digits = ?";
        return execute(transaction, sql, params![project, digits]);
    };
    let sql = "INSERT INTO identities (project, digits, value) VALUES (?, ?, ?)
               ON CONFLICT (project, digits) DO UPDATE SET value = excluded.value";
    execute(transaction, sql, params![project, digits, json(&**identity)?])
}

fn put_finished(
    transaction: &Transaction<'_>,
    FinishedRow { id, project, delivery }: &FinishedRow,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO deliveries (id, project, value) VALUES (?, ?, ?)";
    execute(transaction, sql, params![id, project, json(delivery)?])?;
    let sql = "DELETE FROM deliveries WHERE project = ? AND id <=
               (SELECT id FROM deliveries WHERE project = ? ORDER BY id DESC LIMIT 1 OFFSET ?)";
    execute(transaction, sql, params![project, project, MAX_FINISHED_DELIVERIES])
}

fn put_attempts(transaction: &Transaction<'_>, swap: &AttemptsSwap) -> Result<(), StoreError> {
    let AttemptsSwap { owner: (project, digits), after: Some(attempts), .. } = swap else { return Ok(()) };
    let sql = "INSERT INTO failed_attempts (project, digits, last, value) VALUES (?, ?, ?, ?)
               ON CONFLICT (project, digits) DO UPDATE SET last = excluded.last, value = excluded.value";
    execute(transaction, sql, params![project, digits, attempts.last().map(UnixMillis::as_millis), json(attempts)?])
}

fn delete_entry(transaction: &Transaction<'_>, sequence: u64) -> Result<(), StoreError> {
    execute(transaction, "DELETE FROM outbox WHERE sequence = ?", params![sequence])
}

fn execute(transaction: &Transaction<'_>, sql: &str, values: impl rusqlite::Params) -> Result<(), StoreError> {
    transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map(drop).map_err(failed)
}

/// The serialized form for storage, which contains secrets.
fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError("a value cannot be serialized".to_owned()))
}
