//! The dispatcher of webhook deliveries: reads them from the store's outbox and runs a task for each queue. Requests are in
//! `client`, the order in `queue`, the retry schedule in the domain.

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
use handset_sandbox_store::{IdentityKey, Store, StoreError};

/// The setting of a project with its own webhook. A stored `null` means no webhook.
const WEBHOOK: &str = "webhook";

/// Pause before a retry after the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Time beyond the timeout of a request for which its delivery stays claimed.
const CLAIM_MARGIN: Duration = Duration::from_secs(5);

/// A webhook as it is stored.
#[derive(Deserialize, Serialize)]
struct StoredWebhook {
    url: Secret,
    secret: Secret,
}

/// Delivers events to webhooks. Clones share their state.
#[derive(Clone)]
pub(crate) struct WebhookDispatcher(Arc<DispatcherState>);

struct DispatcherState {
    store: Arc<dyn Store>,
    projects: Arc<Projects>,
    random: Arc<dyn Random>,
    /// The webhook of the settings, for projects without their own.
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
        shutdown: CancellationToken,
    ) -> Self {
        Self(Arc::new(DispatcherState {
            store,
            projects,
            random,
            webhook: config.webhook.endpoint(),
            timeout: Duration::from_secs(config.webhook.timeout_seconds.into()),
            network: OnceLock::new(),
            tls: WebhookTls::new(config.webhook.ca.clone()),
            shutdown,
            tasks: TaskTracker::new(),
            queue: Mutex::new(DeliveryQueue::new(metrics.webhook_deliveries_waiting.clone())),
            metrics,
        }))
    }

    /// Sets the network for webhook requests. No effect after the first request.
    pub(crate) fn set_network(&self, network: Arc<dyn Network>) {
        // The first network stays.
        let _ = self.0.network.set(network);
    }

    /// The webhook in force in a project. `None`: there is none.
    pub(crate) fn webhook(&self, project: &Project) -> Option<Webhook> {
        project.webhook.webhook(self.0.webhook.as_ref())
    }

    /// Saves and sets a project's own webhook. `None`: no webhook.
    ///
    /// # Errors
    /// The store failed; the webhook in force stays.
    pub(crate) async fn set_webhook(&self, project: &Project, webhook: Option<Webhook>) -> Result<(), StoreError> {
        let _guard = project.webhook.write_lock.lock().await;
        let row = webhook.as_ref().map(|Webhook { url, secret }| StoredWebhook {
            url: url.expose().as_str().into(),
            secret: secret.expose().into(),
        });
        self.0.store.settings().set(Some(&project.name), WEBHOOK, &serialize(&row)?).await?;
        project.webhook.set_webhook(webhook);
        Ok(())
    }

    /// Loads a project's own webhook from the store.
    ///
    /// # Errors
    /// The store failed, or the setting is unreadable.
    pub(crate) async fn open(&self, project: &Project) -> Result<(), StoreError> {
        let unreadable = |name| StoreError(format!("the setting '{name}' is unreadable"));
        if let Some(setting) = self.0.store.settings().get(Some(&project.name), WEBHOOK).await? {
            let row: Option<StoredWebhook> = serde_json::from_slice(&setting).map_err(|_| unreadable(WEBHOOK))?;
            let read = |row: StoredWebhook| {
                let (url, secret) = (row.url.expose().parse().ok()?, row.secret.expose().parse().ok()?);
                Some(Webhook { url, secret })
            };
            let webhook = row.map(|row| read(row).ok_or_else(|| unreadable(WEBHOOK))).transpose()?;
            project.webhook.set_webhook(webhook);
        }
        Ok(())
    }

    /// Loads new deliveries and starts workers. Call after each write that may enqueue one; idempotent.
    pub(crate) fn poll(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        // Boxed, because this future spawns tasks that await it.
        Box::pin(async {
            let cursor = self.0.queue.lock().cursor();
            let deliveries = self.0.store.deliveries().pending(None, cursor).await?;
            for queue in self.0.queue.lock().enqueue(deliveries) {
                self.0.tasks.spawn(self.clone().run_queue(queue));
            }
            Ok(())
        })
    }

    /// Waits for the requests in flight. Pending deliveries stay in the store for the next process. The shutdown token must be
    /// cancelled first.
    pub(crate) async fn shut_down(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Runs the deliveries of one queue one after the other, until it is empty or the sandbox shuts down.
    async fn run_queue(self, queue: OrderedQueue) {
        let project = self.0.projects.for_session(&queue.project);
        loop {
            let Some(sequence) = self.0.queue.lock().next(&queue) else { return };
            match self.attempt_when_due(sequence, &project).await {
                Ok(true) => self.0.queue.lock().complete(&queue, sequence),
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(%error, "store operation failed");
                    // If this fails too, the claim ends by its time.
                    let _ = self.0.store.deliveries().release(sequence).await;
                    tokio::select! {
                        biased;
                        () = self.0.shutdown.cancelled() => return,
                        () = tokio::time::sleep(STORE_PAUSE) => {}
                    }
                }
            }
        }
    }

    /// Makes one attempt of a delivery once it is due; none if the delivery is gone. `false`: the sandbox shuts down and the
    /// delivery stays pending.
    async fn attempt_when_due(&self, sequence: u64, project: &Project) -> Result<bool, StoreError> {
        loop {
            let mut cleared = project.webhook.subscribe();
            let Some(delivery) = self.0.store.deliveries().get(sequence).await? else { break };
            let slot = async {
                project.clock.sleep_until(delivery.due_at).await;
                project.webhook.acquire_slot().await
            };
            let slot = tokio::select! {
                biased;
                () = self.0.shutdown.cancelled() => return Ok(false),
                _ = cleared.changed() => continue,
                slot = slot => slot,
            };
            if !self.claim(sequence).await? {
                // Another attempt has the claim, unless the delivery is gone.
                drop(slot);
                tokio::select! {
                    biased;
                    () = self.0.shutdown.cancelled() => return Ok(false),
                    _ = cleared.changed() => {}
                    () = tokio::time::sleep(STORE_PAUSE) => {}
                }
                continue;
            }
            // Boxed: every waiting task would otherwise reserve the size of this future.
            Box::pin(self.attempt(sequence, delivery, project)).await?;
            break;
        }
        // A retry is enqueued before this entry completes, so that it stays first in its queue.
        self.poll().await?;
        Ok(true)
    }

    /// Claims a delivery for one attempt. The claim outlives the timeout of the request, so that no other attempt overlaps.
    async fn claim(&self, sequence: u64) -> Result<bool, StoreError> {
        let now = self.0.projects.system_now();
        self.0.store.deliveries().claim(sequence, now, now + self.0.timeout + CLAIM_MARGIN).await
    }

    /// Makes one attempt now and records its outcome. Cancels the delivery instead if no webhook is set any more or the
    /// identity prevents it.
    async fn attempt(&self, sequence: u64, delivery: Delivery, project: &Project) -> Result<(), StoreError> {
        let cancelled = match &delivery.identity_id {
            Some(id) => {
                let identity = self.0.store.identities().get(&project.name, IdentityKey::Id(id)).await?;
                delivery.cancelled_by(identity.as_ref().map(|row| &*row.value))
            }
            None => None,
        };
        let webhook = match (cancelled, self.webhook(project)) {
            (None, Some(webhook)) => webhook,
            (reason, _) => {
                let finished = delivery.cancel(reason.unwrap_or(NotSentReason::NoWebhook));
                return self.acknowledge(sequence, AfterAttempt::Finished(finished)).await;
            }
        };
        let correlation_id = uuid(&*self.0.random);
        let body = serde_json::to_vec(&delivery.payload).unwrap_or_default();
        let at = project.clock.now();
        let now = self.0.projects.system_now();
        let request = OutgoingRequest { body: Bytes::from(body), correlation_id: correlation_id.clone(), now };
        let network = self.0.network.get_or_init(|| Arc::new(TcpNetwork));
        let (outcome, status) = post(&**network, &self.0.tls, &webhook, request, self.0.timeout).await;
        self.0.metrics.webhook_attempts.increment(outcome);
        let count = delivery.attempts.len() + 1;
        // A retry keeps its place in the queue.
        let delivery = Delivery { event_sequence: delivery.position(sequence), ..delivery };
        tracing::info!(attempt = count, ?outcome, status, "webhook");
        let next = delivery.record_attempt(Attempt { at, correlation_id, outcome, status }, project.clock.now());
        self.acknowledge(sequence, next).await
    }

    /// Writes the outcome of an attempt, and counts a finished delivery.
    async fn acknowledge(&self, sequence: u64, next: AfterAttempt) -> Result<(), StoreError> {
        let finished = match &next {
            AfterAttempt::Retry(_) => None,
            AfterAttempt::Finished(finished) => Some(finished.status),
        };
        let is_written = self.0.store.deliveries().acknowledge(sequence, next).await?;
        if let Some(status) = finished.filter(|_| is_written) {
            self.0.metrics.webhook_deliveries.increment(status);
        }
        Ok(())
    }
}

/// The stored form of a value, with its secrets in plain text.
fn serialize(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|_| StoreError("a value cannot be serialized".to_owned()))
}
