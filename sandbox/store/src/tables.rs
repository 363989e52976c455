//! What a store holds, in memory, and what can be written to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::{MAX_FINISHED_DELIVERIES, MAX_MESSAGES, OutboxEntry};
use handset_protocol::UnixMillis;
use handset_sandbox_domain::{Delivery, Effect, FailedAttempts, FinishedDelivery, Identity, Message, Session};

/// Every session, and all else that is kept.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Who reads one shares it, and copies it only to change it.
    pub(super) sessions: HashMap<String, Row<Arc<Session>>>,
    pub(super) by_correlation_id: HashMap<String, String>,
    pub(super) by_link_token: HashMap<String, String>,
    /// Soonest first.
    pub(super) by_end: BTreeSet<(UnixMillis, String)>,
    pub(super) identities: BTreeMap<Owner, Row<Arc<Identity>>>,
    pub(super) by_identity_id: HashMap<String, Owner>,
    pub(super) by_device: HashMap<String, Owner>,
    /// Those that are enrolled: project, since when, and id.
    pub(super) enrolled: BTreeMap<(String, UnixMillis, String), Owner>,
    /// At whose codes was attempts_swap.
    pub(super) attempts: BTreeMap<Owner, Row<FailedAttempts>>,
    /// By the last attempt, the oldest first.
    attempts_by_last: BTreeSet<(UnixMillis, Owner)>,
    /// But for what goes to webhooks, which may wait there for long.
    pub(super) outbox: BTreeMap<u64, OutboxEntry>,
    /// That, with its subject.
    pub(super) pending_deliveries: BTreeMap<u64, (String, Delivery)>,
    /// What went there, by project.
    pub(super) finished_deliveries: BTreeMap<String, BTreeMap<u64, FinishedDelivery>>,
    /// By project.
    pub(super) messages: BTreeMap<String, BTreeMap<u64, Message>>,
    /// By project and name; those of the sandbox itself are of [`NO_PROJECT`].
    pub(super) settings: BTreeMap<(String, String), Vec<u8>>,
    /// The last one that was given out.
    pub(super) sequence: u64,
    /// Never given out again, so that what went and came back is not taken for what was read.
    revision: u64,
}

/// Whose identity it is: the project, and the digits of the number.
pub(super) type Owner = (String, String);

/// No project has this name.
pub(super) const NO_PROJECT: &str = "";

#[derive(Debug)]
pub(super) struct Row<T> {
    pub(super) value: T,
    pub(super) revision: u64,
}

/// One write: whole, or not at all.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) op: WriteOp,
    /// What goes to the outbox with it; [`Write::number`] gives their sequence.
    pub(super) outgoing: Vec<OutboxEntry>,
}

#[derive(Debug)]
pub(super) enum WriteOp {
    /// A session, if it is still as it was read.
    Session {
        auth_id: String,
        /// That of the session which was read.
        revision: Option<u64>,
        /// `None`: it stays as it is.
        after: Option<Option<Arc<Session>>>,
        /// The attempts at its number, if those are still as they were read, too.
        attempts: Option<AttemptsSwap>,
    },
    /// The identities of numbers, likewise: all of them, or none.
    Identities {
        rows: Vec<CompareAndSwap>,
        /// The entry of the outbox that it carries out, if that still waits.
        entry: Option<u64>,
    },
    /// Guesses are forgotten where the last was before that time.
    ExpireAttempts(UnixMillis),
    /// Nothing of a project is kept but its sessions.
    DeleteProject(String),
    /// An entry of the outbox was carried out.
    CompleteEntry(u64),
    /// A delivery leaves the outbox, if it still waits there.
    RecordAttempt {
        sequence: u64,
        /// It is over.
        finished: Option<FinishedRow>,
    },
    /// A fact of a project.
    Setting { project: String, name: String, value: Vec<u8> },
}

/// A delivery that is over.
#[derive(Debug)]
pub(super) struct FinishedRow {
    /// Grows with every one. [`Write::number`] gives it.
    pub(super) id: u64,
    pub(super) project: String,
    pub(super) delivery: FinishedDelivery,
}

/// The identity of a number.
#[derive(Debug)]
pub(super) struct CompareAndSwap {
    pub(super) owner: Owner,
    /// That of the identity which was read.
    pub(super) revision: Option<u64>,
    /// `None`: it stays as it is.
    pub(super) after: Option<Option<Arc<Identity>>>,
}

/// The attempts at a number.
#[derive(Debug)]
pub(super) struct AttemptsSwap {
    pub(super) owner: Owner,
    /// That of the attempts which were read.
    pub(super) revision: Option<u64>,
    /// `None`: they stay as they are.
    pub(super) after: Option<FailedAttempts>,
}

/// What a write compares.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Compared {
    Session(String),
    Identity(Owner),
    Guesses(Owner),
    Delivery(u64),
}

impl Write {
    /// A write that nothing follows.
    pub(super) fn of(op: WriteOp) -> Self {
        Self { op, outgoing: Vec::new() }
    }

    /// Gives out sequences.
    pub(super) fn assign_sequences(&mut self, last: &mut u64) {
        let entries = self.outgoing.iter_mut().map(|entry| &mut entry.sequence);
        let finished = match &mut self.op {
            WriteOp::RecordAttempt { finished, .. } => finished.as_mut().map(|over| &mut over.id),
            _ => None,
        };
        for number in entries.chain(finished) {
            *last += 1;
            *number = *last;
        }
    }

    /// What it compares before it writes: two writes of the same cannot be decided together.
    pub(super) fn compared(&self) -> Vec<Compared> {
        match &self.op {
            WriteOp::Session { auth_id, attempts: counted, .. } => {
                // Who leaves them as they are may as well have come before who changes them.
                let changed = counted.iter().filter(|counted| counted.after.is_some());
                let counted = changed.map(|counted| Compared::Guesses(counted.owner.clone()));
                std::iter::once(Compared::Session(auth_id.clone())).chain(counted).collect()
            }
            WriteOp::Identities { rows, .. } => rows.iter().map(|row| Compared::Identity(row.owner.clone())).collect(),
            WriteOp::RecordAttempt { sequence, .. } => vec![Compared::Delivery(*sequence)],
            _ => Vec::new(),
        }
    }

    /// Whether it changes what others compare, so that no other can be decided together with it.
    pub(super) fn stands_alone(&self) -> bool {
        matches!(self.op, WriteOp::DeleteProject(_) | WriteOp::ExpireAttempts(_))
    }
}

impl Tables {
    /// Whether what it compares is still as it was read.
    pub(super) fn is_current(&self, write: &Write) -> bool {
        match &write.op {
            WriteOp::Session { auth_id, revision, attempts: counted, .. } => {
                let of_guesses = |owner| self.attempts.get(owner).map(|row| row.revision);
                self.sessions.get(auth_id).map(|row| row.revision) == *revision
                    && counted.as_ref().is_none_or(|counted| of_guesses(&counted.owner) == counted.revision)
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

    /// Carries out a write that was numbered. Returns the ids of the messages that made room.
    pub(super) fn apply(&mut self, write: Write) -> Vec<u64> {
        match write.op {
            WriteOp::Session { auth_id, after, attempts: counted, .. } => {
                if let Some(after) = after {
                    self.put_session(&auth_id, after);
                }
                if let Some(AttemptsSwap { owner, after: Some(after), .. }) = counted {
                    self.put_attempts(owner, Some(after));
                }
            }
            WriteOp::ExpireAttempts(before) => self.expire_attempts(before),
            WriteOp::Identities { rows, entry } => {
                let changed: Vec<_> = rows.into_iter().filter_map(|row| Some((row.owner, row.after?))).collect();
                // One may take the names of the other: what was there goes first.
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
        let mut gone = Vec::new();
        for entry in write.outgoing {
            self.sequence = self.sequence.max(entry.sequence);
            if let Effect::SendMessage(message) = &entry.effect {
                gone.extend(self.put_message(entry.sequence, message.clone()));
            }
            self.put_outgoing(entry);
        }
        gone
    }

    pub(super) fn put_session(&mut self, auth_id: &str, session: Option<Arc<Session>>) {
        let revision = self.next_revision();
        if let (Some(row), Some(session)) = (self.sessions.get_mut(auth_id), &session)
            && has_same_names(&row.value, session)
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

    /// Those of which anything is kept.
    pub(super) fn projects(&self) -> BTreeSet<&str> {
        let of_sessions = self.sessions.values().map(|row| row.value.project.as_str());
        let of_identities = self.identities.keys().map(|(project, _)| project.as_str());
        let of_guesses = self.attempts.keys().map(|(project, _)| project.as_str());
        let of_messages = self.messages.keys().map(String::as_str);
        let of_deliveries = self.pending_deliveries.values().map(|(_, delivery)| delivery.project.as_str());
        let of_deliveries = of_deliveries.chain(self.finished_deliveries.keys().map(String::as_str));
        let of_facts = self.settings.keys().map(|(project, _)| project.as_str());
        let all = of_sessions.chain(of_identities).chain(of_guesses).chain(of_messages);
        all.chain(of_deliveries).chain(of_facts).filter(|project| *project != NO_PROJECT).collect()
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

    /// Whether there are attempts to forget.
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

    /// Returns the id of the message that made room for it.
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

/// Whether what a session is found by, and sorted by, stays as it is. So it is with most writes.
fn has_same_names(old: &Session, new: &Session) -> bool {
    let same_links = || old.links.iter().map(|link| &link.token).eq(new.links.iter().map(|link| &link.token));
    old.expires_at == new.expires_at && old.correlation_id == new.correlation_id && same_links()
}
