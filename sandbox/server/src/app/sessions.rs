//! Sessions: load one, apply a command to it, write the result. The rules are in the domain, the calls in their own files.

use std::sync::Arc;
use std::time::Duration;

use handset_protocol::UnixMillis;

use super::Services;
use super::jwt::TokenSubject;
use crate::metrics::SessionChange;
use crate::projects::Project;
use handset_sandbox_domain::{
    ApplyInput, Command, FailedAttempts, Fault, Identity, NewTimelineEvent, Phone, Product, Session, Transition, apply,
};
use handset_sandbox_store::{
    AttemptsWrite, IdentityKey, IdentityWrite, RowChange, SessionKey, SessionWrite, StoreError, Versioned,
};

/// Time that a session is kept after its end, for inspection.
const SESSION_RETENTION: Duration = Duration::from_secs(15 * 60);
/// Maximum number of ended sessions that a request deletes, so that it does not pay for many others.
const COLLECTED_AT_ONCE: usize = 100;

/// The session that a request or a socket belongs to.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    pub(crate) auth_id: String,
    pub(crate) project: Arc<Project>,
    /// The fault that was injected into the request or its reply.
    pub(crate) fault: Option<Fault>,
}

/// A session with its row as it was read.
pub(crate) struct LoadedSession {
    pub(crate) handle: SessionHandle,
    pub(crate) row: Versioned<Session>,
}

/// The rows of the number that a command depends on.
#[derive(Default)]
pub(super) struct NumberRows {
    phone: Option<Phone>,
    attempts: Option<Versioned<FailedAttempts>>,
    identity: Option<Versioned<Identity>>,
}

impl NumberRows {
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref().map(|row| &*row.value)
    }

    fn attempts(&self) -> Option<&FailedAttempts> {
        self.attempts.as_ref().map(|row| &*row.value)
    }
}

impl Services {
    /// The session with that key, without a fault. `None`: there is no such session.
    pub(super) async fn load_session(&self, key: SessionKey<'_>) -> Result<Option<LoadedSession>, StoreError> {
        let Some(row) = self.store.sessions().get(key).await? else { return Ok(None) };
        let project = self.projects.for_session(&row.value.project);
        let handle = SessionHandle { auth_id: row.value.auth_id.clone(), project, fault: None };
        Ok(Some(LoadedSession { handle, row }))
    }

    /// The session of an authToken. `None`: it is gone.
    pub(crate) async fn load_session_of(&self, subject: &TokenSubject) -> Result<Option<LoadedSession>, StoreError> {
        self.load_session(SessionKey::AuthId(&subject.auth_id)).await
    }

    /// Applies a command to a session, of which `row` is the last known state, and writes the result. `None`: the session is
    /// gone.
    pub(crate) async fn apply<C: Command>(
        &self,
        handle: &SessionHandle,
        row: Versioned<Session>,
        command: &C,
    ) -> Result<Option<C::Answer>, StoreError> {
        let now = handle.project.clock.now();
        let mut next = Some(row);
        while let Some(row) = next {
            let session = &*row.value;
            let number = command.number().or_else(|| session.phone.clone());
            let rows = self
                .number_rows(&session.project, number, command.counts_attempts(), session.product.product())
                .await?;
            let input =
                ApplyInput { session, attempts: rows.attempts(), identity: rows.identity(), fault: handle.fault, now };
            let transition = apply(&input, command);
            if let Some(answer) = self.write_transition(Some(&row), rows, transition, now).await? {
                return Ok(Some(answer));
            }
            // Another request has changed one of the rows.
            next = self.store.sessions().get(SessionKey::AuthId(&handle.auth_id)).await?;
        }
        Ok(None)
    }

    /// Reads the rows of a number that a command to a session of that product depends on.
    pub(super) async fn number_rows(
        &self,
        project: &str,
        phone: Option<Phone>,
        counts_attempts: bool,
        product: Product,
    ) -> Result<NumberRows, StoreError> {
        let Some(phone) = phone else { return Ok(NumberRows::default()) };
        let attempts = if counts_attempts { self.store.attempts().get(project, &phone).await? } else { None };
        let identity = match product.uses_identities() {
            true => self.store.identities().get(project, IdentityKey::Number(&phone)).await?,
            false => None,
        };
        Ok(NumberRows { phone: Some(phone), attempts, identity })
    }

    /// Writes a transition of the session `before`, or of a new session, and counts what it did. `None`: one of the rows has
    /// changed since it was read, and nothing was written.
    pub(super) async fn write_transition<A>(
        &self,
        before: Option<&Versioned<Session>>,
        rows: NumberRows,
        transition: Transition<A>,
        at: UnixMillis,
    ) -> Result<Option<A>, StoreError> {
        let Transition { answer, session, attempts, identity, timeline, outgoing, notifies } = transition;
        let is_changed = before.is_none_or(|before| *before.value != session);
        let has_effect = attempts.is_some() || identity.is_some() || notifies;
        if !is_changed && !has_effect && timeline.is_empty() && outgoing.is_empty() {
            return Ok(Some(answer));
        }
        let NumberRows { phone, attempts: read_attempts, identity: read_identity } = rows;
        let (project, phone) = (&session.project, phone.as_ref());
        let attempts = attempts.zip(phone).map(|(attempts, phone)| AttemptsWrite {
            project: project.clone(),
            phone: phone.clone(),
            version: read_attempts.as_ref().map(|row| row.version),
            attempts: match &read_attempts {
                None if attempts == FailedAttempts::default() => RowChange::Keep,
                read => change(read.as_ref(), attempts),
            },
        });
        let identity = identity.zip(phone).map(|(identity, phone)| IdentityWrite {
            project: project.clone(),
            phone: phone.clone(),
            version: read_identity.as_ref().map(|row| row.version),
            identity: change(read_identity.as_ref(), identity),
        });
        let counted = SessionChange::between(before.map(|row| &*row.value), Some(&session), &outgoing);
        let write = SessionWrite {
            auth_id: session.auth_id.clone(),
            version: before.map(|row| row.version),
            session: if is_changed { RowChange::Put(session) } else { RowChange::Keep },
            attempts,
            identity,
            timeline,
            at,
            messages: outgoing,
            notifies,
        };
        if !self.store.sessions().write(write).await? {
            return Ok(None);
        }
        self.metrics.count(&counted);
        Ok(Some(answer))
    }

    /// Appends events to a session's timeline. A failure of the store is logged.
    pub(crate) async fn record(&self, handle: &SessionHandle, events: &[NewTimelineEvent]) {
        // The store's call is a boxed future: an open socket does not reserve its size for its whole life.
        let now = handle.project.clock.now();
        if let Err(error) = self.store.sessions().record(&handle.auth_id, now, events).await {
            tracing::error!(%error, "store operation failed");
        }
    }

    /// Deletes sessions after their retention, of this project by its own clock and of all projects by the system clock, and
    /// failed attempts that count no longer. No project's clock is behind the system clock. Does nothing if it ran a moment
    /// ago, and leaves a long rest to the next request: what has ended is judged by the clock, this only frees memory.
    pub(super) async fn collect_garbage(&self, project: &Project) -> Result<(), StoreError> {
        if !project.is_collection_due() {
            return Ok(());
        }
        let cutoff = |now: UnixMillis| now - SESSION_RETENTION;
        let of_all = self.delete_expiring_before(None, cutoff(self.projects.system_now()), COLLECTED_AT_ONCE).await?;
        let own = cutoff(project.clock.now());
        let of_project = self.delete_expiring_before(Some(&project.name), own, COLLECTED_AT_ONCE).await?;
        if !(of_all && of_project) {
            project.leave_collection_due();
        }
        let window_seconds = self.config.otp.number_window_seconds.max(self.config.sms.number_window_seconds);
        let window = Duration::from_secs(window_seconds.into());
        self.store.attempts().expire(self.projects.system_now() - window).await
    }

    /// Deletes up to `max` sessions that expire before `time`, which wakes their watchers. `None`: of all projects. Returns
    /// whether none is left.
    pub(super) async fn delete_expiring_before(
        &self,
        project: Option<&str>,
        time: UnixMillis,
        max: usize,
    ) -> Result<bool, StoreError> {
        let ended = self.store.sessions().expiring_before(project, time).await?;
        for auth_id in ended.iter().take(max) {
            self.delete_session(auth_id, time).await?;
        }
        Ok(ended.len() <= max)
    }

    async fn delete_session(&self, auth_id: &str, at: UnixMillis) -> Result<(), StoreError> {
        while let Some(row) = self.store.sessions().get(SessionKey::AuthId(auth_id)).await? {
            let write = SessionWrite {
                auth_id: auth_id.to_owned(),
                version: Some(row.version),
                session: RowChange::Delete,
                attempts: None,
                identity: None,
                timeline: Vec::new(),
                at,
                messages: Vec::new(),
                notifies: true,
            };
            if self.store.sessions().write(write).await? {
                self.metrics.count(&SessionChange::between(Some(&row.value), None, &[]));
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The change of a row to its next value. An unchanged row is compared, but not written.
fn change<T: PartialEq>(read: Option<&Versioned<T>>, next: T) -> RowChange<T> {
    if read.is_some_and(|read| *read.value == next) { RowChange::Keep } else { RowChange::Put(next) }
}
