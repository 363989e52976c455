//! A store that lets others run after each read, so that requests at once all read before any of them writes; it can be
//! made to fail, or to hang, at writes of settings and of delivery attempts.

use std::sync::Mutex;

use async_trait::async_trait;
use handset_protocol::UnixMillis;
use handset_sandbox_domain::{AfterAttempt, Delivery, Effect, FinishedDelivery, Identity, Phone, Session};
use handset_sandbox_store::{
    Decide, DecideIdentities, DecideIdentity, DecideWithAttempts, IdentityLookup, IdentityPage, Lookup, MemoryStore,
    MessageFilter, OutboxEntry, PendingDelivery, Store, StoreError, StoredMessage,
};
use tokio::task::yield_now;

#[derive(Clone, Copy, Default)]
pub(crate) enum StoreTrouble {
    #[default]
    None,
    Fails,
    Hangs,
}

#[derive(Default)]
pub(crate) struct YieldingStore(MemoryStore, Mutex<StoreTrouble>);

impl YieldingStore {
    pub(crate) fn is_in(&self, trouble: StoreTrouble) {
        *self.1.lock().unwrap() = trouble;
    }

    async fn trouble(&self) -> Result<(), StoreError> {
        let trouble = *self.1.lock().unwrap();
        match trouble {
            StoreTrouble::None => Ok(()),
            StoreTrouble::Fails => Err(StoreError("the disk is full".to_owned())),
            StoreTrouble::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Store for YieldingStore {
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        self.0.update(auth_id, decide).await
    }
    async fn update_with_attempts(
        &self,
        auth_id: &str,
        given: Option<&Phone>,
        decide: DecideWithAttempts<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.0.update_with_attempts(auth_id, given, decide).await
    }
    async fn expire_attempts(&self, before: UnixMillis) -> Result<(), StoreError> {
        self.0.expire_attempts(before).await
    }
    async fn get(&self, auth_id: &str) -> Result<Option<Session>, StoreError> {
        let session = self.0.get(auth_id).await;
        yield_now().await;
        session
    }
    async fn find(&self, lookup: Lookup<'_>) -> Result<Option<String>, StoreError> {
        let found = self.0.find(lookup).await;
        yield_now().await;
        found
    }
    async fn expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<String>, StoreError> {
        self.0.expiring_before(project, time).await
    }
    async fn update_identity(
        &self,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.0.update_identity(project, number, decide).await
    }
    async fn update_identities(
        &self,
        project: &str,
        numbers: [&Phone; 2],
        decide: DecideIdentities<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.0.update_identities(project, numbers, decide).await
    }
    async fn apply_outbox_entry(
        &self,
        sequence: u64,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<(), StoreError> {
        self.0.apply_outbox_entry(sequence, project, number, decide).await
    }
    async fn identity(&self, project: &str, lookup: IdentityLookup<'_>) -> Result<Option<Identity>, StoreError> {
        let identity = self.0.identity(project, lookup).await;
        yield_now().await;
        identity
    }
    async fn identities(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError> {
        self.0.identities(page).await
    }
    async fn projects(&self) -> Result<Vec<String>, StoreError> {
        self.0.projects().await
    }
    async fn delete_project(&self, project: &str) -> Result<(), StoreError> {
        self.0.delete_project(project).await
    }
    async fn outbox(&self) -> Result<Vec<OutboxEntry>, StoreError> {
        let waiting = self.0.outbox().await;
        yield_now().await;
        waiting
    }
    async fn complete_outbox_entry(&self, sequence: u64) -> Result<(), StoreError> {
        self.0.complete_outbox_entry(sequence).await
    }
    async fn pending_deliveries(&self, project: Option<&str>, since: u64) -> Result<Vec<PendingDelivery>, StoreError> {
        self.0.pending_deliveries(project, since).await
    }
    async fn delivery(&self, sequence: u64) -> Result<Option<Delivery>, StoreError> {
        self.0.delivery(sequence).await
    }
    async fn record_attempt(&self, sequence: u64, next: AfterAttempt) -> Result<(), StoreError> {
        self.trouble().await?;
        self.0.record_attempt(sequence, next).await
    }
    async fn finished_deliveries(&self, project: &str) -> Result<Vec<FinishedDelivery>, StoreError> {
        self.0.finished_deliveries(project).await
    }
    async fn messages(
        &self,
        project: &str,
        since: u64,
        wanted: MessageFilter<'_>,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let messages = self.0.messages(project, since, wanted).await;
        yield_now().await;
        messages
    }
    async fn setting(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.setting(project, name).await
    }
    async fn set_setting(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.trouble().await?;
        self.0.set_setting(project, name, value).await
    }
}
