//! Carries out what the outbox has for webhooks, each delivery in a task of its own, those of one identity one after the
//! other.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::future::BoxFuture;
use handset_protocol::Secret;
use serde::{Deserialize, Serialize};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::desk::{Shown, with};
use super::network::{Machine, Network};
use super::post::{Parcel, post};
use crate::config::{Config, Webhook};
use crate::core::{Attempt, Delivery, Effect, Identity, Next, Untold};
use crate::project::{Project, Projects};
use crate::random::{Random, uuid};
use crate::store::{IdentityLookup, Outgoing, Store, StoreError};

/// Facts of a project that the store keeps: its own webhook, if it has one or wants none, and the deliveries that are over.
const WEBHOOK: &str = "webhook";
const OVER: &str = "webhook-deliveries";

/// A webhook as it is stored.
#[derive(Deserialize, Serialize)]
struct Kept {
    url: Secret,
    secret: Secret,
}

/// Clones are the same.
#[derive(Clone)]
pub(crate) struct Courier(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    projects: Arc<Projects>,
    random: Arc<dyn Random>,
    /// The settings' webhook.
    webhook: Option<Webhook>,
    patience: Duration,
    network: OnceLock<Arc<dyn Network>>,
    closing: CancellationToken,
    tasks: TaskTracker,
    /// The entries of the outbox that have a task.
    taken: Mutex<HashSet<u64>>,
}

impl Courier {
    pub(crate) fn new(
        config: &Config,
        store: Arc<dyn Store>,
        projects: Arc<Projects>,
        random: Arc<dyn Random>,
        closing: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            projects,
            random,
            webhook: config.webhook.clone(),
            patience: Duration::from_secs(config.webhook_seconds.into()),
            network: OnceLock::new(),
            closing,
            tasks: TaskTracker::new(),
            taken: Mutex::default(),
        }))
    }

    /// Has an effect before the first delivery only.
    pub(crate) fn set_network(&self, network: Arc<dyn Network>) {
        // It was set before: that one stays.
        let _ = self.0.network.set(network);
    }

    /// The webhook in force in a project.
    pub(crate) fn webhook(&self, project: &Project) -> Option<Webhook> {
        project.desk.webhook(self.0.webhook.as_ref())
    }

    /// It is that one from here on, or none.
    pub(crate) async fn set_webhook(&self, project: &Project, webhook: Option<Webhook>) -> Result<(), StoreError> {
        let _changing = project.desk.changing.lock().await;
        let kept = webhook
            .as_ref()
            .map(|Webhook { url, secret }| Kept { url: url.expose().as_str().into(), secret: secret.expose().into() });
        self.0.store.set_fact(Some(&project.name), WEBHOOK, &stored(&kept)?).await?;
        project.desk.set_webhook(webhook);
        Ok(())
    }

    /// Takes up what the store knows of a project.
    pub(crate) async fn open(&self, project: &Project) -> Result<(), StoreError> {
        let unreadable = |name| StoreError(format!("the fact '{name}' is not what this sandbox writes"));
        if let Some(fact) = self.0.store.fact(Some(&project.name), WEBHOOK).await? {
            let kept: Option<Kept> = serde_json::from_slice(&fact).map_err(|_| unreadable(WEBHOOK))?;
            let read = |kept: Kept| {
                let (url, secret) = (kept.url.expose().parse().ok()?, kept.secret.expose().parse().ok()?);
                Some(Webhook { url, secret })
            };
            let webhook = kept.map(|kept| read(kept).ok_or_else(|| unreadable(WEBHOOK))).transpose()?;
            project.desk.set_webhook(webhook);
        }
        if let Some(fact) = self.0.store.fact(Some(&project.name), OVER).await? {
            project.desk.set_over(serde_json::from_slice(&fact).map_err(|_| unreadable(OVER))?);
        }
        Ok(())
    }

    /// Withdraws all that waits in a project. Its facts are forgotten by others.
    pub(crate) async fn forget_project(&self, name: &str) -> Result<(), StoreError> {
        for waiting in self.0.store.outbox().await? {
            if matches!(&waiting.effect, Effect::Tell(delivery) if delivery.project == name) {
                self.0.store.delivered(waiting.sequence).await?;
            }
        }
        Ok(())
    }

    fn taken(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every delivery of a project, by when its first event happened.
    pub(crate) async fn list(&self, project: &Project) -> Result<Vec<Shown>, StoreError> {
        let waiting = self.0.store.outbox().await?;
        let of_project = deliveries(&waiting).filter(|(_, delivery)| delivery.project == project.name);
        // It leaves the outbox after it was put among those that are over.
        let mut list = project.desk.over();
        let waiting: Vec<_> =
            of_project.filter(|(_, delivery)| !list.iter().any(|over| over.id() == delivery.id())).collect();
        list.extend(waiting.into_iter().map(|(_, delivery)| Shown::waiting(delivery.clone())));
        list.sort_by_key(Shown::happened_at);
        Ok(list)
    }

    /// Sees to it that whatever waits has a task: of an identity, what is told first.
    pub(crate) fn look(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            let waiting = self.0.store.outbox().await?;
            let mut first = BTreeMap::new();
            for (sequence, delivery) in deliveries(&waiting) {
                // Tests wait for nobody.
                let test = delivery.identity_id.is_none().then_some(sequence);
                let (whose, place) = ((&delivery.project, &delivery.identity_id, test), (delivery.number, sequence));
                first.entry(whose).and_modify(|first| *first = place.min(*first)).or_insert(place);
            }
            for (_, sequence) in first.into_values() {
                if !self.0.closing.is_cancelled() && self.taken().insert(sequence) {
                    self.0.tasks.spawn(self.clone().take(sequence));
                }
            }
            Ok(())
        })
    }

    /// Lets requests that were made come to their end. What waits is carried out by whoever has the store next.
    pub(crate) async fn end(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    async fn take(self, sequence: u64) {
        let carried = self.carry(sequence).await;
        self.taken().remove(&sequence);
        // What comes next: another attempt, or what had to wait for this.
        let looked = match carried {
            Ok(true) => self.look().await,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            tracing::error!(%error, "the store failed");
        }
    }

    /// Carries out an entry of the outbox. `false`: the sandbox is ending, and it still waits.
    async fn carry(&self, sequence: u64) -> Result<bool, StoreError> {
        loop {
            let Some(delivery) = self.entry(sequence).await? else { return Ok(true) };
            let project = self.0.projects.of_session(&delivery.project);
            let mut cleared = project.desk.subscribe();
            // It may have been cleared in between.
            let Some(delivery) = self.entry(sequence).await? else { return Ok(true) };
            tokio::select! {
                biased;
                () = self.0.closing.cancelled() => return Ok(false),
                _ = cleared.changed() => continue,
                () = project.clock.sleep_until(delivery.due_at) => {}
            }
            let Some(delivery) = self.entry(sequence).await? else { return Ok(true) };
            self.attempt(sequence, delivery, &project).await?;
            return Ok(true);
        }
    }

    async fn entry(&self, sequence: u64) -> Result<Option<Delivery>, StoreError> {
        let waiting = self.0.store.outbox().await?;
        Ok(deliveries(&waiting).find(|(found, _)| *found == sequence).map(|(_, delivery)| delivery.clone()))
    }

    async fn attempt(&self, sequence: u64, delivery: Delivery, project: &Project) -> Result<(), StoreError> {
        let gone = match &delivery.identity_id {
            Some(id) => {
                let identity = self.0.store.identity(&project.name, IdentityLookup::Id(id)).await?;
                delivery.withdrawn(identity.as_ref())
            }
            None => None,
        };
        let webhook = match (gone, self.webhook(project)) {
            (None, Some(webhook)) => webhook,
            (reason, _) => return self.finish(sequence, delivery, reason.or(Some(Untold::NoWebhook)), project).await,
        };
        let correlation_id = uuid(&*self.0.random);
        let body = serde_json::to_vec(&delivery.events).unwrap_or_default();
        let at = project.clock.now();
        let now = self.0.projects.unmoved_now();
        let parcel = Parcel { body: Bytes::from(body), correlation_id: correlation_id.clone(), now };
        let network = self.0.network.get_or_init(|| Arc::new(Machine));
        let (outcome, status) = post(&**network, &webhook, parcel, self.0.patience).await;
        let count = delivery.attempts.len() + 1;
        tracing::info!(attempt = count, ?outcome, status, "webhook");
        let phone = delivery.phone.clone();
        match delivery.after(Attempt { at, correlation_id, outcome, status }, project.clock.now()) {
            Next::Over(delivery) => self.finish(sequence, delivery, None, project).await,
            Next::Again(delivery) => {
                // One write: it is not lost, and does not wait twice.
                let again = |old: Option<&Identity>| (old.cloned(), vec![Effect::Tell(Box::new(delivery.clone()))]);
                self.0.store.carry_out(sequence, &project.name, &phone, &again).await
            }
        }
    }

    async fn finish(
        &self,
        sequence: u64,
        delivery: Delivery,
        reason: Option<Untold>,
        project: &Project,
    ) -> Result<(), StoreError> {
        let _changing = project.desk.changing.lock().await;
        // Nobody wants to know what became of something that was forgotten.
        if self.entry(sequence).await?.is_some() {
            let over = with(project.desk.over(), Shown::over(delivery, reason));
            self.0.store.set_fact(Some(&project.name), OVER, &stored(&over)?).await?;
            project.desk.set_over(over);
        }
        self.0.store.delivered(sequence).await
    }
}

/// The form for storage, secrets and all.
fn stored(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|_| StoreError("a value has no form for storage".to_owned()))
}

fn deliveries(waiting: &[Outgoing]) -> impl Iterator<Item = (u64, &Delivery)> {
    waiting.iter().filter_map(|waiting| match &waiting.effect {
        Effect::Tell(delivery) => Some((waiting.sequence, &**delivery)),
        _ => None,
    })
}
