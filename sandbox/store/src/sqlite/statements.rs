//! The statements of each write. No transactions.

use handset_protocol::UnixMillis;
use parking_lot::Mutex;
use rusqlite::{Connection, Params, params};
use serde::Serialize;

use super::schema::failed;
use crate::tables::Tables;
use crate::write::{AssignedIds, Write, WriteOp};
use crate::{AttemptsWrite, IdentityWrite, MAX_TIMELINE_EVENTS, RowChange, SessionWrite, StoreError};
use handset_sandbox_domain::{AfterAttempt, NewTimelineEvent};

/// The statements of an open transaction.
pub(super) struct Statements<'a> {
    connection: &'a Connection,
    buffer: &'a mut Vec<u8>,
}

impl<'a> Statements<'a> {
    pub(super) fn new(connection: &'a Connection, buffer: &'a mut Vec<u8>) -> Self {
        Self { connection, buffer }
    }

    pub(super) fn execute(&self, sql: &str, values: impl Params) -> Result<(), StoreError> {
        execute(self.connection, sql, values)
    }

    /// Writes the rows of a write that has its ids.
    pub(super) fn put(&mut self, Write { op, ids }: &Write, tables: &Mutex<Tables>) -> Result<(), StoreError> {
        match op {
            WriteOp::Session(write) => self.put_session(write, ids),
            WriteOp::Record { at, events, .. } => self.append(ids, *at, events),
            WriteOp::Identities { rows, deliveries } => {
                // One identity may take over the number of the other; the rows are different nevertheless.
                for row in rows {
                    self.put_identity(row)?;
                }
                for (sequence, delivery) in (ids.sequence..).zip(deliveries) {
                    self.put_pending(sequence, delivery)?;
                }
                Ok(())
            }
            WriteOp::ExpireAttempts(before) => {
                self.execute("DELETE FROM failed_attempts WHERE last < ?", params![before.as_millis()])
            }
            WriteOp::DeleteProject(project) => self.delete_project(project, tables),
            WriteOp::Acknowledge { sequence, next } => {
                match next {
                    AfterAttempt::Retry(delivery) => self.put_pending(ids.sequence, delivery)?,
                    AfterAttempt::Finished(finished) => {
                        let project = tables.lock().outbox.get(sequence).map(|delivery| delivery.project.clone());
                        let sql = "INSERT INTO deliveries (id, project, value) VALUES (?, ?, ?)";
                        let value = json(self.buffer, finished)?;
                        execute(self.connection, sql, params![ids.sequence, project, value])?;
                    }
                }
                self.execute("DELETE FROM outbox WHERE sequence = ?", params![sequence])
            }
            WriteOp::Setting { project, name, value } => {
                let sql = "INSERT OR REPLACE INTO settings (project, name, value) VALUES (?, ?, ?)";
                self.execute(sql, params![project, name, value])
            }
        }
    }

    fn put_session(&mut self, write: &SessionWrite, ids: &AssignedIds) -> Result<(), StoreError> {
        let id = ids.session_row;
        match &write.session {
            RowChange::Keep => {}
            RowChange::Put(session) => {
                let value = json(self.buffer, session)?;
                let sql = "INSERT OR REPLACE INTO sessions (id, value) VALUES (?, ?)";
                execute(self.connection, sql, params![id, value])?;
            }
            RowChange::Delete => {
                self.execute("DELETE FROM sessions WHERE id = ?", params![id])?;
                self.execute("DELETE FROM timeline WHERE session = ?", params![id])?;
            }
        }
        let has_session = match write.session {
            RowChange::Keep => write.version.is_some(),
            RowChange::Put(_) => true,
            RowChange::Delete => false,
        };
        if has_session {
            self.append(ids, write.at, &write.timeline)?;
        }
        if let Some(attempts) = &write.attempts {
            self.put_attempts(attempts)?;
        }
        if let Some(identity) = &write.identity {
            self.put_identity(identity)?;
        }
        for (id, message) in (ids.sequence..).zip(&write.messages) {
            let value = json(self.buffer, message)?;
            execute(self.connection, "INSERT INTO messages (id, value) VALUES (?, ?)", params![id, value])?;
        }
        Ok(())
    }

    /// Appends events to a timeline in one row. Deletes the rows whose events are all evicted.
    fn append(&mut self, ids: &AssignedIds, at: UnixMillis, events: &[NewTimelineEvent]) -> Result<(), StoreError> {
        let AssignedIds { session_row, first_event, .. } = *ids;
        if events.is_empty() || first_event == 0 {
            return Ok(());
        }
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let events: Vec<_> = (first_event..).zip(events).map(|(id, event)| event.recorded(id, at)).collect();
        let value = json(self.buffer, &events)?;
        let sql = "INSERT INTO timeline (session, first_id, events) VALUES (?, ?, ?)";
        execute(self.connection, sql, params![session_row, first_event, value])?;
        let first_kept = (first_event + count).saturating_sub(u32::try_from(MAX_TIMELINE_EVENTS).unwrap_or(u32::MAX));
        if first_kept <= 1 {
            return Ok(());
        }
        // The last row that begins at the first kept event or before it still has kept events.
        let sql = "DELETE FROM timeline WHERE session = ?1 AND first_id <
                   (SELECT max(first_id) FROM timeline WHERE session = ?1 AND first_id <= ?2)";
        self.execute(sql, params![session_row, first_kept])
    }

    fn put_attempts(&mut self, write: &AttemptsWrite) -> Result<(), StoreError> {
        let AttemptsWrite { project, phone, attempts, .. } = write;
        let Some(last) = attempts.last() else {
            let sql = "DELETE FROM failed_attempts WHERE project = ? AND digits = ?";
            return self.execute(sql, params![project, phone.digits()]);
        };
        let sql = "INSERT OR REPLACE INTO failed_attempts (project, digits, last, value) VALUES (?, ?, ?, ?)";
        let value = json(self.buffer, attempts)?;
        execute(self.connection, sql, params![project, phone.digits(), last.as_millis(), value])
    }

    fn put_identity(&mut self, write: &IdentityWrite) -> Result<(), StoreError> {
        let (project, digits) = (&write.project, write.phone.digits());
        match &write.identity {
            RowChange::Keep => Ok(()),
            RowChange::Put(identity) => {
                let sql = "INSERT OR REPLACE INTO identities (project, digits, value) VALUES (?, ?, ?)";
                let value = json(self.buffer, identity)?;
                execute(self.connection, sql, params![project, digits, value])
            }
            RowChange::Delete => {
                let sql = "DELETE FROM identities WHERE project = ? AND digits = ?";
                self.execute(sql, params![project, digits])
            }
        }
    }

    fn put_pending(&mut self, sequence: u64, delivery: &impl Serialize) -> Result<(), StoreError> {
        let value = json(self.buffer, delivery)?;
        let sql = "INSERT INTO outbox (sequence, value) VALUES (?, ?)";
        execute(self.connection, sql, params![sequence, value])
    }

    /// Deletes everything of a project except its sessions. The highest ids may be among the deleted ones, so it also keeps
    /// the last one.
    fn delete_project(&self, project: &str, tables: &Mutex<Tables>) -> Result<(), StoreError> {
        self.execute("DELETE FROM identities WHERE project = ?", params![project])?;
        self.execute("DELETE FROM failed_attempts WHERE project = ?", params![project])?;
        self.execute("DELETE FROM settings WHERE project = ?", params![project])?;
        let (messages, deliveries, outbox, last) = {
            let tables = tables.lock();
            let messages: Vec<_> = tables.messages.get(project).into_iter().flat_map(|list| list.ids()).collect();
            let finished = tables.finished_deliveries.get(project).into_iter().flat_map(|of| of.keys().copied());
            let pending = tables.outbox.iter().filter(|(_, delivery)| delivery.project == project);
            (messages, finished.collect::<Vec<_>>(), pending.map(|(id, _)| *id).collect::<Vec<_>>(), tables.sequence)
        };
        for id in messages {
            self.execute("DELETE FROM messages WHERE id = ?", params![id])?;
        }
        for id in deliveries {
            self.execute("DELETE FROM deliveries WHERE id = ?", params![id])?;
        }
        for sequence in outbox {
            self.execute("DELETE FROM outbox WHERE sequence = ?", params![sequence])?;
        }
        self.execute("UPDATE sequence SET last = ?", params![last])
    }
}

fn execute(connection: &Connection, sql: &str, values: impl Params) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map(drop).map_err(failed)
}

/// The serialized form for storage, which contains secrets.
fn json<'a>(buffer: &'a mut Vec<u8>, value: &impl Serialize) -> Result<&'a str, StoreError> {
    let unserializable = || StoreError("a value cannot be serialized".to_owned());
    buffer.clear();
    serde_json::to_writer(&mut *buffer, value).map_err(|_| unserializable())?;
    std::str::from_utf8(buffer).map_err(|_| unserializable())
}
