//! The trait [`Store`] with its arguments and results. Implementations are in `memory` and `sqlite`.

use async_trait::async_trait;
use handset_protocol::UnixMillis;

use handset_sandbox_domain::{
    AfterAttempt, Delivery, Effect, FailedAttempts, FinishedDelivery, Identity, Message, Phone, Session,
};

/// Maximum number of messages of a project; a further one evicts the oldest.
pub const MAX_MESSAGES: usize = 1000;

/// Maximum number of finished deliveries of a project; a further one evicts the oldest.
pub const MAX_FINISHED_DELIVERIES: usize = 200;

/// The next state of a session (`None`: deleted), and the effects.
pub type Change = (Option<Session>, Vec<Effect>);

/// Decides the next state of a session. Must be a pure function of its argument: after a concurrent write it is called
/// again.
pub type Decide<'a> = &'a (dyn Fn(Option<&Session>) -> Change + Send + Sync);

/// Keys of a session besides its authId.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'a> {
    /// [`Session::correlation_id`].
    CorrelationId(&'a str),
    /// The secret of any link of the session.
    LinkToken(&'a str),
}

/// The next state of a session (`None`: deleted) and of the failed attempts of its number, and the effects.
pub type ChangeWithAttempts = (Option<Session>, FailedAttempts, Vec<Effect>);

/// Decides the next state of a session and of the failed attempts of its number. Must be a pure function of its arguments:
/// after a concurrent write it is called again.
pub type DecideWithAttempts<'a> = &'a (dyn Fn(Option<&Session>, &FailedAttempts) -> ChangeWithAttempts + Send + Sync);

/// The next state of an identity (`None`: deleted), and the effects.
pub type IdentityChange = (Option<Identity>, Vec<Effect>);

/// Decides the next state of an identity. Must be a pure function of its argument: after a concurrent write it is called
/// again.
pub type DecideIdentity<'a> = &'a (dyn Fn(Option<&Identity>) -> IdentityChange + Send + Sync);

/// The next states of identities (`None`: deleted), and the effects.
pub type IdentitiesChange<const N: usize> = ([Option<Identity>; N], Vec<Effect>);

/// Decides the next states of two identities. Must be a pure function of its argument: after a concurrent write it is called
/// again.
pub type DecideIdentities<'a> = &'a (dyn Fn([Option<&Identity>; 2]) -> IdentitiesChange<2> + Send + Sync);

/// Keys of an identity within its project.
#[derive(Clone, Copy, Debug)]
pub enum IdentityLookup<'a> {
    /// The number, in any notation. A project has at most one identity for each number.
    Number(&'a Phone),
    /// [`Identity::id`].
    Id(&'a str),
    /// The id of any of [`Identity::devices`], including revoked ones.
    Device(&'a str),
}

/// A page of a project's enrolled identities, ordered by time of enrollment, then by id.
#[derive(Clone, Copy, Debug)]
pub struct IdentityPage<'a> {
    /// The project.
    pub project: &'a str,
    /// Time of enrollment and id of the last identity of the previous page. That identity need not exist any more.
    pub after: Option<(UnixMillis, &'a str)>,
    /// Maximum number of identities.
    pub limit: usize,
    /// Whether the page includes inactive identities.
    pub with_inactive: bool,
}

/// An effect in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxEntry {
    /// Greater than the sequences of all earlier entries, and never reused.
    pub sequence: u64,
    /// The authId of the session, or the id of the identity, whose change caused the effect.
    pub subject: String,
    /// The effect.
    pub effect: Effect,
}

/// A delivery to a webhook in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingDelivery {
    /// The sequence of its outbox entry. Entries become visible in the order of their sequences.
    pub sequence: u64,
    /// The delivery.
    pub delivery: Delivery,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// The sequence of its outbox entry.
    pub id: u64,
    /// The message.
    pub message: Message,
}

/// Whether a message is part of the result.
pub type MessageFilter<'a> = &'a (dyn Fn(&Message) -> bool + Send + Sync);

/// A failure of the store. The failed call has changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(
    /// The text, without secrets.
    pub String,
);

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "store: {}", self.0)
    }
}

impl std::error::Error for StoreError {}

/// Storage of sessions by authId, of identities by project and number, and of everything else that outlives a request.
///
/// Every implementation must pass `conformance::check`. An implementation that outlives its process must also pass
/// `conformance::check_durable`: a write is durable before its call returns.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Compare-and-swap of a session: reads it, calls `decide`, and writes the next state together with the outgoing effects
    /// for the outbox, atomically. After a concurrent write it starts again with the new state.
    ///
    /// Returns all effects in order, including those that are not outgoing, which are for the caller. An unchanged session
    /// without outgoing effects is not written.
    ///
    /// # Errors
    /// The store failed; neither the session nor the outbox has changed.
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError>;

    /// [`Store::update`] together with the failed attempts of a number: the number `given`, or else the session's number. Both
    /// rows are read, compared and written atomically. Without a session or a number the attempts are empty and not written.
    async fn update_with_attempts(
        &self,
        auth_id: &str,
        given: Option<&Phone>,
        decide: DecideWithAttempts<'_>,
    ) -> Result<Vec<Effect>, StoreError>;

    /// Deletes the failed attempts of every number whose last attempt is before that time.
    async fn expire_attempts(&self, before: UnixMillis) -> Result<(), StoreError>;

    /// Returns the session.
    async fn get(&self, auth_id: &str) -> Result<Option<Session>, StoreError>;

    /// Returns the authId of the session with that key.
    async fn find(&self, lookup: Lookup<'_>) -> Result<Option<String>, StoreError>;

    /// Returns the authIds of the sessions that expire before that time, earliest first: those of one project, or of all
    /// projects. [`UnixMillis::MAX`] selects all sessions.
    async fn expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<String>, StoreError>;

    /// Compare-and-swap of a project's identity of a number, as [`Store::update`] for a session. The next state must have
    /// that project and number.
    async fn update_identity(
        &self,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<Vec<Effect>, StoreError>;

    /// [`Store::update_identity`] for two different numbers of a project: both identities are compared and written
    /// atomically.
    async fn update_identities(
        &self,
        project: &str,
        numbers: [&Phone; 2],
        decide: DecideIdentities<'_>,
    ) -> Result<Vec<Effect>, StoreError>;

    /// Applies an outbox entry to a project's identity of a number: [`Store::update_identity`] that also removes the entry,
    /// atomically. Without the entry in the outbox it changes nothing, so each entry is applied exactly once, even by
    /// concurrent callers and even if the identity was changed or deleted meanwhile.
    async fn apply_outbox_entry(
        &self,
        sequence: u64,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<(), StoreError>;

    /// Returns the project's identity with that key.
    async fn identity(&self, project: &str, lookup: IdentityLookup<'_>) -> Result<Option<Identity>, StoreError>;

    /// Returns a page of enrolled identities.
    async fn identities(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError>;

    /// Returns the names of the projects with stored data, sorted.
    async fn projects(&self) -> Result<Vec<String>, StoreError>;

    /// Deletes everything of a project except its sessions: identities, messages, failed attempts, deliveries and settings.
    ///
    /// The caller ends each session with [`Store::update`], whose effects wake its waiters.
    async fn delete_project(&self, project: &str) -> Result<(), StoreError>;

    /// Returns the entries of the outbox, oldest first, except deliveries to webhooks ([`Store::pending_deliveries`]).
    async fn outbox(&self) -> Result<Vec<OutboxEntry>, StoreError>;

    /// Removes an entry whose effect was carried out. Idempotent.
    ///
    /// The removal may be lost if the process ends; the effect is then carried out again.
    async fn complete_outbox_entry(&self, sequence: u64) -> Result<(), StoreError>;

    /// Returns the pending deliveries with a sequence greater than `since`, oldest first: those of one project, or of all
    /// projects.
    async fn pending_deliveries(&self, project: Option<&str>, since: u64) -> Result<Vec<PendingDelivery>, StoreError>;

    /// Returns a pending delivery.
    async fn delivery(&self, sequence: u64) -> Result<Option<Delivery>, StoreError>;

    /// Replaces the delivery's outbox entry with a retry or moves it to finished, atomically. No-op if the entry is gone.
    async fn record_attempt(&self, sequence: u64, next: AfterAttempt) -> Result<(), StoreError>;

    /// Returns a project's finished deliveries in the order in which they finished: the newest [`MAX_FINISHED_DELIVERIES`].
    async fn finished_deliveries(&self, project: &str) -> Result<Vec<FinishedDelivery>, StoreError>;

    /// Returns a project's `wanted` messages with an id greater than `since`, oldest first. A message is visible from the
    /// write that sent it, whether or not its outbox entry is completed. Each project keeps the newest [`MAX_MESSAGES`].
    async fn messages(
        &self,
        project: &str,
        since: u64,
        wanted: MessageFilter<'_>,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// Returns the value of a project's setting, or of a setting of the sandbox itself (`project` is `None`).
    async fn setting(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Sets the value of a setting.
    async fn set_setting(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError>;
}
