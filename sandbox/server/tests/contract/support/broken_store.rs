//! A store that fails at every call.

use async_trait::async_trait;
use handset_protocol::UnixMillis;
use handset_sandbox_domain::{AfterAttempt, Delivery, Effect, FinishedDelivery, Identity, Phone, Session};
use handset_sandbox_store::{
    Decide, DecideIdentities, DecideIdentity, DecideWithAttempts, IdentityLookup, IdentityPage, Lookup, MessageFilter,
    OutboxEntry, PendingDelivery, Store, StoreError, StoredMessage,
};

pub(crate) struct BrokenStore;

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError("broken".to_owned()))
}

#[async_trait]
impl Store for BrokenStore {
    async fn update(&self, _: &str, _: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        broken()
    }
    async fn update_with_attempts(
        &self,
        _: &str,
        _: Option<&Phone>,
        _: DecideWithAttempts<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        broken()
    }
    async fn expire_attempts(&self, _: UnixMillis) -> Result<(), StoreError> {
        broken()
    }
    async fn get(&self, _: &str) -> Result<Option<Session>, StoreError> {
        broken()
    }
    async fn find(&self, _: Lookup<'_>) -> Result<Option<String>, StoreError> {
        broken()
    }
    async fn expiring_before(&self, _: Option<&str>, _: UnixMillis) -> Result<Vec<String>, StoreError> {
        broken()
    }
    async fn update_identity(&self, _: &str, _: &Phone, _: DecideIdentity<'_>) -> Result<Vec<Effect>, StoreError> {
        broken()
    }
    async fn update_identities(
        &self,
        _: &str,
        _: [&Phone; 2],
        _: DecideIdentities<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        broken()
    }
    async fn apply_outbox_entry(&self, _: u64, _: &str, _: &Phone, _: DecideIdentity<'_>) -> Result<(), StoreError> {
        broken()
    }
    async fn identity(&self, _: &str, _: IdentityLookup<'_>) -> Result<Option<Identity>, StoreError> {
        broken()
    }
    async fn identities(&self, _: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError> {
        broken()
    }
    async fn projects(&self) -> Result<Vec<String>, StoreError> {
        broken()
    }
    async fn delete_project(&self, _: &str) -> Result<(), StoreError> {
        broken()
    }
    async fn outbox(&self) -> Result<Vec<OutboxEntry>, StoreError> {
        broken()
    }
    async fn complete_outbox_entry(&self, _: u64) -> Result<(), StoreError> {
        broken()
    }
    async fn pending_deliveries(&self, _: Option<&str>, _: u64) -> Result<Vec<PendingDelivery>, StoreError> {
        broken()
    }
    async fn delivery(&self, _: u64) -> Result<Option<Delivery>, StoreError> {
        broken()
    }
    async fn record_attempt(&self, _: u64, _: AfterAttempt) -> Result<(), StoreError> {
        broken()
    }
    async fn finished_deliveries(&self, _: &str) -> Result<Vec<FinishedDelivery>, StoreError> {
        broken()
    }
    async fn messages(&self, _: &str, _: u64, _: MessageFilter<'_>) -> Result<Vec<StoredMessage>, StoreError> {
        broken()
    }
    async fn setting(&self, _: Option<&str>, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        broken()
    }
    async fn set_setting(&self, _: Option<&str>, _: &str, _: &[u8]) -> Result<(), StoreError> {
        broken()
    }
}
