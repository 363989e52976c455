//! The statements of each write. No transactions.

use handset_protocol::UnixMillis;
use parking_lot::Mutex;
use rusqlite::{Connection, Params, ToSql, params};
use serde::Serialize;

use super::schema::failed;
use crate::tables::Tables;
use crate::timeline_log::LogEvent;
use crate::write::{AssignedIds, Write, WriteOp};
use crate::{AttemptsWrite, IdentityWrite, MAX_TIMELINE_EVENTS, RowChange, SessionWrite, StoreError};
use handset_sandbox_domain::AfterAttempt;

/// A table of timelines.
pub(super) struct LogTable {
    /// Inserts the events of one write.
    pub(super) insert: &'static str,
    /// Deletes the rows whose events are all before one. The last row that begins at that event or before it still has kept
    /// events.
    pub(super) evict: &'static str,
}

const TIMELINE: LogTable = LogTable {
    insert: "INSERT INTO timeline (session, first_id, events) VALUES (?, ?, ?)",
    evict: "DELETE FROM timeline WHERE session = ?1 AND first_id <
            (SELECT max(first_id) FROM timeline WHERE session = ?1 AND first_id <= ?2)",
};

/// The statements of an open transaction.
pub(super) struct Statements<'a> {
    connection: &'a Connection,
    /// Of the serialized rows.
    buffer: &'a mut Vec<u8>,
    /// Number of executed statements.
    count: &'a mut usize,
}

impl<'a> Statements<'a> {
    pub(super) fn new(connection: &'a Connection, buffer: &'a mut Vec<u8>, count: &'a mut usize) -> Self {
        Self { connection, buffer, count }
    }

    pub(super) fn execute(&mut self, sql: &str, values: impl Params) -> Result<(), StoreError> {
        *self.count += 1;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        statement.execute(values).map(drop).map_err(failed)
    }

    /// Executes a statement whose last value is a row in its serialized form.
    pub(super) fn put_row(&mut self, sql: &str, keys: &[&dyn ToSql], row: &impl Serialize) -> Result<(), StoreError> {
        *self.count += 1;
        let value = json(self.buffer, row)?;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        for (position, key) in (1..).zip(keys) {
            statement.raw_bind_parameter(position, key).map_err(failed)?;
        }
        statement.raw_bind_parameter(keys.len() + 1, value).map_err(failed)?;
        statement.raw_execute().map(drop).map_err(failed)
    }

    /// Writes the rows of a write that has its ids.
    pub(super) fn put(&mut self, Write { op, ids }: &Write, tables: &Mutex<Tables>) -> Result<(), StoreError> {
        match op {
            WriteOp::Session(write) => self.put_session(write, ids),
            WriteOp::Record { at, events, .. } => self.append(&TIMELINE, ids, *at, events),
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
            WriteOp::Journey(write) => self.put_journey(write, ids, tables),
            WriteOp::ExpireContactAttempts { project, before } => {
                let sql = "DELETE FROM contact_attempts WHERE project = ? AND ends < ?";
                self.execute(sql, params![project, before.as_millis()])
            }
            WriteOp::DeleteProject(project) => self.delete_project(project, tables),
            WriteOp::Acknowledge { sequence, next } => {
                match next {
                    AfterAttempt::Retry(delivery) => self.put_pending(ids.sequence, delivery)?,
                    AfterAttempt::Finished(finished) => {
                        let project = tables.lock().outbox.get(sequence).map(|delivery| delivery.project.clone());
                        let sql = "INSERT INTO deliveries (id, project, value) VALUES (?, ?, ?)";
                        self.put_row(sql, params![ids.sequence, project], finished)?;
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
        let id = ids.row;
        match &write.session {
            RowChange::Keep => {}
            RowChange::Put(session) => {
                let sql = "INSERT OR REPLACE INTO sessions (id, value) VALUES (?, ?)";
                self.put_row(sql, params![id], session)?;
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
            self.append(&TIMELINE, ids, write.at, &write.timeline)?;
        }
        if let Some(attempts) = &write.attempts {
            self.put_attempts(attempts)?;
        }
        if let Some(identity) = &write.identity {
            self.put_identity(identity)?;
        }
        for (id, message) in (ids.sequence..).zip(&write.messages) {
            self.put_row("INSERT INTO messages (id, value) VALUES (?, ?)", params![id], message)?;
        }
        Ok(())
    }

    /// Appends events to a timeline in one row. Deletes the rows whose events are all evicted.
    pub(super) fn append<E: LogEvent<Recorded: Serialize>>(
        &mut self,
        table: &LogTable,
        ids: &AssignedIds,
        at: UnixMillis,
        events: &[E],
    ) -> Result<(), StoreError> {
        let AssignedIds { row, first_event, .. } = *ids;
        if events.is_empty() || first_event == 0 {
            return Ok(());
        }
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let events: Vec<_> = (first_event..).zip(events).map(|(id, event)| event.recorded(id, at)).collect();
        self.put_row(table.insert, params![row, first_event], &events)?;
        let first_kept = (first_event + count).saturating_sub(u32::try_from(MAX_TIMELINE_EVENTS).unwrap_or(u32::MAX));
        if first_kept <= 1 { Ok(()) } else { self.execute(table.evict, params![row, first_kept]) }
    }

    fn put_attempts(&mut self, write: &AttemptsWrite) -> Result<(), StoreError> {
        let AttemptsWrite { project, phone, attempts, .. } = write;
        let put = match attempts {
            RowChange::Keep => return Ok(()),
            RowChange::Put(attempts) => attempts.last().map(|last| (last, attempts)),
            RowChange::Delete => None,
        };
        let Some((last, attempts)) = put else {
            let sql = "DELETE FROM failed_attempts WHERE project = ? AND digits = ?";
            return self.execute(sql, params![project, phone.digits()]);
        };
        let sql = "INSERT OR REPLACE INTO failed_attempts (project, digits, last, value) VALUES (?, ?, ?, ?)";
        self.put_row(sql, params![project, phone.digits(), last.as_millis()], attempts)
    }

    fn put_identity(&mut self, write: &IdentityWrite) -> Result<(), StoreError> {
        let (project, digits) = (&write.project, write.phone.digits());
        match &write.identity {
            RowChange::Keep => Ok(()),
            RowChange::Put(identity) => {
                let sql = "INSERT OR REPLACE INTO identities (project, digits, value) VALUES (?, ?, ?)";
                self.put_row(sql, params![project, digits], identity)
            }
            RowChange::Delete => {
                let sql = "DELETE FROM identities WHERE project = ? AND digits = ?";
                self.execute(sql, params![project, digits])
            }
        }
    }

    pub(super) fn put_pending(&mut self, sequence: u64, delivery: &impl Serialize) -> Result<(), StoreError> {
        self.put_row("INSERT INTO outbox (sequence, value) VALUES (?, ?)", params![sequence], delivery)
    }

    /// Deletes everything of a project except its sessions. The highest ids may be among the deleted ones, so it also keeps
    /// the last one.
    fn delete_project(&mut self, project: &str, tables: &Mutex<Tables>) -> Result<(), StoreError> {
        self.execute("DELETE FROM identities WHERE project = ?", params![project])?;
        self.execute("DELETE FROM failed_attempts WHERE project = ?", params![project])?;
        self.execute("DELETE FROM contact_attempts WHERE project = ?", params![project])?;
        self.execute("DELETE FROM settings WHERE project = ?", params![project])?;
        let (messages, deliveries, outbox, journeys, last) = {
            let tables = tables.lock();
            let journeys: Vec<_> = tables.journeys.of_project(project).map(|(_, stored)| stored.row_id).collect();
            let messages: Vec<_> = tables.messages.get(project).into_iter().flat_map(|list| list.ids()).collect();
            let finished = tables.finished_deliveries.get(project).into_iter().flat_map(|of| of.keys().copied());
            let pending = tables.outbox.iter().filter(|(_, delivery)| delivery.project == project);
            let (finished, pending): (Vec<_>, Vec<_>) = (finished.collect(), pending.map(|(id, _)| *id).collect());
            (messages, finished, pending, journeys, tables.sequence)
        };
        for id in journeys {
            self.delete_journey(id)?;
        }
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

/// The serialized form for storage, which contains secrets.
fn json<'a>(buffer: &'a mut Vec<u8>, value: &impl Serialize) -> Result<&'a str, StoreError> {
    let unserializable = || StoreError("a value cannot be serialized".to_owned());
    buffer.clear();
    serde_json::to_writer(&mut *buffer, value).map_err(|_| unserializable())?;
    std::str::from_utf8(buffer).map_err(|_| unserializable())
}
