//! Carries out what the outbox has for webhooks, each delivery in a task of its own, those of one identity one after the
//! other.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::future::BoxFuture;
use handset_protocol::Secret;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::client::{OutgoingRequest, post};
use super::network::{Network, TcpNetwork};
use super::queue::{DeliveryQueue, OrderedQueue};
use super::tls::WebhookTls;
use crate::config::{Config, Webhook};
use crate::metrics::Metrics;
use crate::projects::{Project, Projects};
use crate::random::{Random, uuid};
use handset_sandbox_domain::{AfterAttempt, Attempt, Delivery, NotSentReason};
use handset_sandbox_store::{IdentityLookup, Store, StoreError};

/// A fact of a project that the store keeps: its own webhook, if it has one or wants none.
const WEBHOOK: &str = "webhook";

/// Where the store fails, it is asked again after this pause.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// A webhook as it is stored.
#[derive(Deserialize, Serialize)]
struct StoredWebhook {
    url: Secret,
    secret: Secret,
}

/// Clones are the same.
#[derive(Clone)]
pub(crate) struct WebhookDispatcher(Arc<DispatcherState>);

struct DispatcherState {
    store: Arc<dyn Store>,
    projects: Arc<Projects>,
    random: Arc<dyn Random>,
    /// The settings' webhook.
    webhook: Option<Webhook>,
    timeout: Duration,
    network: OnceLock<Arc<dyn Network>>,
    tls: WebhookTls,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    queue: Mutex<DeliveryQueue>,
    metrics: Arc<Metrics>,
}

impl WebhookDispatcher {
    pub(crate) fn new(
        config: &Config,
        store: Arc<dyn Store>,
        projects: Arc<Projects>,
        random: Arc<dyn Random>,
        metrics: Arc<Metrics>,
        closing: CancellationToken,
    ) -> Self {
        Self(Arc::new(DispatcherState {
            store,
            projects,
            random,
            webhook: config.webhook.clone(),
            timeout: Duration::from_secs(config.webhook_seconds.into()),
            network: OnceLock::new(),
            tls: WebhookTls::new(config.webhook_ca.clone()),
            shutdown: closing,
            tasks: TaskTracker::new(),
            queue: Mutex::new(DeliveryQueue::new(metrics.waiting.clone())),
            metrics,
        }))
    }

    /// Has an effect before the first delivery only.
    pub(crate) fn set_network(&self, network: Arc<dyn Network>) {
        // It was set before: that one stays.
        let _ = self.0.network.set(network);
    }

    /// The webhook in force in a project.
    pub(crate) fn webhook(&self, project: &Project) -> Option<Webhook> {
        project.webhook.webhook(self.0.webhook.as_ref())
    }

    /// It is that one from here on, or none.
    pub(crate) async fn set_webhook(&self, project: &Project, webhook: Option<Webhook>) -> Result<(), StoreError> {
        let _changing = project.webhook.write_lock.lock().await;
        let kept = webhook.as_ref().map(|Webhook { url, secret }| StoredWebhook {
            url: url.expose().as_str().into(),
            secret: secret.expose().into(),
        });
        self.0.store.set_setting(Some(&project.name), WEBHOOK, &stored(&kept)?).await?;
        project.webhook.set_webhook(webhook);
        Ok(())
    }

    /// Takes up what the store knows of a project.
    pub(crate) async fn open(&self, project: &Project) -> Result<(), StoreError> {
        let unreadable = |name| StoreError(format!("the fact '{name}' is not what this sandbox writes"));
        if let Some(fact) = self.0.store.setting(Some(&project.name), WEBHOOK).await? {
            let kept: Option<StoredWebhook> = serde_json::from_slice(&fact).map_err(|_| unreadable(WEBHOOK))?;
            let read = |kept: StoredWebhook| {
                let (url, secret) = (kept.url.expose().parse().ok()?, kept.secret.expose().parse().ok()?);
                Some(Webhook { url, secret })
            };
            let webhook = kept.map(|kept| read(kept).ok_or_else(|| unreadable(WEBHOOK))).transpose()?;
            project.webhook.set_webhook(webhook);
        }
        Ok(())
    }

    /// Takes up what has come to wait. To be called after every write of news.
    pub(crate) fn poll(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        // A task may begin others, which are like it.
        Box::pin(async {
            let seen = self.0.queue.lock().cursor();
            let waiting = self.0.store.pending_deliveries(None, seen).await?;
            for lane in self.0.queue.lock().enqueue(waiting) {
                self.0.tasks.spawn(self.clone().run_queue(lane));
            }
            Ok(())
        })
    }

    /// Lets requests that were made come to their end. What waits is carried out by whoever has the store next.
    pub(crate) async fn shut_down(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Carries out one after the other.
    async fn run_queue(self, lane: OrderedQueue) {
        let project = self.0.projects.for_session(&lane.project);
        loop {
            let Some(sequence) = self.0.queue.lock().next(&lane) else { return };
            match self.attempt_when_due(sequence, &project).await {
                Ok(true) => self.0.queue.lock().complete(&lane, sequence),
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(%error, "store operation failed");
                    tokio::select! {
                        biased;
                        () = self.0.shutdown.cancelled() => return,
                        () = tokio::time::sleep(STORE_PAUSE) => {}
                    }
                }
            }
        }
    }

    /// Makes one attempt, once it is due. `false`: the sandbox is ending, and it still waits.
    async fn attempt_when_due(&self, sequence: u64, project: &Project) -> Result<bool, StoreError> {
        loop {
            let mut cleared = project.webhook.subscribe();
            let Some(delivery) = self.0.store.delivery(sequence).await? else { break };
            let turn = async {
                project.clock.sleep_until(delivery.due_at).await;
                project.webhook.acquire_slot().await
            };
            let _place = tokio::select! {
                biased;
                () = self.0.shutdown.cancelled() => return Ok(false),
                _ = cleared.changed() => continue,
                place = turn => place,
            };
            // In a box: those that wait, which are many, need no room for it.
            Box::pin(self.attempt(sequence, delivery, project)).await?;
            break;
        }
        // Where it waits for another attempt, that is next on its lane.
        self.poll().await?;
        Ok(true)
    }

    async fn attempt(&self, sequence: u64, delivery: Delivery, project: &Project) -> Result<(), StoreError> {
        let cancelled = match &delivery.identity_id {
            Some(id) => {
                let identity = self.0.store.identity(&project.name, IdentityLookup::Id(id)).await?;
                delivery.cancelled_by(identity.as_ref())
            }
            None => None,
        };
        let webhook = match (cancelled, self.webhook(project)) {
            (None, Some(webhook)) => webhook,
            (reason, _) => {
                let settled = delivery.cancel(reason.unwrap_or(NotSentReason::NoWebhook));
                return self.0.store.record_attempt(sequence, AfterAttempt::Finished(settled)).await;
            }
        };
        let correlation_id = uuid(&*self.0.random);
        let body = serde_json::to_vec(&delivery.events).unwrap_or_default();
        let at = project.clock.now();
        let now = self.0.projects.system_now();
        let parcel = OutgoingRequest { body: Bytes::from(body), correlation_id: correlation_id.clone(), now };
        let network = self.0.network.get_or_init(|| Arc::new(TcpNetwork));
        let (outcome, status) = post(&**network, &self.0.tls, &webhook, parcel, self.0.timeout).await;
        self.0.metrics.webhook_attempts.increment(outcome);
        let count = delivery.attempts.len() + 1;
        tracing::info!(attempt = count, ?outcome, status, "webhook");
        let next = delivery.record_attempt(Attempt { at, correlation_id, outcome, status }, project.clock.now());
        self.0.store.record_attempt(sequence, next).await
    }
}

/// The form for storage, secrets and all.
fn stored(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|_| StoreError("a value has no form for storage".to_owned()))
}
