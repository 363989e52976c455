//! The tables of a store in memory, with their indexes. No input or output, and no rules of writes, which are in `write`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{Delivery, FailedAttempts, FinishedDelivery, Identity, Message, Session};

use crate::attempt_table::AttemptTable;
use crate::journey_table::JourneyTable;
use crate::message_list::MessageList;
use crate::row::{Owner, Row};
use crate::session_table::SessionTable;
use crate::{MAX_FINISHED_DELIVERIES, TransactionId, Version};

/// All rows of a store, with their indexes.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) sessions: SessionTable,
    pub(crate) identities: BTreeMap<Owner, Row<Identity>>,
    pub(crate) by_identity_id: HashMap<String, Owner>,
    pub(crate) by_device: HashMap<String, Owner>,
    /// Enrolled identities by project, time of enrollment, and id.
    pub(crate) enrolled: BTreeMap<(String, UnixMillis, String), Owner>,
    pub(crate) attempts: AttemptTable,
    pub(crate) journeys: JourneyTable,
    /// Deliveries to webhooks by sequence.
    pub(crate) outbox: BTreeMap<u64, Delivery>,
    /// The ends of the claims by sequence. Only this process has the outbox, so a claim ends with it.
    pub(crate) claims: HashMap<u64, UnixMillis>,
    /// Finished deliveries by project and id.
    pub(crate) finished_deliveries: BTreeMap<String, BTreeMap<u64, FinishedDelivery>>,
    /// Sent messages by project.
    pub(crate) messages: BTreeMap<String, MessageList>,
    /// By project and name. Settings of the sandbox itself have the project [`NO_PROJECT`].
    pub(crate) settings: BTreeMap<(String, String), Vec<u8>>,
    /// The highest id of a message or delivery that was assigned.
    pub(crate) sequence: u64,
    /// The highest version, and the highest id of a session's row, that was assigned. Neither is ever reused: a row that
    /// was deleted and created again has another version.
    pub(crate) last_version: u64,
}

/// The project of the sandbox's own settings. No real project has this name.
pub(crate) const NO_PROJECT: &str = "";

impl Tables {
    /// Creates or replaces a session. `row_id` is the id of a new row. Returns the old value.
    pub(crate) fn put_session(&mut self, session: Arc<Session>, row_id: u64) -> Option<Arc<Session>> {
        let version = self.next_version();
        self.sessions.put(Row { value: session, version }, row_id)
    }

    pub(crate) fn put_identity(&mut self, owner: &Owner, identity: Option<Arc<Identity>>) {
        if let Some(Row { value: old, .. }) = self.identities.remove(owner) {
            self.by_identity_id.remove(&old.id);
            for device in &old.devices {
                self.by_device.remove(&device.id);
            }
            if let Some(enrollment) = &old.enrollment {
                self.enrolled.remove(&(old.project.clone(), enrollment.since, old.id.clone()));
            }
        }
        if let Some(identity) = identity {
            self.by_identity_id.insert(identity.id.clone(), owner.clone());
            for device in &identity.devices {
                self.by_device.insert(device.id.clone(), owner.clone());
            }
            if let Some(enrollment) = &identity.enrollment {
                let key = (identity.project.clone(), enrollment.since, identity.id.clone());
                self.enrolled.insert(key, owner.clone());
            }
            let version = self.next_version();
            self.identities.insert(owner.clone(), Row { value: identity, version });
        }
    }

    /// Sets the attempts of a number. Empty attempts are deleted.
    pub(crate) fn put_attempts(&mut self, owner: Owner, attempts: FailedAttempts) {
        let version = self.next_version();
        self.attempts.put(owner, Row { value: Arc::new(attempts), version });
    }

    pub(crate) fn put_pending(&mut self, sequence: u64, delivery: Delivery) {
        self.sequence = self.sequence.max(sequence);
        self.outbox.insert(sequence, delivery);
    }

    /// Returns the id of the finished delivery that was evicted, if the project had [`MAX_FINISHED_DELIVERIES`].
    pub(crate) fn put_finished(&mut self, id: u64, project: String, finished: FinishedDelivery) -> Option<u64> {
        self.sequence = self.sequence.max(id);
        let of_project = self.finished_deliveries.entry(project).or_default();
        of_project.insert(id, finished);
        if of_project.len() <= MAX_FINISHED_DELIVERIES {
            return None;
        }
        of_project.pop_first().map(|(id, _)| id)
    }

    /// Returns the id of the message that was evicted, if the project had [`MAX_MESSAGES`](crate::MAX_MESSAGES).
    pub(crate) fn put_message(&mut self, id: u64, message: Message) -> Option<u64> {
        self.sequence = self.sequence.max(id);
        match self.messages.get_mut(&message.project) {
            Some(messages) => messages.push(id, message),
            None => self.messages.entry(message.project.clone()).or_default().push(id, message),
        }
    }

    /// Deletes the messages of a transaction.
    pub(crate) fn erase_messages(&mut self, id: &TransactionId) {
        let Some(list) = self.messages.get_mut(&id.project) else { return };
        let own = list.ids_of(id);
        list.remove(&own);
        if list.is_empty() {
            self.messages.remove(&id.project);
        }
    }

    pub(crate) fn put_setting(&mut self, project: String, name: String, value: Vec<u8>) {
        self.settings.insert((project, name), value);
    }

    /// Deletes everything of a project except its sessions.
    pub(crate) fn delete_project(&mut self, project: &str) {
        let from = (project.to_owned(), String::new());
        let of_project = self.identities.range(from..).take_while(|((name, _), _)| name == project);
        let owners: Vec<_> = of_project.map(|(owner, _)| owner.clone()).collect();
        for owner in owners {
            self.put_identity(&owner, None);
        }
        let of_project = self.attempts.owners().filter(|(name, _)| name == project);
        let owners: Vec<_> = of_project.cloned().collect();
        for owner in owners {
            self.put_attempts(owner, FailedAttempts::default());
        }
        self.messages.remove(project);
        self.journeys.delete_project(project);
        let claims = &mut self.claims;
        self.outbox.retain(|sequence, delivery| {
            let is_kept = delivery.project != project;
            if !is_kept {
                claims.remove(sequence);
            }
            is_kept
        });
        self.finished_deliveries.remove(project);
        self.settings.retain(|(name, _), _| name != project);
    }

    /// Projects with at least one row.
    pub(crate) fn projects(&self) -> BTreeSet<&str> {
        let of_sessions = self.sessions.iter().map(|stored| stored.row.value.project.as_str());
        let of_identities = self.identities.keys().map(|(project, _)| project.as_str());
        let of_attempts = self.attempts.owners().map(|(project, _)| project.as_str());
        let of_messages = self.messages.keys().map(String::as_str);
        let of_deliveries = self.outbox.values().map(|delivery| delivery.project.as_str());
        let of_deliveries = of_deliveries.chain(self.finished_deliveries.keys().map(String::as_str));
        let of_settings = self.settings.keys().map(|(project, _)| project.as_str());
        let all = of_sessions.chain(of_identities).chain(of_attempts).chain(of_messages);
        all.chain(of_deliveries)
            .chain(of_settings)
            .chain(self.journeys.projects())
            .filter(|project| *project != NO_PROJECT)
            .collect()
    }

    pub(crate) fn next_version(&mut self) -> Version {
        self.last_version += 1;
        Version(self.last_version)
    }
}
