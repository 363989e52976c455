//! A store that lets others run after each read, so that requests at once all read before any of them writes; it can be
//! made to fail, or to hang, where facts are written and where deliveries were tried.

use std::sync::Mutex;

use async_trait::async_trait;
use handset_sandbox_domain::{Delivery, Effect, Identity, Next, Phone, Session, Settled};
use handset_sandbox_store::{
    Decide, DecideCounted, DecideIdentities, DecideIdentity, IdentityLookup, IdentityPage, Lookup, MemoryStore,
    Outgoing, Sent, Store, StoreError, Undelivered, Wanted,
};
use tokio::task::yield_now;

#[derive(Clone, Copy, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    Fails,
    Hangs,
}

#[derive(Default)]
pub(crate) struct Yielding(MemoryStore, Mutex<Trouble>);

impl Yielding {
    pub(crate) fn is_in(&self, trouble: Trouble) {
        *self.1.lock().unwrap() = trouble;
    }

    async fn trouble(&self) -> Result<(), StoreError> {
        let trouble = *self.1.lock().unwrap();
        match trouble {
            Trouble::None => Ok(()),
            Trouble::Fails => Err(StoreError("the disk is full".to_owned())),
            Trouble::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Store for Yielding {
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        self.0.update(auth_id, decide).await
    }
    async fn update_counted(
        &self,
        auth_id: &str,
        given: Option<&Phone>,
        decide: DecideCounted<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.0.update_counted(auth_id, given, decide).await
    }
    async fn forget_guesses(&self, ms: i64) -> Result<(), StoreError> {
        self.0.forget_guesses(ms).await
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
    async fn ending_before(&self, project: Option<&str>, ms: i64) -> Result<Vec<String>, StoreError> {
        self.0.ending_before(project, ms).await
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
    async fn carry_out(
        &self,
        sequence: u64,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<(), StoreError> {
        self.0.carry_out(sequence, project, number, decide).await
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
    async fn forget_project(&self, project: &str) -> Result<(), StoreError> {
        self.0.forget_project(project).await
    }
    async fn outbox(&self) -> Result<Vec<Outgoing>, StoreError> {
        let waiting = self.0.outbox().await;
        yield_now().await;
        waiting
    }
    async fn delivered(&self, sequence: u64) -> Result<(), StoreError> {
        self.0.delivered(sequence).await
    }
    async fn undelivered(&self, project: Option<&str>, since: u64) -> Result<Vec<Undelivered>, StoreError> {
        self.0.undelivered(project, since).await
    }
    async fn delivery(&self, sequence: u64) -> Result<Option<Delivery>, StoreError> {
        self.0.delivery(sequence).await
    }
    async fn tried(&self, sequence: u64, next: Next) -> Result<(), StoreError> {
        self.trouble().await?;
        self.0.tried(sequence, next).await
    }
    async fn settled(&self, project: &str) -> Result<Vec<Settled>, StoreError> {
        self.0.settled(project).await
    }
    async fn messages(&self, project: &str, since: u64, wanted: Wanted<'_>) -> Result<Vec<Sent>, StoreError> {
        let messages = self.0.messages(project, since, wanted).await;
        yield_now().await;
        messages
    }
    async fn fact(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.fact(project, name).await
    }
    async fn set_fact(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.trouble().await?;
        self.0.set_fact(project, name, value).await
    }
}
