//! The transactions of a store in memory, with their timelines and indexes, and the attempts at contacts. No rules of writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{CodePurpose, ContactAttempts, JourneyTransaction, NewJourneyEvent};

use crate::row::Row;
use crate::timeline_log::TimelineLog;
use crate::{ContactAttemptsKey, JourneyKey, TransactionId};

/// All transactions.
#[derive(Debug, Default)]
pub(crate) struct JourneyTable {
    rows: BTreeMap<TransactionId, JourneyRow>,
    by_handoff_secret: HashMap<String, TransactionId>,
    /// By end, earliest first.
    by_end: BTreeSet<(UnixMillis, TransactionId)>,
    pub(crate) attempts: ContactAttemptTable,
}

/// A transaction with its timeline.
#[derive(Debug)]
pub(crate) struct JourneyRow {
    pub(crate) row: Row<JourneyTransaction>,
    /// The id of the row in a file.
    pub(crate) row_id: u64,
    pub(crate) timeline: TimelineLog<NewJourneyEvent>,
}

impl JourneyTable {
    pub(crate) fn find(&self, key: JourneyKey<'_>) -> Option<&JourneyRow> {
        match key {
            JourneyKey::Transaction { project, app_id, transaction_id } => self.get(&TransactionId {
                project: project.to_owned(),
                app_id: app_id.to_owned(),
                transaction_id: transaction_id.to_owned(),
            }),
            JourneyKey::HandoffSecret(secret) => self.get(self.by_handoff_secret.get(secret.expose())?),
        }
    }

    pub(crate) fn get(&self, id: &TransactionId) -> Option<&JourneyRow> {
        self.rows.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &TransactionId) -> Option<&mut JourneyRow> {
        self.rows.get_mut(id)
    }

    /// Creates or replaces a transaction. `row_id` is the id of a new row. Returns the old value.
    pub(crate) fn put(&mut self, row: Row<JourneyTransaction>, row_id: u64) -> Option<Arc<JourneyTransaction>> {
        let id = id_of(&row.value);
        if let Some(end) = row.value.ends_at() {
            self.by_end.insert((end, id.clone()));
        }
        for handoff in &row.value.handoffs {
            self.by_handoff_secret.insert(handoff.secret.expose().to_owned(), id.clone());
        }
        let Some(stored) = self.rows.get_mut(&id) else {
            self.rows.insert(id, JourneyRow { row, row_id, timeline: TimelineLog::default() });
            return None;
        };
        let (end, new) = (row.value.ends_at(), row.value.clone());
        let old = std::mem::replace(&mut stored.row, row).value;
        if let Some(old_end) = old.ends_at().filter(|old_end| Some(*old_end) != end) {
            self.by_end.remove(&(old_end, id));
        }
        for handoff in &old.handoffs {
            if new.handoffs.iter().all(|kept| kept.secret != handoff.secret) {
                self.by_handoff_secret.remove(handoff.secret.expose());
            }
        }
        Some(old)
    }

    /// Deletes a transaction with its timeline. Returns the old row.
    pub(crate) fn delete(&mut self, id: &TransactionId) -> Option<JourneyRow> {
        let old = self.rows.remove(id)?;
        if let Some(end) = old.row.value.ends_at() {
            self.by_end.remove(&(end, id.clone()));
        }
        for handoff in &old.row.value.handoffs {
            self.by_handoff_secret.remove(handoff.secret.expose());
        }
        Some(old)
    }

    /// The transactions of a project, sorted.
    pub(crate) fn of_project<'a>(
        &'a self,
        project: &'a str,
    ) -> impl Iterator<Item = (&'a TransactionId, &'a JourneyRow)> {
        let from = TransactionId { project: project.to_owned(), app_id: String::new(), transaction_id: String::new() };
        self.rows.range(from..).take_while(move |(id, _)| id.project == project)
    }

    /// Deletes everything of a project.
    pub(crate) fn delete_project(&mut self, project: &str) {
        let ids: Vec<_> = self.of_project(project).map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.delete(&id);
        }
        self.attempts.delete_project(project);
    }

    /// The transactions that end before that time, earliest first.
    pub(crate) fn ending_before(&self, time: UnixMillis) -> impl Iterator<Item = &TransactionId> {
        self.by_end.iter().take_while(move |(end, _)| *end < time).map(|(_, id)| id)
    }

    /// The names of the projects with transactions or attempts.
    pub(crate) fn projects(&self) -> impl Iterator<Item = &str> {
        let of_attempts = self.attempts.rows.keys().map(|(project, ..)| project.as_str());
        self.rows.keys().map(|id| id.project.as_str()).chain(of_attempts)
    }
}

/// The ids of a transaction.
pub(crate) fn id_of(transaction: &JourneyTransaction) -> TransactionId {
    TransactionId {
        project: transaction.project.clone(),
        app_id: transaction.app_id.clone(),
        transaction_id: transaction.transaction_id.clone(),
    }
}

/// Project, application, purpose and contact.
type ContactKey = (String, String, CodePurpose, String);

/// The attempts at contacts.
#[derive(Debug, Default)]
pub(crate) struct ContactAttemptTable {
    rows: BTreeMap<ContactKey, Row<ContactAttempts>>,
    /// By project and end, earliest first.
    by_end: BTreeSet<(String, UnixMillis, ContactKey)>,
}

fn key_of(key: &ContactAttemptsKey) -> ContactKey {
    (key.project.clone(), key.app_id.clone(), key.purpose, key.contact.expose().to_owned())
}

impl ContactAttemptTable {
    pub(crate) fn get(&self, key: &ContactAttemptsKey) -> Option<&Row<ContactAttempts>> {
        self.rows.get(&key_of(key))
    }

    /// Sets the attempts at a contact. Those that never end are deleted.
    pub(crate) fn put(&mut self, key: &ContactAttemptsKey, row: Row<ContactAttempts>) {
        let key = key_of(key);
        self.remove(&key);
        if let Some(end) = row.value.ends_at() {
            self.by_end.insert((key.0.clone(), end, key.clone()));
            self.rows.insert(key, row);
        }
    }

    pub(crate) fn has_before(&self, project: &str, time: UnixMillis) -> bool {
        self.first_before(project, time).is_some()
    }

    pub(crate) fn expire(&mut self, project: &str, before: UnixMillis) {
        while let Some(key) = self.first_before(project, before).cloned() {
            self.remove(&key);
        }
    }

    fn first_before(&self, project: &str, time: UnixMillis) -> Option<&ContactKey> {
        let least = (String::new(), String::new(), CodePurpose::Resume, String::new());
        let from = (project.to_owned(), UnixMillis::MIN, least);
        let (of_project, end, key) = self.by_end.range(from..).next()?;
        (of_project == project && *end < time).then_some(key)
    }

    fn delete_project(&mut self, project: &str) {
        self.rows.retain(|(of_project, ..), _| of_project != project);
        self.by_end.retain(|(of_project, ..)| of_project != project);
    }

    fn remove(&mut self, key: &ContactKey) {
        if let Some(old) = self.rows.remove(key)
            && let Some(end) = old.value.ends_at()
        {
            self.by_end.remove(&(key.0.clone(), end, key.clone()));
        }
    }
}
