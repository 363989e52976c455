use std::sync::Arc;
use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::clock::{Clock, MovableClock};
use crate::config::{Config, Origin};
use crate::core::{Effect, Enrolling, Event, Fault, Identity, Phone, Sight, apply_under};
use crate::faults::Faults;
use crate::inbox::Inbox;
use crate::jwt::Keys;
use crate::limiter::Limiter;
use crate::random::Random;
use crate::store::{IdentityLookup, MemoryStore, Store, StoreError};
use crate::watchers::Watchers;

/// A session that has ended is kept this much longer, in ms, for inspection.
const KEPT_AFTER_END_MS: i64 = 15 * 60 * 1000;

/// How long open sockets get to end when the sandbox is shut down.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Everything that the handlers share. Clones are the same sandbox.
#[derive(Clone)]
pub struct AppState(pub(crate) Sandbox);

/// What the handlers see of an [`AppState`].
pub(crate) type Sandbox = Arc<Shared>;

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) origin: Origin,
    pub(crate) clock: MovableClock,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: Keys,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) inbox: Inbox,
    /// Who waits for a session to be settled.
    pub(crate) watchers: Watchers,
    /// Who follows a session's timeline.
    pub(crate) spectators: Watchers,
    pub(crate) limiter: Limiter,
    pub(crate) faults: Faults,
    /// Cancelled when the sandbox shuts down: whoever waits for something else ends.
    pub(crate) closing: CancellationToken,
    /// Sockets, which outlive their requests.
    pub(crate) sockets: TaskTracker,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl AppState {
    /// A sandbox that keeps its sessions in memory.
    pub fn new(config: Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self::with_store(config, clock, random, Arc::new(MemoryStore::new()))
    }

    /// A sandbox that keeps its sessions in `store`.
    pub fn with_store(config: Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>, store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Shared {
            origin: config.public_origin(),
            clock: MovableClock::new(clock),
            keys: Keys::draw(&*random),
            random,
            store,
            inbox: Inbox::new(),
            watchers: Watchers::default(),
            spectators: Watchers::default(),
            limiter: Limiter::new(config.rate_limit),
            faults: Faults::new(),
            closing: CancellationToken::new(),
            sockets: TaskTracker::new(),
            config,
        }))
    }

    /// Tells open sockets, long polls and event streams to end, and waits a moment until the sockets did.
    pub async fn shut_down(&self) {
        self.0.closing.cancel();
        self.0.sockets.close();
        // Whoever does not end in time is cut off with the process.
        let _ = tokio::time::timeout(LAST_WORDS, self.0.sockets.wait()).await;
    }
}

impl Shared {
    /// Applies an event to a session and carries out what follows. `None`: there is no such session.
    pub(crate) async fn act(&self, auth_id: &str, event: &Event) -> Result<Option<Effect>, StoreError> {
        self.act_under(auth_id, event, None).await
    }

    /// The same, where something is done to the event's request or its reply.
    pub(crate) async fn act_under(
        &self,
        auth_id: &str,
        event: &Event,
        fault: Option<Fault>,
    ) -> Result<Option<Effect>, StoreError> {
        let now = self.clock.now();
        let decide = |session: Option<&crate::core::Session>| match session {
            Some(session) => {
                let (session, effects) = apply_under(session, event, fault, now);
                (Some(session), effects)
            }
            None => (None, Vec::new()),
        };
        let effects = self.store.update(auth_id, &decide).await?;
        self.deliver().await?;
        self.spectators.wake(auth_id);
        Ok(effects.into_iter().find(|effect| !effect.is_outgoing()))
    }

    /// Puts on a session's timeline what was seen on the way.
    pub(crate) async fn note(&self, auth_id: &str, sights: &[Sight]) {
        if let Err(error) = self.act(auth_id, &Event::Seen(sights.to_vec())).await {
            tracing::error!(%error, "the store failed");
        }
    }

    /// Carries out what waits in the outbox. Two at once do no harm: each part can be done twice.
    pub(crate) async fn deliver(&self) -> Result<(), StoreError> {
        for waiting in self.store.outbox().await? {
            match &waiting.effect {
                Effect::Send(message) => self.inbox.put(waiting.sequence, message),
                Effect::Wake => self.watchers.wake(&waiting.subject),
                Effect::Enroll(with) => {
                    let enroll = |old: Option<&Identity>| Identity::enroll(old, with);
                    self.carry_out(waiting.sequence, &with.phone, &enroll).await?;
                }
                Effect::Bind(with) => {
                    let bind = |old: Option<&Identity>| Identity::bind(old, with);
                    self.carry_out(waiting.sequence, &with.phone, &bind).await?;
                }
                // Answers do not go through the outbox.
                _ => {}
            }
            self.store.delivered(waiting.sequence).await?;
        }
        Ok(())
    }

    /// Enrolls a number. Returns the identity that it has then.
    pub(crate) async fn enroll(&self, with: &Enrolling) -> Result<Identity, StoreError> {
        let enroll = |old: Option<&Identity>| (Some(Identity::enroll(old, with)), Vec::new());
        self.store.update_identity(&with.phone, &enroll).await?;
        let identity = self.store.identity(IdentityLookup::Number(&with.phone)).await?;
        // Gone again already: it was there all the same.
        Ok(identity.unwrap_or_else(|| Identity::enroll(None, with)))
    }

    /// Changes an identity as an entry of the outbox wants it.
    async fn carry_out(
        &self,
        sequence: u64,
        number: &Phone,
        change: &(dyn Fn(Option<&Identity>) -> Identity + Send + Sync),
    ) -> Result<(), StoreError> {
        let decide = |old: Option<&Identity>| (Some(Identity::carry_out(old, sequence, change)), Vec::new());
        self.store.update_identity(number, &decide).await.map(drop)
    }

    /// Forgets sessions that ended long ago.
    pub(crate) async fn forget_old(&self) -> Result<(), StoreError> {
        self.forget_ending_before(self.clock.now().saturating_sub(KEPT_AFTER_END_MS)).await
    }

    /// Forgets everything, and goes back to the injected clock. Access tokens stay good.
    pub(crate) async fn reset(&self) -> Result<(), StoreError> {
        self.forget_ending_before(i64::MAX).await?;
        self.store.forget_identities().await?;
        self.inbox.clear();
        self.limiter.reset();
        self.faults.clear();
        self.clock.reset();
        Ok(())
    }

    async fn forget_ending_before(&self, ms: i64) -> Result<(), StoreError> {
        for auth_id in self.store.ending_before(ms).await? {
            self.store.update(&auth_id, &|_| (None, vec![Effect::Wake])).await?;
            self.spectators.wake(&auth_id);
        }
        self.deliver().await
    }
}
