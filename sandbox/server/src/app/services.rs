use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use handset_protocol::UnixMillis;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::error::AppError;
use super::jwt::TokenKeys;
use super::watchers::Watcher;
use crate::config::{Config, Origin};
use crate::metrics::{InstrumentedStore, Metrics};
use crate::projects::{Clock, MessageQuery, Project, Projects};
use crate::random::Random;
use crate::webhooks::{Network, WebhookDispatcher};
use handset_sandbox_domain::{
    Behaviour, Effect, FailedAttempts, Fault, Identity, Message, NewEnrollment, NewTimelineEvent, Session,
    SessionEvent, apply_with_attempts, apply_with_fault,
};
use handset_sandbox_store::{MemoryStore, Store, StoreError};

/// A session that has ended is kept this much longer, for inspection.
const SESSION_RETENTION: Duration = Duration::from_secs(15 * 60);

/// Facts that the store keeps.
const TOKEN_KEYS: &str = "token-keys";
const CLOCK_OFFSET: &str = "clock-offset-ms";

/// How long open sockets get to end when the sandbox is shut down.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Everything that the handlers share. Clones are the same sandbox.
#[derive(Clone)]
pub struct AppState(pub(crate) Sandbox);

/// What the handlers see of an [`AppState`].
pub(crate) type Sandbox = Arc<Services>;

pub(crate) struct Services {
    pub(crate) config: Config,
    pub(crate) origin: Origin,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: TokenKeys,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) projects: Arc<Projects>,
    /// Whether faults were ever asked for, or there is chaos: until then nobody looks for them.
    has_faults: AtomicBool,
    pub(crate) metrics: Arc<Metrics>,
    /// Who waits for a session to be settled.
    pub(crate) watchers: Watcher,
    /// Who follows a session's timeline.
    pub(crate) timeline_watchers: Watcher,
    /// What goes to webhooks.
    pub(crate) webhooks: WebhookDispatcher,
    /// Cancelled when the sandbox shuts down: whoever waits for something else ends.
    pub(crate) shutdown: CancellationToken,
    /// Sockets, which outlive their requests.
    pub(crate) sockets: TaskTracker,
    /// How many more sockets there may be.
    pub(crate) free_sockets: Arc<Semaphore>,
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

    /// A sandbox that keeps its sessions in `store`, which holds nothing yet.
    pub fn with_store(config: Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>, store: Arc<dyn Store>) -> Self {
        let keys = TokenKeys::from_secrets(&TokenKeys::generate(&*random));
        Self::of(config, clock, random, store, keys)
    }

    /// A sandbox that goes on with what `store` holds: sessions, messages, identities, clocks, the keys of its tokens.
    pub async fn open(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        store: Arc<dyn Store>,
    ) -> Result<Self, StoreError> {
        let unreadable = |name| StoreError(format!("the fact '{name}' is not what this sandbox writes"));
        let keys = match store.setting(None, TOKEN_KEYS).await? {
            Some(secrets) => TokenKeys::read(&secrets).ok_or_else(|| unreadable(TOKEN_KEYS))?,
            None => {
                let secrets = TokenKeys::generate(&*random);
                store.set_setting(None, TOKEN_KEYS, secrets.as_flattened()).await?;
                TokenKeys::from_secrets(&secrets)
            }
        };
        let projects = store.projects().await?;
        let state = Self::of(config, clock, random, store, keys);
        for name in projects {
            // It is in use from here on, as if it had just been named.
            let project = state.0.projects.for_session(&name);
            if let Some(ms) = state.0.store.setting(Some(&name), CLOCK_OFFSET).await? {
                let ms = ms.try_into().map_err(|_| unreadable(CLOCK_OFFSET))?;
                project.clock.set_offset(Duration::from_millis(u64::from_be_bytes(ms)));
            }
            state.0.webhooks.open(&project).await?;
        }
        // What the sandbox that wrote it did not get to.
        state.0.drain_outbox().await?;
        state.0.webhooks.poll().await?;
        Ok(state)
    }

    fn of(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        store: Arc<dyn Store>,
        keys: TokenKeys,
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        let store: Arc<dyn Store> = Arc::new(InstrumentedStore::new(store, metrics.clone()));
        let projects = Arc::new(Projects::new(clock, config.rate_limit, config.chaos_seed));
        let closing = CancellationToken::new();
        let courier = WebhookDispatcher::new(
            &config,
            store.clone(),
            projects.clone(),
            random.clone(),
            metrics.clone(),
            closing.clone(),
        );
        Self(Arc::new(Services {
            origin: config.public_origin(),
            keys,
            random,
            projects,
            webhooks: courier,
            has_faults: AtomicBool::new(config.chaos_seed.is_some()),
            store,
            metrics,
            watchers: Watcher::default(),
            timeline_watchers: Watcher::default(),
            shutdown: closing,
            sockets: TaskTracker::new(),
            free_sockets: Arc::new(Semaphore::new(config.limits.sockets as usize)),
            config,
        }))
    }

    /// Webhooks are reached by it. Has an effect before the first of them is called only.
    pub fn set_network(&self, network: Arc<dyn Network>) {
        self.0.webhooks.set_network(network);
    }

    /// Tells open sockets, long polls and event streams to end, and waits a moment until the sockets did, and what
    /// was posted to webhooks was answered.
    pub async fn shut_down(&self) {
        self.0.shutdown.cancel();
        self.0.sockets.close();
        // Whoever does not end in time is cut off with the process.
        let last_words = async { tokio::join!(self.0.sockets.wait(), self.0.webhooks.shut_down()) };
        let _ = tokio::time::timeout(SHUTDOWN_GRACE, last_words).await;
    }
}

/// A session that a request is about.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    pub(crate) auth_id: String,
    pub(crate) project: Arc<Project>,
    /// What is done to the request, or to its reply.
    pub(crate) fault: Option<Fault>,
    /// What the number in force does.
    pub(crate) behaviour: Option<Behaviour>,
}

impl Services {
    /// Faults were asked for.
    pub(crate) fn enable_faults(&self) {
        self.has_faults.store(true, Ordering::Relaxed);
    }

    /// Whether there can be any.
    pub(crate) fn faults_enabled(&self) -> bool {
        self.has_faults.load(Ordering::Relaxed)
    }

    /// The project of that name, which begins where it has not begun; idle ones are forgotten then. `None`: all that
    /// there may be are in use.
    pub(crate) async fn get_or_create_project(&self, name: &str) -> Result<Option<Arc<Project>>, AppError> {
        if let Some(project) = self.projects.get_and_touch(name) {
            return Ok(Some(project));
        }
        let _beginning = self.projects.creation_lock.lock().await;
        while let Some(leaving) = self.projects.evict_idle() {
            self.delete_project(leaving.name()).await?;
            leaving.complete();
        }
        Ok(self.projects.get_or_create(name))
    }

    /// The session of that authId. `None`: there is none.
    pub(crate) async fn session_handle(&self, auth_id: &str) -> Result<Option<SessionHandle>, StoreError> {
        let Some(session) = self.store.get(auth_id).await? else { return Ok(None) };
        let project = self.projects.for_session(&session.project);
        let behaviour = session.behaviour();
        Ok(Some(SessionHandle { auth_id: session.auth_id, project, fault: None, behaviour }))
    }

    /// Applies an event to a session and carries out what follows. `None`: there is no such session.
    pub(crate) async fn apply_event(
        &self,
        subject: &SessionHandle,
        event: &SessionEvent,
    ) -> Result<Option<Effect>, StoreError> {
        let SessionHandle { auth_id, project, fault, .. } = subject;
        let now = project.clock.now();
        let effects = if event.counts_attempts() {
            let decide = |session: Option<&Session>, guesses: &FailedAttempts| match session {
                Some(session) => {
                    let (session, guesses, effects) = apply_with_attempts(session, guesses, event, *fault, now);
                    (Some(session), guesses, effects)
                }
                None => (None, guesses.clone(), Vec::new()),
            };
            self.store.update_with_attempts(auth_id, event.number().as_ref(), &decide).await?
        } else {
            let decide = |session: Option<&Session>| match session {
                Some(session) => {
                    let (session, effects) = apply_with_fault(session, event, *fault, now);
                    (Some(session), effects)
                }
                None => (None, Vec::new()),
            };
            self.store.update(auth_id, &decide).await?
        };
        self.drain_outbox().await?;
        self.timeline_watchers.wake(auth_id);
        Ok(effects.into_iter().find(|effect| !effect.is_outgoing()))
    }

    /// Puts on a session's timeline what was seen on the way.
    pub(crate) async fn record(&self, subject: &SessionHandle, sights: &[NewTimelineEvent]) {
        // In a box: the sockets, which are many, note something now and then, and would keep room for it all the time.
        if let Err(error) = Box::pin(self.apply_event(subject, &SessionEvent::Record(sights.to_vec()))).await {
            tracing::error!(%error, "store operation failed");
        }
    }

    /// Carries out what waits in the outbox. Two at once do no harm: identities are changed once, and the rest can be
    /// done twice.
    pub(crate) async fn drain_outbox(&self) -> Result<(), StoreError> {
        for waiting in self.store.outbox().await? {
            match &waiting.effect {
                // The message itself is there since it was written.
                Effect::SendMessage(message) => self.projects.for_session(&message.project).messages.notify(),
                Effect::WakeWatchers => self.watchers.wake(&waiting.subject),
                Effect::Enroll(with) => {
                    let enroll = |old: Option<&Identity>| (Some(Identity::enroll(old, with)), Vec::new());
                    self.store.apply_outbox_entry(waiting.sequence, &with.project, &with.phone, &enroll).await?;
                    continue;
                }
                Effect::Bind(with) => {
                    let bind = |old: Option<&Identity>| (Some(Identity::bind(old, with)), Vec::new());
                    self.store.apply_outbox_entry(waiting.sequence, &with.project, &with.phone, &bind).await?;
                    continue;
                }
                // Answers do not go there, and news leave it when their webhook has them.
                _ => {}
            }
            self.store.complete_outbox_entry(waiting.sequence).await?;
        }
        Ok(())
    }

    /// Enrolls a number. Returns the identity that it has then.
    pub(crate) async fn enroll(&self, with: &NewEnrollment) -> Result<Identity, StoreError> {
        // What was decided last is what was written.
        let written = Mutex::new(None);
        let enroll = |old: Option<&Identity>| {
            let identity = Identity::enroll(old, with);
            *written.lock() = Some(identity.clone());
            (Some(identity), Vec::new())
        };
        self.store.update_identity(&with.project, &with.phone, &enroll).await?;
        let written = written.into_inner();
        written.ok_or_else(|| StoreError("nothing was decided".to_owned()))
    }

    /// Forgets sessions that ended long ago: those of this project by its clock, and those of all by the clock that
    /// nobody moves. No project's clock is behind that one. Guesses that count no longer go, too.
    pub(crate) async fn expire_sessions(&self, project: &Project) -> Result<(), StoreError> {
        let long_ago = |now: UnixMillis| now - SESSION_RETENTION;
        self.delete_expiring_before(None, long_ago(self.projects.system_now())).await?;
        self.delete_expiring_before(Some(&project.name), long_ago(project.clock.now())).await?;
        let window_seconds = self.config.otp_number_window_seconds.max(self.config.sms_window_seconds);
        let window = Duration::from_secs(window_seconds.into());
        self.store.expire_attempts(self.projects.system_now() - window).await
    }

    /// Forgets everything of a project, and moves its clock back. Access tokens stay good.
    pub(crate) async fn reset(&self, project: &Project) -> Result<(), AppError> {
        let _moving = project.clock_lock.lock().await;
        let _changing = project.webhook.write_lock.lock().await;
        self.delete_project(&project.name).await?;
        project.limiter.reset();
        project.faults.clear();
        if let Some(chaos) = &project.chaos {
            chaos.reset();
        }
        project.clock.set_offset(Duration::ZERO);
        project.webhook.clear();
        Ok(())
    }

    /// Forgets all that the store keeps of a project.
    pub(crate) async fn delete_project(&self, name: &str) -> Result<(), StoreError> {
        self.delete_expiring_before(Some(name), UnixMillis::MAX).await?;
        self.store.delete_project(name).await
    }

    /// Moves the clock that every lifetime of a project runs on.
    pub(crate) async fn advance_clock(&self, project: &Project, by: Duration) -> Result<(), AppError> {
        let _moving = project.clock_lock.lock().await;
        let offset = project.clock.offset().saturating_add(by);
        let ms = u64::try_from(offset.as_millis()).unwrap_or(u64::MAX);
        self.store.set_setting(Some(&project.name), CLOCK_OFFSET, &ms.to_be_bytes()).await?;
        project.clock.set_offset(offset);
        Ok(())
    }

    /// The messages that are asked for, each with its id, oldest first.
    pub(crate) async fn messages(
        &self,
        project: &Project,
        filter: &MessageQuery,
    ) -> Result<Vec<(u64, Message)>, AppError> {
        let sent = self.store.messages(&project.name, filter.since, &filter.matches()).await?;
        Ok(sent.into_iter().map(|stored| (stored.id, stored.message)).collect())
    }

    async fn delete_expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<(), StoreError> {
        for auth_id in self.store.expiring_before(project, time).await? {
            self.store.update(&auth_id, &|_| (None, vec![Effect::WakeWatchers])).await?;
            self.timeline_watchers.wake(&auth_id);
        }
        self.drain_outbox().await
    }
}
