//! Batches of writes for one transaction: which writes can be in one, and which have lost a race within it.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::tables::Tables;
use crate::write::{Write, WriteOp};
use crate::{ContactAttemptsKey, IdentityWrite, JourneyWrite, RowChange, SessionWrite, StoreError, TransactionId};

/// The channel for the result of a write.
pub(super) type Done = oneshot::Sender<Result<bool, StoreError>>;

/// A write, and the channel for its result.
pub(super) struct Job {
    pub(super) write: Write,
    pub(super) done: Done,
}

/// The writes of one transaction, with their ids.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) jobs: Vec<Job>,
    /// Of writes that have lost a race, to a write before this batch or in it. They are told after the transaction, when the
    /// rows that won are visible.
    pub(super) lost: Vec<Done>,
    touched: Touched,
}

/// The rows that the writes of a batch touch, each as a hash of its key. Two rows with the same hash only cost a repetition.
#[derive(Default)]
struct Touched {
    hasher: RandomState,
    changed: HashSet<u64>,
    /// Sessions and transactions whose timeline grows.
    appended: HashSet<u64>,
}

/// The place of a write relative to a batch.
enum Place {
    /// In the batch.
    Batch,
    /// A write of the batch changes a row that this write compares.
    Lost,
    /// In the next batch, since it depends on the result of this one.
    Next,
}

/// A row, for its hash.
#[derive(Hash)]
enum Touch<'a> {
    Session(&'a str),
    Attempts(&'a str, &'a str),
    Identity(&'a str, &'a str),
    Delivery(u64),
    Journey(&'a TransactionId),
    Contact(&'a ContactAttemptsKey),
}

impl Batch {
    /// Gathers the queued jobs into a batch. Also returns a job that must wait for the next batch.
    pub(super) fn gather(
        limit: usize,
        tables: &Mutex<Tables>,
        mut queued: impl FnMut() -> Option<Job>,
    ) -> (Self, Option<Job>) {
        let mut batch = Self::default();
        while batch.jobs.len() + batch.lost.len() < limit
            && let Some(mut job) = queued()
        {
            let is_alone = matches!(
                job.write.op,
                WriteOp::DeleteProject(_) | WriteOp::ExpireAttempts(_) | WriteOp::ExpireContactAttempts { .. }
            );
            // It reads which messages the file has: none may be on their way there.
            let is_first = matches!(&job.write.op, WriteOp::Journey(write) if write.erases_messages);
            if (is_alone || is_first) && !batch.jobs.is_empty() {
                return (batch, Some(job));
            }
            let mut tables = tables.lock();
            let place = if tables.is_current(&job.write.op) { batch.touched.place(&job.write.op) } else { Place::Lost };
            match place {
                Place::Batch => {
                    tables.assign_ids(&mut job.write);
                    drop(tables);
                    batch.touched.add(&job.write.op);
                    batch.jobs.push(job);
                }
                Place::Lost => batch.lost.push(job.done),
                Place::Next => return (batch, Some(job)),
            }
            if is_alone {
                break;
            }
        }
        (batch, None)
    }
}

impl Touched {
    fn hash(&self, touch: &Touch<'_>) -> u64 {
        self.hasher.hash_one(touch)
    }

    fn is_changed(&self, touch: &Touch<'_>) -> bool {
        !self.changed.is_empty() && self.changed.contains(&self.hash(touch))
    }

    fn is_appended(&self, touch: &Touch<'_>) -> bool {
        !self.appended.is_empty() && self.appended.contains(&self.hash(touch))
    }

    fn place(&self, op: &WriteOp) -> Place {
        let is_lost = |row: &IdentityWrite| self.is_changed(&identity(row));
        match op {
            WriteOp::Session(write) => {
                let session = Touch::Session(&write.auth_id);
                let has_lost = self.is_changed(&session)
                    || attempts(write).is_some_and(|attempts| self.is_changed(&attempts))
                    || write.identity.as_ref().is_some_and(is_lost);
                match write.timeline.is_empty() {
                    _ if has_lost => Place::Lost,
                    false if self.is_appended(&session) => Place::Next,
                    _ => Place::Batch,
                }
            }
            WriteOp::Record { auth_id, .. } => {
                let session = Touch::Session(auth_id);
                if self.is_changed(&session) || self.is_appended(&session) { Place::Next } else { Place::Batch }
            }
            WriteOp::Identities { rows, .. } => {
                if rows.iter().any(is_lost) {
                    Place::Lost
                } else {
                    Place::Batch
                }
            }
            WriteOp::Acknowledge { sequence, .. } => {
                if self.is_changed(&Touch::Delivery(*sequence)) {
                    Place::Next
                } else {
                    Place::Batch
                }
            }
            WriteOp::Journey(write) => {
                let journey = Touch::Journey(&write.id);
                let has_lost = self.is_changed(&journey)
                    || write.attempts.as_ref().is_some_and(|row| self.is_changed(&Touch::Contact(&row.key)));
                match write.timeline.is_empty() {
                    _ if has_lost => Place::Lost,
                    false if self.is_appended(&journey) => Place::Next,
                    _ => Place::Batch,
                }
            }
            WriteOp::ExpireAttempts(_) | WriteOp::ExpireContactAttempts { .. } => Place::Batch,
            WriteOp::DeleteProject(_) | WriteOp::Setting { .. } => Place::Batch,
        }
    }

    fn add(&mut self, op: &WriteOp) {
        match op {
            WriteOp::Session(write) => {
                let session = self.hash(&Touch::Session(&write.auth_id));
                if !matches!(write.session, RowChange::Keep) {
                    self.changed.insert(session);
                }
                if !write.timeline.is_empty() {
                    self.appended.insert(session);
                }
                if let Some(attempts) = attempts(write).filter(|_| changes_attempts(write)) {
                    self.changed.insert(self.hash(&attempts));
                }
                self.add_identities(write.identity.as_slice());
            }
            WriteOp::Record { auth_id, .. } => {
                self.appended.insert(self.hash(&Touch::Session(auth_id)));
            }
            WriteOp::Identities { rows, .. } => self.add_identities(rows),
            WriteOp::Acknowledge { sequence, .. } => {
                self.changed.insert(self.hash(&Touch::Delivery(*sequence)));
            }
            WriteOp::Journey(write) => self.add_journey(write),
            WriteOp::ExpireAttempts(_) | WriteOp::ExpireContactAttempts { .. } => {}
            WriteOp::DeleteProject(_) | WriteOp::Setting { .. } => {}
        }
    }

    fn add_journey(&mut self, write: &JourneyWrite) {
        let journey = self.hash(&Touch::Journey(&write.id));
        if !matches!(write.transaction, RowChange::Keep) {
            self.changed.insert(journey);
        }
        if !write.timeline.is_empty() {
            self.appended.insert(journey);
        }
        if let Some(row) = write.attempts.as_ref().filter(|row| !matches!(row.attempts, RowChange::Keep)) {
            self.changed.insert(self.hash(&Touch::Contact(&row.key)));
        }
    }

    fn add_identities(&mut self, rows: &[IdentityWrite]) {
        for row in rows.iter().filter(|row| !matches!(row.identity, RowChange::Keep)) {
            self.changed.insert(self.hash(&identity(row)));
        }
    }
}

fn identity(row: &IdentityWrite) -> Touch<'_> {
    Touch::Identity(&row.project, row.phone.digits())
}

fn changes_attempts(write: &SessionWrite) -> bool {
    write.attempts.as_ref().is_some_and(|write| write.attempts != RowChange::Keep)
}

fn attempts(write: &SessionWrite) -> Option<Touch<'_>> {
    write.attempts.as_ref().map(|attempts| Touch::Attempts(&attempts.project, attempts.phone.digits()))
}
