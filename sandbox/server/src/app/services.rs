//! The services that all calls share: their construction, opening and shutdown. Operations on sessions are in `sessions`, on
//! projects in `projects`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::error::OpenError;
use super::jwt::TokenKeys;
use crate::config::{Config, Origin};
use crate::metrics::{Metrics, StoreMetrics};
use crate::projects::{Clock, Projects};
use crate::random::Random;
use crate::webhooks::{Network, WebhookDispatcher};
use crate::workflows::WorkflowCatalog;
use handset_sandbox_store::{MemoryStore, ObservedStore, Store, StoreError};

/// The setting with the secrets of the token keys.
const TOKEN_KEYS: &str = "token-keys";
/// The setting of a project with its clock offset.
pub(super) const CLOCK_OFFSET: &str = "clock-offset-ms";

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
    /// The origin of the carrier of Mobile Auth.
    pub(crate) carrier_origin: Origin,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: TokenKeys,
    /// The workflows of every project.
    pub(crate) workflows: WorkflowCatalog,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) projects: Arc<Projects>,
    /// Whether a fault was ever set, or chaos is on. Until then, requests skip the check for faults.
    pub(super) has_faults: AtomicBool,
    pub(crate) metrics: Arc<Metrics>,
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
    /// A sandbox that keeps its sessions in memory. It reads no workflow files.
    pub fn new(config: Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self::with_store(config, clock, random, Arc::new(MemoryStore::new()))
    }

    /// A sandbox that keeps its sessions in `store`. The store must be empty. It reads no workflow files.
    pub fn with_store(config: Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>, store: Arc<dyn Store>) -> Self {
        let keys = TokenKeys::from_secrets(&TokenKeys::generate(&*random));
        let workflows = WorkflowCatalog::new(&config.public_origin());
        Self::of(config, clock, random, store, keys, workflows)
    }

    /// A sandbox that resumes from the contents of `store`: sessions, messages, identities, webhooks, settings,
    /// clocks, token keys. Reads the workflow files of the settings.
    ///
    /// # Errors
    /// A workflow file is invalid, the store failed, or a setting in it is unreadable.
    pub async fn open(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        store: Arc<dyn Store>,
    ) -> Result<Self, OpenError> {
        let origin = config.public_origin();
        let workflows = match &config.workflows {
            Some(folder) => WorkflowCatalog::with_folder(&origin, folder)?,
            None => WorkflowCatalog::new(&origin),
        };
        let unreadable = |name| StoreError(format!("the setting '{name}' is unreadable"));
        let keys = match store.settings().get(None, TOKEN_KEYS).await? {
            Some(secrets) => TokenKeys::read(&secrets).ok_or_else(|| unreadable(TOKEN_KEYS))?,
            None => {
                let secrets = TokenKeys::generate(&*random);
                store.settings().set(None, TOKEN_KEYS, secrets.as_flattened()).await?;
                TokenKeys::from_secrets(&secrets)
            }
        };
        let projects = store.settings().projects().await?;
        let state = Self::of(config, clock, random, store, keys, workflows);
        for name in projects {
            // This counts as a use of the project.
            let project = state.0.projects.for_session(&name);
            if let Some(ms) = state.0.store.settings().get(Some(&name), CLOCK_OFFSET).await? {
                let ms = ms.try_into().map_err(|_| unreadable(CLOCK_OFFSET))?;
                project.clock.set_offset(Duration::from_millis(u64::from_be_bytes(ms)));
            }
            state.0.open_settings(&project).await?;
            state.0.open_apps(&project).await?;
            state.0.open_workflows(&project).await?;
            state.0.webhooks.open(&project).await?;
        }
        // The deliveries that the previous process left behind.
        state.0.webhooks.poll().await?;
        Ok(state)
    }

    fn of(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        store: Arc<dyn Store>,
        keys: TokenKeys,
        workflows: WorkflowCatalog,
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        let store: Arc<dyn Store> = Arc::new(ObservedStore::new(store, StoreMetrics(metrics.clone())));
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
            carrier_origin: config.carrier_origin(),
            keys,
            workflows,
            random,
            projects,
            webhooks: dispatcher,
            has_faults: AtomicBool::new(config.chaos_seed.is_some()),
            store,
            metrics,
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
