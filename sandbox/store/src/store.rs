//! The trait, and what it takes and gives.

use async_trait::async_trait;
use handset_protocol::UnixMillis;

use handset_sandbox_domain::{
    AfterAttempt, Delivery, Effect, FailedAttempts, FinishedDelivery, Identity, Message, Phone, Session,
};

/// How many messages of a project are kept: the oldest goes first.
pub const MAX_MESSAGES: usize = 1000;

/// How many deliveries to webhooks that are over are kept of a project: the oldest goes first.
pub const MAX_FINISHED_DELIVERIES: usize = 200;

/// What becomes of a session: its next state (`None`: it is gone), and the effects.
pub type Change = (Option<Session>, Vec<Effect>);

/// Decides what becomes of a session. Must be a function of its argument: after a lost race it is called again.
pub type Decide<'a> = &'a (dyn Fn(Option<&Session>) -> Change + Send + Sync);

/// Names under which a session is found, besides its authId.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'a> {
    /// [`Session::correlation_id`].
    CorrelationId(&'a str),
    /// The unguessable part of the URL of any link that was sent.
    LinkToken(&'a str),
}

/// What becomes of a session and of the attempts at its number, and the effects.
pub type ChangeWithAttempts = (Option<Session>, FailedAttempts, Vec<Effect>);

/// Decides what becomes of a session and of the attempts at the number that is given to it, or that it has in force. Must be
/// a function of its arguments: after a lost race it is called again.
pub type DecideWithAttempts<'a> = &'a (dyn Fn(Option<&Session>, &FailedAttempts) -> ChangeWithAttempts + Send + Sync);

/// What becomes of an identity: its next state (`None`: it is gone), and the effects.
pub type IdentityChange = (Option<Identity>, Vec<Effect>);

/// Decides what becomes of an identity. Must be a function of its argument: after a lost race it is called again.
pub type DecideIdentity<'a> = &'a (dyn Fn(Option<&Identity>) -> IdentityChange + Send + Sync);

/// What becomes of identities, and the effects.
pub type IdentitiesChange<const N: usize> = ([Option<Identity>; N], Vec<Effect>);

/// Decides what becomes of two identities. Must be a function of its argument: after a lost race it is called again.
pub type DecideIdentities<'a> = &'a (dyn Fn([Option<&Identity>; 2]) -> IdentitiesChange<2> + Send + Sync);

/// Names under which an identity of a project is found.
#[derive(Clone, Copy, Debug)]
pub enum IdentityLookup<'a> {
    /// Its number, however it is written. There is one identity for each number and project.
    Number(&'a Phone),
    /// [`Identity::id`].
    Id(&'a str),
    /// The id of any of [`Identity::devices`], also of one that was revoked.
    Device(&'a str),
}

/// A page of a project's identities that are enrolled, in the order of enrollment, and of their ids where that is the same.
#[derive(Clone, Copy, Debug)]
pub struct IdentityPage<'a> {
    /// Of which project.
    pub project: &'a str,
    /// Where the page before ended: when its last was enrolled, and its id.
    pub after: Option<(UnixMillis, &'a str)>,
    /// How many at most.
    pub limit: usize,
    /// Whether those that are not active count.
    pub with_inactive: bool,
}

/// An effect that waits to be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxEntry {
    /// Grows with every entry, and is never given out again.
    pub sequence: u64,
    /// What it is about: a session by its authId, or an identity by its id.
    pub subject: String,
    /// The effect.
    pub effect: Effect,
}

/// A delivery that waits for its webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingDelivery {
    /// That of its entry in the outbox. It is seen only after all that are smaller.
    pub sequence: u64,
    /// The delivery.
    pub delivery: Delivery,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// Grows with every message: that of its entry in the outbox.
    pub id: u64,
    /// The message.
    pub message: Message,
}

/// Says which messages are asked for.
pub type MessageFilter<'a> = &'a (dyn Fn(&Message) -> bool + Send + Sync);

/// A store failed. What it was doing has not happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(
    /// In words, without secrets.
    pub String,
);

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "store: {}", self.0)
    }
}

impl std::error::Error for StoreError {}

/// Where sessions are kept, by authId, and identities, by project and number. `conformance::check` is what every
/// implementation has to pass, and `conformance::check_durable` every one that outlives its process: there, what was
/// answered was written.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Compare-and-swap: reads the session, decides, and writes unless someone else wrote in between; then it starts
    /// over. The outgoing effects go to the outbox in the same write. Returns all effects, in order.
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError>;

    /// The same together with the attempts at the number that is `given` to the session, or else at the one that it has in
    /// force: both are read at once, both are compared, and both are written in the same write. Without either number there
    /// are none, and none are written.
    async fn update_with_attempts(
        &self,
        auth_id: &str,
        given: Option<&Phone>,
        decide: DecideWithAttempts<'_>,
    ) -> Result<Vec<Effect>, StoreError>;

    /// Forgets the attempts at all numbers where the last was before that time.
    async fn expire_attempts(&self, before: UnixMillis) -> Result<(), StoreError>;

    /// The session.
    async fn get(&self, auth_id: &str) -> Result<Option<Session>, StoreError>;

    /// The authId of the session of that name.
    async fn find(&self, lookup: Lookup<'_>) -> Result<Option<String>, StoreError>;

    /// The authIds of the sessions that end before that time, soonest first: those of one project, or of all.
    /// [`UnixMillis::MAX`]: whenever they end.
    async fn expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<String>, StoreError>;

    /// Compare-and-swap of a project's identity of a number, as [`Store::update`] for a session. What is written is of that
    /// project and number.
    async fn update_identity(
        &self,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<Vec<Effect>, StoreError>;

    /// The same with a project's identities of two numbers, which are not the same: both are compared, and both are
    /// written in the same write.
    async fn update_identities(
        &self,
        project: &str,
        numbers: [&Phone; 2],
        decide: DecideIdentities<'_>,
    ) -> Result<Vec<Effect>, StoreError>;

    /// Carries out an entry of the outbox on a project's identity of a number: as [`Store::update_identity`], and the entry
    /// leaves the outbox in the same write. Where it has left already nothing happens, so that it is carried out exactly
    /// once, also by two at the same time, and also when the identity has changed or gone since.
    async fn apply_outbox_entry(
        &self,
        sequence: u64,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<(), StoreError>;

    /// The project's identity of that name.
    async fn identity(&self, project: &str, lookup: IdentityLookup<'_>) -> Result<Option<Identity>, StoreError>;

    /// Those that are enrolled.
    async fn identities(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError>;

    /// The projects of which anything is kept, in the order of their names.
    async fn projects(&self) -> Result<Vec<String>, StoreError>;

    /// Forgets all of a project but its sessions: every identity, enrolled or not, every message, attempt, delivery and fact.
    /// Sessions end one by one, by [`Store::update`], as others may wait for them.
    async fn delete_project(&self, project: &str) -> Result<(), StoreError>;

    /// What waits to be carried out, oldest first: all that can be at once, so not what [`Store::undelivered`] has.
    async fn outbox(&self) -> Result<Vec<OutboxEntry>, StoreError>;

    /// It was carried out. Once is enough, twice does no harm.
    async fn complete_outbox_entry(&self, sequence: u64) -> Result<(), StoreError>;

    /// The deliveries in the outbox after the sequence `since`, oldest first: those of one project, or of all.
    async fn pending_deliveries(&self, project: Option<&str>, since: u64) -> Result<Vec<PendingDelivery>, StoreError>;

    /// A delivery in the outbox.
    async fn delivery(&self, sequence: u64) -> Result<Option<Delivery>, StoreError>;

    /// A delivery was tried, or is not any more: its entry leaves the outbox, and in the same write another takes its
    /// place, or it is among those that are over. Where it has left already nothing happens.
    async fn record_attempt(&self, sequence: u64, next: AfterAttempt) -> Result<(), StoreError>;

    /// A project's deliveries that are over, in the order in which they ended; the newest [`KEPT_DELIVERIES`] are kept.
    async fn finished_deliveries(&self, project: &str) -> Result<Vec<FinishedDelivery>, StoreError>;

    /// A project's messages after the id `since` that are `wanted`, oldest first. A message is there from the write on
    /// whose effects sent it, however far its delivery is; the newest [`KEPT_MESSAGES`] of each project are kept.
    async fn messages(
        &self,
        project: &str,
        since: u64,
        wanted: MessageFilter<'_>,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// Something that the sandbox has to remember, of a project or of itself, by name.
    async fn setting(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Remembers it from here on.
    async fn set_setting(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError>;
}
