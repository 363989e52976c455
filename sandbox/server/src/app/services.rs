//! The services that all calls share, and the operations that belong to no single call: applying an event to a session, draining
//! the outbox, enrollment, expiry, reset, moving the clock. No rules and no HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use handset_protocol::UnixMillis;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::error::AppError;
use super::jwt::TokenKeys;
use super::watchers::Watchers;
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

/// Time that a session is kept after its end, for inspection.
const SESSION_RETENTION: Duration = Duration::from_secs(15 * 60);

/// The setting with the secrets of the token keys.
const TOKEN_KEYS: &str = "token-keys";
/// The setting of a project with its clock offset.
const CLOCK_OFFSET: &str = "clock-offset-ms";

/// Time that open sockets and webhook requests have to end at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// The state that the handlers share. Clones are the same sandbox.
#[derive(Clone)]
pub struct AppState(pub(crate) Sandbox);

/// The shared handle inside an [`AppState`], for the handlers.
pub(crate) type Sandbox = Arc<Services>;

/// The state and the shared operations of a sandbox.
pub(crate) struct Services {
    pub(crate) config: Config,
    pub(crate) origin: Origin,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: TokenKeys,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) projects: Arc<Projects>,
    /// Whether a fault was ever set, or chaos is on. Until then, requests skip the check for faults.
    has_faults: AtomicBool,
    pub(crate) metrics: Arc<Metrics>,
    /// Woken when a session is settled or deleted.
    pub(crate) watchers: Watchers,
    /// Woken when a session's timeline grows, or the session is deleted.
    pub(crate) timeline_watchers: Watchers,
    pub(crate) webhooks: WebhookDispatcher,
    /// Cancelled at shutdown. Every wait ends then.
    pub(crate) shutdown: CancellationToken,
    /// The tasks of open sockets, which outlive their requests.
    pub(crate) sockets: TaskTracker,
    /// Permits for further sockets.
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

    /// A sandbox that keeps its sessions in `store`. The store must be empty.
    pub fn with_store(config: Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>, store: Arc<dyn Store>) -> Self {
        let keys = TokenKeys::from_secrets(&TokenKeys::generate(&*random));
        Self::of(config, clock, random, store, keys)
    }

    /// A sandbox that resumes from the contents of `store`: sessions, messages, identities, webhooks, clocks, token keys.
    ///
    /// # Errors
    /// The store failed, or a setting in it is unreadable.
    pub async fn open(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        store: Arc<dyn Store>,
    ) -> Result<Self, StoreError> {
        let unreadable = |name| StoreError(format!("the setting '{name}' is unreadable"));
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
            // This counts as a use of the project.
            let project = state.0.projects.for_session(&name);
            if let Some(ms) = state.0.store.setting(Some(&name), CLOCK_OFFSET).await? {
                let ms = ms.try_into().map_err(|_| unreadable(CLOCK_OFFSET))?;
                project.clock.set_offset(Duration::from_millis(u64::from_be_bytes(ms)));
            }
            state.0.webhooks.open(&project).await?;
        }
        // The entries that the previous process left behind.
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
        let shutdown = CancellationToken::new();
        let dispatcher = WebhookDispatcher::new(
            &config,
            store.clone(),
            projects.clone(),
            random.clone(),
            metrics.clone(),
            shutdown.clone(),
        );
        Self(Arc::new(Services {
            origin: config.public_origin(),
            keys,
            random,
            projects,
            webhooks: dispatcher,
            has_faults: AtomicBool::new(config.chaos_seed.is_some()),
            store,
            metrics,
            watchers: Watchers::default(),
            timeline_watchers: Watchers::default(),
            shutdown,
            sockets: TaskTracker::new(),
            free_sockets: Arc::new(Semaphore::new(config.limits.sockets as usize)),
            config,
        }))
    }

    /// Sets the network for webhook requests. No effect after the first request.
    pub fn set_network(&self, network: Arc<dyn Network>) {
        self.0.webhooks.set_network(network);
    }

    /// Ends open sockets, long polls and event streams. Waits a moment for the sockets to close and for webhook requests in
    /// flight to finish.
    pub async fn shut_down(&self) {
        self.0.shutdown.cancel();
        self.0.sockets.close();
        // A task that takes longer is cut off when the process ends.
        let tasks = async { tokio::join!(self.0.sockets.wait(), self.0.webhooks.shut_down()) };
        let _ = tokio::time::timeout(SHUTDOWN_GRACE, tasks).await;
    }
}

/// The session of a request.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    pub(crate) auth_id: String,
    pub(crate) project: Arc<Project>,
    /// The fault that was injected into the request or its reply.
    pub(crate) fault: Option<Fault>,
    /// The behaviour of the session's number.
    pub(crate) behaviour: Option<Behaviour>,
}

impl Services {
    /// Turns on the check for faults. Call before the first fault is set.
    pub(crate) fn enable_faults(&self) {
        self.has_faults.store(true, Ordering::Relaxed);
    }

    /// Whether requests have to check for faults.
    pub(crate) fn faults_enabled(&self) -> bool {
        self.has_faults.load(Ordering::Relaxed)
    }

    /// The project of that name, created on first use. Creation first evicts idle projects. `None`: the maximum number of
    /// projects is in use.
    pub(crate) async fn get_or_create_project(&self, name: &str) -> Result<Option<Arc<Project>>, AppError> {
        if let Some(project) = self.projects.get_and_touch(name) {
            return Ok(Some(project));
        }
        let _creating = self.projects.creation_lock.lock().await;
        while let Some(eviction) = self.projects.evict_idle() {
            self.delete_project(eviction.name()).await?;
            eviction.complete();
        }
        Ok(self.projects.get_or_create(name))
    }

    /// The handle of a session, without a fault. `None`: there is no such session.
    pub(crate) async fn session_handle(&self, auth_id: &str) -> Result<Option<SessionHandle>, StoreError> {
        let Some(session) = self.store.get(auth_id).await? else { return Ok(None) };
        let project = self.projects.for_session(&session.project);
        let behaviour = session.behaviour();
        Ok(Some(SessionHandle { auth_id: session.auth_id, project, fault: None, behaviour }))
    }

    /// Applies an event to a session, saves the result, drains the outbox and wakes the watchers. Returns the answer; `None`:
    /// there is no such session.
    pub(crate) async fn apply_event(
        &self,
        handle: &SessionHandle,
        event: &SessionEvent,
    ) -> Result<Option<Effect>, StoreError> {
        let SessionHandle { auth_id, project, fault, .. } = handle;
        let now = project.clock.now();
        let effects = if event.counts_attempts() {
            let decide = |session: Option<&Session>, attempts: &FailedAttempts| match session {
                Some(session) => {
                    let (session, attempts, effects) = apply_with_attempts(session, attempts, event, *fault, now);
                    (Some(session), attempts, effects)
                }
                None => (None, attempts.clone(), Vec::new()),
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

    /// Appends events to a session's timeline. A failure of the store is logged.
    pub(crate) async fn record(&self, handle: &SessionHandle, events: &[NewTimelineEvent]) {
        // Boxed: every open socket would otherwise reserve the size of this future for its whole life.
        if let Err(error) = Box::pin(self.apply_event(handle, &SessionEvent::Record(events.to_vec()))).await {
            tracing::error!(%error, "store operation failed");
        }
    }

    /// Carries out the entries of the outbox, except webhook deliveries. Safe to run concurrently: a change of an identity is
    /// applied once, and the other entries are idempotent.
    pub(crate) async fn drain_outbox(&self) -> Result<(), StoreError> {
        for entry in self.store.outbox().await? {
            match &entry.effect {
                // The message itself was saved with the session.
                Effect::SendMessage(message) => self.projects.for_session(&message.project).messages.notify(),
                Effect::WakeWatchers => self.watchers.wake(&entry.subject),
                Effect::Enroll(with) => {
                    let enroll = |old: Option<&Identity>| (Some(Identity::enroll(old, with)), Vec::new());
                    self.store.apply_outbox_entry(entry.sequence, &with.project, &with.phone, &enroll).await?;
                    continue;
                }
                Effect::Bind(with) => {
                    let bind = |old: Option<&Identity>| (Some(Identity::bind(old, with)), Vec::new());
                    self.store.apply_outbox_entry(entry.sequence, &with.project, &with.phone, &bind).await?;
                    continue;
                }
                // Answers are never in the outbox, and the dispatcher completes webhook deliveries.
                _ => {}
            }
            self.store.complete_outbox_entry(entry.sequence).await?;
        }
        Ok(())
    }

    /// Enrolls a number. Returns its identity as written.
    pub(crate) async fn enroll(&self, with: &NewEnrollment) -> Result<Identity, StoreError> {
        // A lost race runs the closure again; its last result is the one that was written.
        let written = Mutex::new(None);
        let enroll = |old: Option<&Identity>| {
            let identity = Identity::enroll(old, with);
            *written.lock() = Some(identity.clone());
            (Some(identity), Vec::new())
        };
        self.store.update_identity(&with.project, &with.phone, &enroll).await?;
        let written = written.into_inner();
        written.ok_or_else(|| StoreError("the store did not run the update".to_owned()))
    }

    /// Deletes sessions after their retention, of this project by its own clock and of all projects by the system clock, and
    /// failed attempts that count no longer. No project's clock is behind the system clock.
    pub(crate) async fn expire_sessions(&self, project: &Project) -> Result<(), StoreError> {
        let cutoff = |now: UnixMillis| now - SESSION_RETENTION;
        self.delete_expiring_before(None, cutoff(self.projects.system_now())).await?;
        self.delete_expiring_before(Some(&project.name), cutoff(project.clock.now())).await?;
        let window_seconds = self.config.otp.number_window_seconds.max(self.config.sms.number_window_seconds);
        let window = Duration::from_secs(window_seconds.into());
        self.store.expire_attempts(self.projects.system_now() - window).await
    }

    /// Resets a project: deletes its data, faults and webhook, and sets its clock back. Access tokens stay valid.
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

    /// Deletes a project from the store, and wakes the watchers of its sessions.
    pub(crate) async fn delete_project(&self, name: &str) -> Result<(), StoreError> {
        self.delete_expiring_before(Some(name), UnixMillis::MAX).await?;
        self.store.delete_project(name).await
    }

    /// Moves a project's clock forward. All its lifetimes are judged by this clock.
    pub(crate) async fn advance_clock(&self, project: &Project, by: Duration) -> Result<(), AppError> {
        let _moving = project.clock_lock.lock().await;
        let offset = project.clock.offset().saturating_add(by);
        let ms = u64::try_from(offset.as_millis()).unwrap_or(u64::MAX);
        self.store.set_setting(Some(&project.name), CLOCK_OFFSET, &ms.to_be_bytes()).await?;
        project.clock.set_offset(offset);
        Ok(())
    }

    /// The messages of a project that match the query, each with its id, oldest first.
    pub(crate) async fn messages(
        &self,
        project: &Project,
        filter: &MessageQuery,
    ) -> Result<Vec<(u64, Message)>, AppError> {
        let sent = self.store.messages(&project.name, filter.since, &filter.matches()).await?;
        Ok(sent.into_iter().map(|stored| (stored.id, stored.message)).collect())
    }

    /// Deletes sessions that expire before `time`, and wakes their watchers. `None`: of all projects.
    async fn delete_expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<(), StoreError> {
        for auth_id in self.store.expiring_before(project, time).await? {
            self.store.update(&auth_id, &|_| (None, vec![Effect::WakeWatchers])).await?;
            self.timeline_watchers.wake(&auth_id);
        }
        self.drain_outbox().await
    }
}
