//! A store decorator that measures latency and counts flows, messages and deliveries by the writes that pass through it.

use std::sync::Arc;

use async_trait::async_trait;
use handset_protocol::UnixMillis;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Metrics;
use super::labels::{PossessionOutcome, SmsKind};
use handset_sandbox_domain::{
    AfterAttempt, Delivery, Effect, FailedAttempts, FinishedDelivery, FlowType, Identity, Phone, Session,
};
use handset_sandbox_store::{
    Decide, DecideIdentities, DecideIdentity, DecideWithAttempts, IdentityLookup, IdentityPage, Lookup, MessageFilter,
    OutboxEntry, PendingDelivery, Store, StoreError, StoredMessage,
};

/// Decorates a store with metrics. Every access to the store must go through it.
pub(crate) struct InstrumentedStore {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
}

impl InstrumentedStore {
    pub(crate) fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Self {
        Self { store, metrics }
    }

    /// Runs an operation and records its latency.
    async fn timed<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let begin = Instant::now();
        let result = call.await;
        self.metrics.store(operation, begin.elapsed(), result.is_ok());
        result
    }
}

impl InstrumentedStore {
    /// Counts the change and the messages of a successful write.
    fn count(&self, change: Mutex<SessionChange>, effects: &[Effect]) {
        let change = change.into_inner();
        if let Some(kind) = change.started {
            self.metrics.flows_started.increment(kind);
        }
        if let Some(outcome) = change.ended {
            self.metrics.flows_ended.increment(outcome);
        }
        for effect in effects {
            if let Effect::SendMessage(message) = effect {
                self.metrics.messages_sent.increment(SmsKind::of(&message.purpose));
            }
        }
    }
}

/// The change of a session by a write: its start, its end.
#[derive(Default)]
struct SessionChange {
    started: Option<FlowType>,
    ended: Option<PossessionOutcome>,
}

impl SessionChange {
    fn between(before: Option<&Session>, after: Option<&Session>) -> Self {
        let was_settled = before.is_some_and(|session| session.possession.is_settled());
        let started = if before.is_none() { after.map(|session| session.flow_type) } else { None };
        let ended = match (before, after) {
            _ if was_settled => None,
            (_, Some(after)) => PossessionOutcome::of(&after.possession),
            (Some(_), None) => Some(PossessionOutcome::Forgotten),
            (None, None) => None,
        };
        Self { started, ended }
    }
}

#[async_trait]
impl Store for InstrumentedStore {
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        let change = Mutex::new(SessionChange::default());
        let observed = |before: Option<&Session>| {
            let (after, effects) = decide(before);
            // A lost race runs the closure again; its last decision is the one that was written.
            *change.lock() = SessionChange::between(before, after.as_ref());
            (after, effects)
        };
        let effects = self.timed("update", self.store.update(auth_id, &observed)).await?;
        self.count(change, &effects);
        Ok(effects)
    }

    async fn update_with_attempts(
        &self,
        auth_id: &str,
        given: Option<&Phone>,
        decide: DecideWithAttempts<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        let change = Mutex::new(SessionChange::default());
        let observed = |before: Option<&Session>, attempts: &FailedAttempts| {
            let (after, attempts, effects) = decide(before, attempts);
            *change.lock() = SessionChange::between(before, after.as_ref());
            (after, attempts, effects)
        };
        let effects =
            self.timed("update_with_attempts", self.store.update_with_attempts(auth_id, given, &observed)).await?;
        self.count(change, &effects);
        Ok(effects)
    }

    async fn expire_attempts(&self, before: UnixMillis) -> Result<(), StoreError> {
        self.timed("expire_attempts", self.store.expire_attempts(before)).await
    }

    async fn get(&self, auth_id: &str) -> Result<Option<Session>, StoreError> {
        self.timed("get", self.store.get(auth_id)).await
    }

    async fn find(&self, lookup: Lookup<'_>) -> Result<Option<String>, StoreError> {
        self.timed("find", self.store.find(lookup)).await
    }

    async fn expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<String>, StoreError> {
        self.timed("expiring_before", self.store.expiring_before(project, time)).await
    }

    async fn update_identity(
        &self,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.timed("update_identity", self.store.update_identity(project, number, decide)).await
    }

    async fn update_identities(
        &self,
        project: &str,
        numbers: [&Phone; 2],
        decide: DecideIdentities<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.timed("update_identities", self.store.update_identities(project, numbers, decide)).await
    }

    async fn apply_outbox_entry(
        &self,
        sequence: u64,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<(), StoreError> {
        self.timed("apply_outbox_entry", self.store.apply_outbox_entry(sequence, project, number, decide)).await
    }

    async fn identity(&self, project: &str, lookup: IdentityLookup<'_>) -> Result<Option<Identity>, StoreError> {
        self.timed("identity", self.store.identity(project, lookup)).await
    }

    async fn identities(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError> {
        self.timed("identities", self.store.identities(page)).await
    }

    async fn projects(&self) -> Result<Vec<String>, StoreError> {
        self.timed("projects", self.store.projects()).await
    }

    async fn delete_project(&self, project: &str) -> Result<(), StoreError> {
        self.timed("delete_project", self.store.delete_project(project)).await
    }

    async fn outbox(&self) -> Result<Vec<OutboxEntry>, StoreError> {
        self.timed("outbox", self.store.outbox()).await
    }

    async fn complete_outbox_entry(&self, sequence: u64) -> Result<(), StoreError> {
        self.timed("complete_outbox_entry", self.store.complete_outbox_entry(sequence)).await
    }

    async fn pending_deliveries(&self, project: Option<&str>, since: u64) -> Result<Vec<PendingDelivery>, StoreError> {
        self.timed("pending_deliveries", self.store.pending_deliveries(project, since)).await
    }

    async fn delivery(&self, sequence: u64) -> Result<Option<Delivery>, StoreError> {
        self.timed("delivery", self.store.delivery(sequence)).await
    }

    async fn record_attempt(&self, sequence: u64, next: AfterAttempt) -> Result<(), StoreError> {
        let status = match &next {
            AfterAttempt::Retry(_) => None,
            AfterAttempt::Finished(finished) => Some(finished.status),
        };
        self.timed("record_attempt", self.store.record_attempt(sequence, next)).await?;
        if let Some(status) = status {
            self.metrics.webhook_deliveries.increment(status);
        }
        Ok(())
    }

    async fn finished_deliveries(&self, project: &str) -> Result<Vec<FinishedDelivery>, StoreError> {
        self.timed("finished_deliveries", self.store.finished_deliveries(project)).await
    }

    async fn messages(
        &self,
        project: &str,
        since: u64,
        filter: MessageFilter<'_>,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        self.timed("messages", self.store.messages(project, since, filter)).await
    }

    async fn setting(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.timed("setting", self.store.setting(project, name)).await
    }

    async fn set_setting(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.timed("set_setting", self.store.set_setting(project, name, value)).await
    }
}
