//! The statements of writes of journeys. No transactions.

use parking_lot::Mutex;
use rusqlite::params;

use super::statements::{LogTable, Statements};
use crate::tables::Tables;
use crate::write::AssignedIds;
use crate::{ContactAttemptsKey, ContactAttemptsWrite, JourneyWrite, RowChange, StoreError};

const TIMELINE: LogTable = LogTable {
    insert: "INSERT INTO journey_timeline (journey, first_id, events) VALUES (?, ?, ?)",
    evict: "DELETE FROM journey_timeline WHERE journey = ?1 AND first_id <
            (SELECT max(first_id) FROM journey_timeline WHERE journey = ?1 AND first_id <= ?2)",
};

impl Statements<'_> {
    pub(super) fn put_journey(
        &mut self,
        write: &JourneyWrite,
        ids: &AssignedIds,
        tables: &Mutex<Tables>,
    ) -> Result<(), StoreError> {
        match &write.transaction {
            RowChange::Keep => {}
            RowChange::Put(transaction) => {
                let sql = "INSERT OR REPLACE INTO journeys (id, value) VALUES (?, ?)";
                self.put_row(sql, params![ids.row], transaction)?;
            }
            RowChange::Delete => self.delete_journey(ids.row)?,
        }
        if !matches!(write.transaction, RowChange::Delete) {
            self.append(&TIMELINE, ids, write.at, &write.timeline)?;
        }
        if let Some(attempts) = &write.attempts {
            self.put_contact_attempts(attempts)?;
        }
        if write.erases_messages {
            // The highest id may be among the deleted ones.
            let (own, last) = {
                let tables = tables.lock();
                let list = tables.messages.get(&write.id.project);
                (list.map(|list| list.ids_of(&write.id)).unwrap_or_default(), tables.sequence)
            };
            for id in own {
                self.execute("DELETE FROM messages WHERE id = ?", params![id])?;
            }
            self.execute("UPDATE sequence SET last = ?", params![last])?;
        }
        for (id, message) in (ids.sequence..).zip(&write.messages) {
            self.put_row("INSERT INTO messages (id, value) VALUES (?, ?)", params![id], message)?;
        }
        let first = ids.sequence + write.messages.len() as u64;
        for (sequence, delivery) in (first..).zip(&write.deliveries) {
            self.put_pending(sequence, delivery)?;
        }
        Ok(())
    }

    pub(super) fn delete_journey(&mut self, row: u64) -> Result<(), StoreError> {
        self.execute("DELETE FROM journeys WHERE id = ?", params![row])?;
        self.execute("DELETE FROM journey_timeline WHERE journey = ?", params![row])
    }

    fn put_contact_attempts(&mut self, write: &ContactAttemptsWrite) -> Result<(), StoreError> {
        let ContactAttemptsKey { project, app_id, purpose, contact } = &write.key;
        let (purpose, contact) = (purpose.as_str(), contact.expose());
        let put = match &write.attempts {
            RowChange::Keep => return Ok(()),
            RowChange::Put(attempts) => attempts.ends_at().map(|end| (end, attempts)),
            RowChange::Delete => None,
        };
        let Some((end, attempts)) = put else {
            let sql = "DELETE FROM contact_attempts WHERE project = ? AND app_id = ? AND purpose = ? AND contact = ?";
            return self.execute(sql, params![project, app_id, purpose, contact]);
        };
        let sql = "INSERT OR REPLACE INTO contact_attempts (project, app_id, purpose, contact, ends, value)
                   VALUES (?, ?, ?, ?, ?, ?)";
        self.put_row(sql, params![project, app_id, purpose, contact, end.as_millis()], attempts)
    }
}
