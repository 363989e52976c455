//! The tables of a store in memory, and the writes that change them. No input or output.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::{MAX_FINISHED_DELIVERIES, MAX_MESSAGES, OutboxEntry};
use handset_protocol::UnixMillis;
use handset_sandbox_domain::{Delivery, Effect, FailedAttempts, FinishedDelivery, Identity, Message, Session};

/// All rows of a store, with their indexes.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// By authId. Readers share a session and clone it only to change it.
    pub(super) sessions: HashMap<String, Row<Arc<Session>>>,
    pub(super) by_correlation_id: HashMap<String, String>,
    pub(super) by_link_token: HashMap<String, String>,
    /// By expiry, earliest first.
    pub(super) by_end: BTreeSet<(UnixMillis, String)>,
    pub(super) identities: BTreeMap<Owner, Row<Arc<Identity>>>,
    pub(super) by_identity_id: HashMap<String, Owner>,
    pub(super) by_device: HashMap<String, Owner>,
    /// Enrolled identities by project, time of enrollment, and id.
    pub(super) enrolled: BTreeMap<(String, UnixMillis, String), Owner>,
    /// Failed attempts by project and number.
    pub(super) attempts: BTreeMap<Owner, Row<FailedAttempts>>,
    /// By the time of the last attempt, earliest first.
    attempts_by_last: BTreeSet<(UnixMillis, Owner)>,
    /// Entries by sequence, except deliveries to webhooks, which can stay pending for long.
    pub(super) outbox: BTreeMap<u64, OutboxEntry>,
    /// Deliveries to webhooks by sequence, each with its subject.
    pub(super) pending_deliveries: BTreeMap<u64, (String, Delivery)>,
    /// Finished deliveries by project and id.
    pub(super) finished_deliveries: BTreeMap<String, BTreeMap<u64, FinishedDelivery>>,
    /// Sent messages by project and id.
    pub(super) messages: BTreeMap<String, BTreeMap<u64, Message>>,
    /// By project and name. Settings of the sandbox itself have the project [`NO_PROJECT`].
    pub(super) settings: BTreeMap<(String, String), Vec<u8>>,
    /// The highest sequence that was assigned.
    pub(super) sequence: u64,
    /// The last revision. A revision is never reused: a row that was deleted and created again has another one.
    revision: u64,
}

/// The key of an identity and of failed attempts: the project and the digits of the number.
pub(super) type Owner = (String, String);

/// The project of the sandbox's own settings. No real project has this name.
pub(super) const NO_PROJECT: &str = "";

/// A value with the revision that a compare-and-swap compares.
#[derive(Debug)]
pub(super) struct Row<T> {
    pub(super) value: T,
    pub(super) revision: u64,
}

/// One atomic write.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) op: WriteOp,
    /// New entries of the outbox. [`Write::assign_sequences`] sets their sequences.
    pub(super) outgoing: Vec<OutboxEntry>,
}

/// The change of the tables.
#[derive(Debug)]
pub(super) enum WriteOp {
    /// Compare-and-swap of a session, together with the attempts of its number.
    Session {
        auth_id: String,
        /// The revision that was read. `None`: there was no session.
        revision: Option<u64>,
        /// `None`: unchanged. `Some(None)`: deleted.
        after: Option<Option<Arc<Session>>>,
        /// The attempts of its number; `None`: not compared.
        attempts: Option<AttemptsSwap>,
    },
    /// Compare-and-swap of identities: all of them or none.
    Identities {
        rows: Vec<CompareAndSwap>,
        /// The outbox entry that this write completes. Without it in the outbox nothing is written.
        entry: Option<u64>,
    },
    /// Deletes the attempts of every number whose last attempt is before that time.
    ExpireAttempts(UnixMillis),
    /// Deletes everything of a project except its sessions.
    DeleteProject(String),
    /// Removes an entry from the outbox.
    CompleteEntry(u64),
    /// Removes a pending delivery; a retry is among the outgoing entries. Without it in the outbox nothing is written.
    RecordAttempt {
        sequence: u64,
        /// The row of the finished delivery; `None` for a retry.
        finished: Option<FinishedRow>,
    },
    /// Sets a setting.
    Setting { project: String, name: String, value: Vec<u8> },
}

/// The row of a finished delivery.
#[derive(Debug)]
pub(super) struct FinishedRow {
    /// Greater than all earlier ids. [`Write::assign_sequences`] sets it.
    pub(super) id: u64,
    pub(super) project: String,
    pub(super) delivery: FinishedDelivery,
}

/// Compare-and-swap of the identity of a number.
#[derive(Debug)]
pub(super) struct CompareAndSwap {
    pub(super) owner: Owner,
    /// The revision that was read. `None`: there was no identity.
    pub(super) revision: Option<u64>,
    /// `None`: unchanged. `Some(None)`: deleted.
    pub(super) after: Option<Option<Arc<Identity>>>,
}

/// Compare-and-swap of the failed attempts of a number.
#[derive(Debug)]
pub(super) struct AttemptsSwap {
    pub(super) owner: Owner,
    /// The revision that was read. `None`: there were no attempts.
    pub(super) revision: Option<u64>,
    /// `None`: unchanged.
    pub(super) after: Option<FailedAttempts>,
}

/// The key of a row that a write compares.
#[cfg(feature = "sqlite")]
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Compared {
    Session(String),
    Identity(Owner),
    Attempts(Owner),
    Delivery(u64),
}

impl Write {
    /// A write without outgoing entries.
    pub(super) fn of(op: WriteOp) -> Self {
        Self { op, outgoing: Vec::new() }
    }

    /// Assigns the sequences after `last` to the outgoing entries and the finished row, and advances `last`.
    pub(super) fn assign_sequences(&mut self, last: &mut u64) {
        let entries = self.outgoing.iter_mut().map(|entry| &mut entry.sequence);
        let finished = match &mut self.op {
            WriteOp::RecordAttempt { finished, .. } => finished.as_mut().map(|row| &mut row.id),
            _ => None,
        };
        for sequence in entries.chain(finished) {
            *last += 1;
            *sequence = *last;
        }
    }

    /// The rows that the write compares. Two writes with a row in common must not be in one batch.
    #[cfg(feature = "sqlite")]
    pub(super) fn compared(&self) -> Vec<Compared> {
        match &self.op {
            WriteOp::Session { auth_id, attempts, .. } => {
                // A read-only attempt counter is not compared: it serializes before any concurrent writer.
                let changed = attempts.iter().filter(|swap| swap.after.is_some());
                let attempts = changed.map(|swap| Compared::Attempts(swap.owner.clone()));
                std::iter::once(Compared::Session(auth_id.clone())).chain(attempts).collect()
            }
            WriteOp::Identities { rows, .. } => rows.iter().map(|row| Compared::Identity(row.owner.clone())).collect(),
            WriteOp::RecordAttempt { sequence, .. } => vec![Compared::Delivery(*sequence)],
            _ => Vec::new(),
        }
    }

    /// Whether the write changes rows that it does not list in [`Write::compared`], so that it needs a batch of its own.
    #[cfg(feature = "sqlite")]
    pub(super) fn stands_alone(&self) -> bool {
        matches!(self.op, WriteOp::DeleteProject(_) | WriteOp::ExpireAttempts(_))
    }
}

impl Tables {
    /// Whether every row that the write compares still has the revision that was read.
    pub(super) fn is_current(&self, write: &Write) -> bool {
        match &write.op {
            WriteOp::Session { auth_id, revision, attempts, .. } => {
                let attempts_revision = |owner| self.attempts.get(owner).map(|row| row.revision);
                self.sessions.get(auth_id).map(|row| row.revision) == *revision
                    && attempts.as_ref().is_none_or(|swap| attempts_revision(&swap.owner) == swap.revision)
            }
            WriteOp::Identities { rows, entry } => {
                let is_as_read =
                    |row: &CompareAndSwap| self.identities.get(&row.owner).map(|row| row.revision) == row.revision;
                rows.iter().all(is_as_read) && entry.is_none_or(|sequence| self.outbox.contains_key(&sequence))
            }
            WriteOp::RecordAttempt { sequence, .. } => self.pending_deliveries.contains_key(sequence),
            _ => true,
        }
    }

    /// Applies a write whose sequences are assigned. Returns the ids of the messages that were evicted.
    pub(super) fn apply(&mut self, write: Write) -> Vec<u64> {
        match write.op {
            WriteOp::Session { auth_id, after, attempts, .. } => {
                if let Some(after) = after {
                    self.put_session(&auth_id, after);
                }
                if let Some(AttemptsSwap { owner, after: Some(after), .. }) = attempts {
                    self.put_attempts(owner, Some(after));
                }
            }
            WriteOp::ExpireAttempts(before) => self.expire_attempts(before),
            WriteOp::Identities { rows, entry } => {
                let changed: Vec<_> = rows.into_iter().filter_map(|row| Some((row.owner, row.after?))).collect();
                // One identity may take over a number or an index key of the other: remove both first.
                for (owner, _) in &changed {
                    self.put_identity(owner, None);
                }
                for (owner, after) in changed {
                    self.put_identity(&owner, after);
                }
                if let Some(sequence) = entry {
                    self.outbox.remove(&sequence);
                }
            }
            WriteOp::DeleteProject(project) => self.delete_project(&project),
            WriteOp::CompleteEntry(sequence) => drop(self.outbox.remove(&sequence)),
            WriteOp::RecordAttempt { sequence, finished } => {
                self.pending_deliveries.remove(&sequence);
                if let Some(FinishedRow { id, project, delivery }) = finished {
                    self.put_finished(id, project, delivery);
                }
            }
            WriteOp::Setting { project, name, value } => self.put_setting(project, name, value),
        }
        let mut evicted = Vec::new();
        for entry in write.outgoing {
            self.sequence = self.sequence.max(entry.sequence);
            if let Effect::SendMessage(message) = &entry.effect {
                evicted.extend(self.put_message(entry.sequence, message.clone()));
            }
            self.put_outgoing(entry);
        }
        evicted
    }

    pub(super) fn put_session(&mut self, auth_id: &str, session: Option<Arc<Session>>) {
        let revision = self.next_revision();
        if let (Some(row), Some(session)) = (self.sessions.get_mut(auth_id), &session)
            && has_same_index_keys(&row.value, session)
        {
            *row = Row { value: session.clone(), revision };
            return;
        }
        if let Some(Row { value: old, .. }) = self.sessions.remove(auth_id) {
            self.by_end.remove(&(old.expires_at, auth_id.to_owned()));
            self.by_correlation_id.remove(&old.correlation_id);
            for link in &old.links {
                self.by_link_token.remove(link.token.expose());
            }
        }
        if let Some(session) = session {
            self.by_end.insert((session.expires_at, auth_id.to_owned()));
            self.by_correlation_id.insert(session.correlation_id.clone(), auth_id.to_owned());
            for link in &session.links {
                self.by_link_token.insert(link.token.expose().to_owned(), auth_id.to_owned());
            }
            self.sessions.insert(auth_id.to_owned(), Row { value: session, revision });
        }
    }

    pub(super) fn put_identity(&mut self, owner: &Owner, identity: Option<Arc<Identity>>) {
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
            let revision = self.next_revision();
            self.identities.insert(owner.clone(), Row { value: identity, revision });
        }
    }

    fn delete_project(&mut self, project: &str) {
        let from = (project.to_owned(), String::new());
        let of_project = self.identities.range(from..).take_while(|((name, _), _)| name == project);
        let owners: Vec<_> = of_project.map(|(owner, _)| owner.clone()).collect();
        for owner in owners {
            self.put_identity(&owner, None);
        }
        let of_project = self.attempts.keys().filter(|(name, _)| name == project);
        let owners: Vec<_> = of_project.cloned().collect();
        for owner in owners {
            self.put_attempts(owner, None);
        }
        self.messages.remove(project);
        self.pending_deliveries.retain(|_, (_, delivery)| delivery.project != project);
        self.finished_deliveries.remove(project);
        self.settings.retain(|(name, _), _| name != project);
    }

    /// Projects with at least one row.
    pub(super) fn projects(&self) -> BTreeSet<&str> {
        let of_sessions = self.sessions.values().map(|row| row.value.project.as_str());
        let of_identities = self.identities.keys().map(|(project, _)| project.as_str());
        let of_attempts = self.attempts.keys().map(|(project, _)| project.as_str());
        let of_messages = self.messages.keys().map(String::as_str);
        let of_deliveries = self.pending_deliveries.values().map(|(_, delivery)| delivery.project.as_str());
        let of_deliveries = of_deliveries.chain(self.finished_deliveries.keys().map(String::as_str));
        let of_settings = self.settings.keys().map(|(project, _)| project.as_str());
        let all = of_sessions.chain(of_identities).chain(of_attempts).chain(of_messages);
        all.chain(of_deliveries).chain(of_settings).filter(|project| *project != NO_PROJECT).collect()
    }

    pub(super) fn put_attempts(&mut self, owner: Owner, attempts: Option<FailedAttempts>) {
        if let Some(last) = self.attempts.remove(&owner).and_then(|old| old.value.last()) {
            self.attempts_by_last.remove(&(last, owner.clone()));
        }
        if let Some((attempts, last)) = attempts.and_then(|attempts| attempts.last().map(|last| (attempts, last))) {
            self.attempts_by_last.insert((last, owner.clone()));
            let revision = self.next_revision();
            self.attempts.insert(owner, Row { value: attempts, revision });
        }
    }

    /// Whether the last attempt at some number is before that time.
    pub(super) fn has_attempts_before(&self, time: UnixMillis) -> bool {
        self.attempts_by_last.first().is_some_and(|(last, _)| *last < time)
    }

    fn expire_attempts(&mut self, before: UnixMillis) {
        while self.has_attempts_before(before) {
            if let Some((_, owner)) = self.attempts_by_last.pop_first() {
                self.attempts.remove(&owner);
            }
        }
    }

    pub(super) fn put_outgoing(&mut self, entry: OutboxEntry) {
        match entry.effect {
            Effect::DeliverWebhook(delivery) => {
                drop(self.pending_deliveries.insert(entry.sequence, (entry.subject, *delivery)))
            }
            _ => drop(self.outbox.insert(entry.sequence, entry)),
        }
    }

    pub(super) fn put_finished(&mut self, id: u64, project: String, finished: FinishedDelivery) {
        self.sequence = self.sequence.max(id);
        let of_project = self.finished_deliveries.entry(project).or_default();
        of_project.insert(id, finished);
        if of_project.len() > MAX_FINISHED_DELIVERIES {
            of_project.pop_first();
        }
    }

    /// Returns the id of the message that was evicted, if the project had [`MAX_MESSAGES`].
    pub(super) fn put_message(&mut self, id: u64, message: Message) -> Option<u64> {
        let messages = self.messages.entry(message.project.clone()).or_default();
        messages.insert(id, message);
        if messages.len() <= MAX_MESSAGES {
            return None;
        }
        messages.pop_first().map(|(id, _)| id)
    }

    pub(super) fn put_setting(&mut self, project: String, name: String, value: Vec<u8>) {
        self.settings.insert((project, name), value);
    }

    fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }
}

/// Whether both sessions have the same index keys. Most writes leave them unchanged.
fn has_same_index_keys(old: &Session, new: &Session) -> bool {
    let same_links = || old.links.iter().map(|link| &link.token).eq(new.links.iter().map(|link| &link.token));
    old.expires_at == new.expires_at && old.correlation_id == new.correlation_id && same_links()
}
