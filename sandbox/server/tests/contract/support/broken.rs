//! A store that fails whenever it is asked.

use async_trait::async_trait;
use handset_sandbox_domain::{Delivery, Effect, Identity, Next, Phone, Session, Settled};
use handset_sandbox_store::{
    Decide, DecideCounted, DecideIdentities, DecideIdentity, IdentityLookup, IdentityPage, Lookup, Outgoing, Sent,
    Store, StoreError, Undelivered, Wanted,
};

pub(crate) struct Broken;

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError("broken".to_owned()))
}

#[async_trait]
impl Store for Broken {
    async fn update(&self, _: &str, _: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        broken()
    }
    async fn update_counted(
        &self,
        _: &str,
        _: Option<&Phone>,
        _: DecideCounted<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        broken()
    }
    async fn forget_guesses(&self, _: i64) -> Result<(), StoreError> {
        broken()
    }
    async fn get(&self, _: &str) -> Result<Option<Session>, StoreError> {
        broken()
    }
    async fn find(&self, _: Lookup<'_>) -> Result<Option<String>, StoreError> {
        broken()
    }
    async fn ending_before(&self, _: Option<&str>, _: i64) -> Result<Vec<String>, StoreError> {
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
    async fn carry_out(&self, _: u64, _: &str, _: &Phone, _: DecideIdentity<'_>) -> Result<(), StoreError> {
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
    async fn forget_project(&self, _: &str) -> Result<(), StoreError> {
        broken()
    }
    async fn outbox(&self) -> Result<Vec<Outgoing>, StoreError> {
        broken()
    }
    async fn delivered(&self, _: u64) -> Result<(), StoreError> {
        broken()
    }
    async fn undelivered(&self, _: Option<&str>, _: u64) -> Result<Vec<Undelivered>, StoreError> {
        broken()
    }
    async fn delivery(&self, _: u64) -> Result<Option<Delivery>, StoreError> {
        broken()
    }
    async fn tried(&self, _: u64, _: Next) -> Result<(), StoreError> {
        broken()
    }
    async fn settled(&self, _: &str) -> Result<Vec<Settled>, StoreError> {
        broken()
    }
    async fn messages(&self, _: &str, _: u64, _: Wanted<'_>) -> Result<Vec<Sent>, StoreError> {
        broken()
    }
    async fn fact(&self, _: Option<&str>, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        broken()
    }
    async fn set_fact(&self, _: Option<&str>, _: &str, _: &[u8]) -> Result<(), StoreError> {
        broken()
    }
}
