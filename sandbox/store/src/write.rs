//! The atomic writes of a store in memory: their comparison, the ids that they assign, and their application.

use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    AfterAttempt, ContactAttempts, Delivery, FailedAttempts, JourneyTransaction, NewTimelineEvent, Session,
};

use crate::journey_table::JourneyRow;
use crate::notifier::{DELIVERIES, LocalNotifier, TopicKind};
use crate::row::{Owner, Row};
use crate::session_table::SessionRow;
use crate::tables::{NO_PROJECT, Tables};
use crate::{AttemptsWrite, ContactAttemptsWrite, IdentityWrite, JourneyWrite, RowChange, SessionWrite, Version};

/// One atomic write.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) op: WriteOp,
    /// The ids that [`Tables::assign_ids`] assigns.
    pub(crate) ids: AssignedIds,
}

/// The change of the tables.
#[derive(Debug)]
pub(crate) enum WriteOp {
    /// See [`SessionRepository::write`](crate::SessionRepository::write).
    Session(Box<SessionWrite>),
    /// Appends events to a timeline. No-op without the session.
    Record { auth_id: String, at: UnixMillis, events: Vec<NewTimelineEvent> },
    /// Changes identities, all of them or none, and enqueues deliveries.
    Identities { rows: Vec<IdentityWrite>, deliveries: Vec<Delivery> },
    /// Deletes the attempts of every number whose last attempt is before that time.
    ExpireAttempts(UnixMillis),
    /// Deletes everything of a project except its sessions.
    DeleteProject(String),
    /// Replaces a pending delivery by a retry or a finished one. Without it in the outbox nothing is written.
    Acknowledge { sequence: u64, next: AfterAttempt },
    /// See [`JourneyRepository::write`](crate::JourneyRepository::write).
    Journey(Box<JourneyWrite>),
    /// Deletes the attempts at contacts of a project that end before that time.
    ExpireContactAttempts { project: String, before: UnixMillis },
    /// Sets a setting.
    Setting { project: String, name: String, value: Vec<u8> },
}

/// The ids of the rows of a write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AssignedIds {
    /// Of the first new message or delivery; the others follow.
    pub(crate) sequence: u64,
    /// Of the row of the session or the transaction.
    pub(crate) row: u64,
    /// Of the first new event of the timeline. 0: there is no row, so events are dropped.
    pub(crate) first_event: u32,
}

/// What is to be done after a write, outside the lock.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    pub(crate) evicted_messages: Vec<u64>,
    pub(crate) evicted_deliveries: Vec<u64>,
    /// The session whose timeline has grown or is deleted, or which wakes its subscribers.
    session: Option<ChangedSession>,
    /// The projects with new messages.
    messages: Vec<String>,
    settings: Option<String>,
    has_deliveries: bool,
    /// Dropped outside the lock.
    _old: Option<OldRow>,
}

#[derive(Debug)]
struct ChangedSession {
    auth_id: String,
    notifies: bool,
    has_timeline: bool,
}

#[derive(Debug)]
enum OldRow {
    Session { _value: Arc<Session> },
    Deleted { _value: SessionRow },
    Transaction { _value: Arc<JourneyTransaction> },
    DeletedTransaction { _value: JourneyRow },
}

impl From<WriteOp> for Write {
    fn from(op: WriteOp) -> Self {
        Self { op, ids: AssignedIds::default() }
    }
}

impl IdentityWrite {
    pub(crate) fn owner(&self) -> Owner {
        (self.project.clone(), self.phone.digits().to_owned())
    }
}

impl AttemptsWrite {
    fn owner(&self) -> Owner {
        (self.project.clone(), self.phone.digits().to_owned())
    }
}

fn version<T>(row: Option<&Row<T>>) -> Option<Version> {
    row.map(|row| row.version)
}

impl Tables {
    /// Whether every row that the write compares still has the version that was read.
    pub(crate) fn is_current(&self, op: &WriteOp) -> bool {
        let is_identity_current = |row: &IdentityWrite| version(self.identities.get(&row.owner())) == row.version;
        match op {
            WriteOp::Session(write) => {
                let session = self.sessions.get(write.auth_id.as_str()).map(|stored| stored.row.version);
                session == write.version
                    && write.attempts.as_ref().is_none_or(|row| version(self.attempts.get(&row.owner())) == row.version)
                    && write.identity.as_ref().is_none_or(is_identity_current)
            }
            WriteOp::Identities { rows, .. } => rows.iter().all(is_identity_current),
            WriteOp::Acknowledge { sequence, .. } => self.outbox.contains_key(sequence),
            WriteOp::Journey(write) => {
                let transaction = self.journeys.get(&write.id).map(|stored| stored.row.version);
                let attempts =
                    |row: &ContactAttemptsWrite| version(self.journeys.attempts.get(&row.key)) == row.version;
                transaction == write.version && write.attempts.as_ref().is_none_or(attempts)
            }
            WriteOp::Record { .. } | WriteOp::ExpireAttempts(_) | WriteOp::DeleteProject(_) => true,
            WriteOp::ExpireContactAttempts { .. } | WriteOp::Setting { .. } => true,
        }
    }

    /// Assigns the ids of the rows of a write that is current. They are never assigned again, even if the write fails.
    pub(crate) fn assign_ids(&mut self, write: &mut Write) {
        write.ids.sequence = self.sequence + 1;
        let (rows, auth_id) = match &write.op {
            WriteOp::Session(session) => (session.messages.len(), Some(session.auth_id.as_str())),
            WriteOp::Record { auth_id, .. } => (0, Some(auth_id.as_str())),
            WriteOp::Identities { deliveries, .. } => (deliveries.len(), None),
            WriteOp::Acknowledge { .. } => (1, None),
            WriteOp::Journey(journey) => (journey.messages.len() + journey.deliveries.len(), None),
            WriteOp::ExpireAttempts(_) | WriteOp::ExpireContactAttempts { .. } => (0, None),
            WriteOp::DeleteProject(_) | WriteOp::Setting { .. } => (0, None),
        };
        self.sequence += u64::try_from(rows).unwrap_or(u64::MAX);
        if let WriteOp::Journey(journey) = &write.op {
            (write.ids.row, write.ids.first_event) = match self.journeys.get(&journey.id) {
                Some(stored) => (stored.row_id, stored.timeline.next_id()),
                None if matches!(journey.transaction, RowChange::Put(_)) => (self.next_version().0, 1),
                None => (0, 0),
            };
        }
        let Some(auth_id) = auth_id else { return };
        (write.ids.row, write.ids.first_event) = match self.sessions.get(auth_id) {
            Some(stored) => (stored.row_id, stored.timeline.next_id()),
            None if matches!(write.op, WriteOp::Record { .. }) => (0, 0),
            None => (self.next_version().0, 1),
        };
    }

    /// Applies a write that is current and has its ids.
    pub(crate) fn apply(&mut self, Write { op, ids }: Write) -> Applied {
        let mut applied = Applied::default();
        match op {
            WriteOp::Session(write) => self.apply_session(*write, ids, &mut applied),
            WriteOp::Record { auth_id, at, events } => {
                let has_timeline = self.append(&auth_id, at, events);
                applied.session = Some(ChangedSession { auth_id, notifies: false, has_timeline });
            }
            WriteOp::Identities { rows, deliveries } => {
                self.apply_identities(rows);
                applied.has_deliveries = !deliveries.is_empty();
                for (sequence, delivery) in (ids.sequence..).zip(deliveries) {
                    self.put_pending(sequence, delivery);
                }
            }
            WriteOp::Journey(write) => self.apply_journey(*write, ids, &mut applied),
            WriteOp::ExpireContactAttempts { project, before } => self.journeys.attempts.expire(&project, before),
            WriteOp::ExpireAttempts(before) => self.attempts.expire(before),
            WriteOp::DeleteProject(project) => {
                self.delete_project(&project);
                applied.settings = Some(project);
            }
            WriteOp::Acknowledge { sequence, next } => {
                self.claims.remove(&sequence);
                let project = self.outbox.remove(&sequence).map(|delivery| delivery.project);
                match (next, project) {
                    (AfterAttempt::Retry(delivery), _) => self.put_pending(ids.sequence, delivery),
                    (AfterAttempt::Finished(finished), Some(project)) => {
                        applied.evicted_deliveries.extend(self.put_finished(ids.sequence, project, finished));
                    }
                    (AfterAttempt::Finished(_), None) => {}
                }
                applied.has_deliveries = true;
            }
            WriteOp::Setting { project, name, value } => {
                self.put_setting(project.clone(), name, value);
                applied.settings = Some(project);
            }
        }
        applied
    }

    fn apply_session(&mut self, write: SessionWrite, ids: AssignedIds, applied: &mut Applied) {
        let SessionWrite { auth_id, session, attempts, identity, timeline, at, messages, notifies, .. } = write;
        let is_deleted = matches!(session, RowChange::Delete);
        applied._old = match session {
            RowChange::Keep => None,
            RowChange::Put(session) => {
                let old = self.put_session(Arc::new(session), ids.row);
                old.map(|value| OldRow::Session { _value: value })
            }
            RowChange::Delete => self.sessions.delete(&auth_id).map(|row| OldRow::Deleted { _value: row }),
        };
        if let Some(AttemptsWrite { project, phone, attempts, .. }) = attempts
            && attempts != RowChange::Keep
        {
            let attempts = if let RowChange::Put(attempts) = attempts { attempts } else { FailedAttempts::default() };
            self.put_attempts((project, phone.digits().to_owned()), attempts);
        }
        self.apply_identities(identity);
        let has_timeline = self.append(&auth_id, at, timeline) || is_deleted;
        applied.session = Some(ChangedSession { auth_id, notifies, has_timeline });
        for (id, message) in (ids.sequence..).zip(messages) {
            applied.messages.push(message.project.clone());
            applied.evicted_messages.extend(self.put_message(id, message));
        }
    }

    fn apply_journey(&mut self, write: JourneyWrite, ids: AssignedIds, applied: &mut Applied) {
        let JourneyWrite { id, transaction, attempts, timeline, at, messages, deliveries, erases_messages, .. } = write;
        applied._old = match transaction {
            RowChange::Keep => None,
            RowChange::Put(transaction) => {
                let row = Row { value: Arc::new(transaction), version: self.next_version() };
                self.journeys.put(row, ids.row).map(|value| OldRow::Transaction { _value: value })
            }
            RowChange::Delete => self.journeys.delete(&id).map(|row| OldRow::DeletedTransaction { _value: row }),
        };
        if let Some(ContactAttemptsWrite { key, attempts, .. }) = attempts
            && attempts != RowChange::Keep
        {
            let attempts = if let RowChange::Put(attempts) = attempts { attempts } else { ContactAttempts::default() };
            let row = Row { value: Arc::new(attempts), version: self.next_version() };
            self.journeys.attempts.put(&key, row);
        }
        if let Some(stored) = self.journeys.get_mut(&id) {
            timeline.into_iter().for_each(|event| stored.timeline.push(at, event));
        }
        if erases_messages {
            self.erase_messages(&id);
        }
        for (id, message) in (ids.sequence..).zip(messages) {
            applied.messages.push(message.project.clone());
            applied.evicted_messages.extend(self.put_message(id, message));
        }
        applied.has_deliveries = !deliveries.is_empty();
        let first = ids.sequence + applied.messages.len() as u64;
        for (sequence, delivery) in (first..).zip(deliveries) {
            self.put_pending(sequence, delivery);
        }
    }

    /// Appends events to a timeline. Returns whether it has grown.
    fn append(&mut self, auth_id: &str, at: UnixMillis, events: Vec<NewTimelineEvent>) -> bool {
        let Some(stored) = self.sessions.get_mut(auth_id).filter(|_| !events.is_empty()) else { return false };
        for event in events {
            stored.timeline.push(at, event);
        }
        true
    }

    fn apply_identities(&mut self, rows: impl IntoIterator<Item = IdentityWrite>) {
        let changed = rows.into_iter().filter_map(|row| match row.identity {
            RowChange::Keep => None,
            RowChange::Put(identity) => Some(((row.project, row.phone.digits().to_owned()), Some(Arc::new(identity)))),
            RowChange::Delete => Some(((row.project, row.phone.digits().to_owned()), None)),
        });
        let changed: Vec<_> = changed.collect();
        // One identity may take over a number or an index key of the other: remove both first.
        for (owner, _) in &changed {
            self.put_identity(owner, None);
        }
        for (owner, after) in changed {
            self.put_identity(&owner, after);
        }
    }
}

impl Applied {
    /// Wakes the subscribers of the write.
    pub(crate) fn notify(&self, notifier: &LocalNotifier) {
        if let Some(ChangedSession { auth_id, notifies, has_timeline }) = &self.session {
            if *notifies {
                notifier.notify_key(TopicKind::Session, auth_id);
            }
            if *has_timeline {
                notifier.notify_key(TopicKind::Timeline, auth_id);
            }
        }
        for project in &self.messages {
            notifier.notify_key(TopicKind::Messages, project);
        }
        if let Some(project) = &self.settings {
            let kind = if project == NO_PROJECT { TopicKind::Global } else { TopicKind::Settings };
            notifier.notify_key(kind, project);
        }
        if self.has_deliveries {
            notifier.notify_key(TopicKind::Global, DELIVERIES);
        }
    }
}
