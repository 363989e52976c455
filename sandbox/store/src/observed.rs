//! A decorator that calls an observer before and after each operation of a store: for metrics, and for tests.

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    AfterAttempt, ContactAttempts, Delivery, FailedAttempts, FinishedDelivery, Identity, JourneyEvent,
    JourneyTransaction, NewTimelineEvent, Phone, Session, TimelineEvent,
};

use crate::{
    AttemptRepository, ContactAttemptsKey, DeliveryRepository, IdentityKey, IdentityPage, IdentityRepository,
    IdentityWrite, JourneyKey, JourneyRepository, JourneyWrite, MessageFilter, MessageRepository, Notifier,
    PendingDelivery, SessionKey, SessionRepository, SessionWrite, SettingRepository, Store, StoreError, StoredMessage,
    TransactionId, Versioned,
};

/// An observer of a store's operations. An operation is named after its repository and method: `sessions.write`.
pub trait StoreObserver: Send + Sync + 'static {
    /// Called before an operation.
    ///
    /// # Errors
    /// The operation fails with this error; neither the store nor [`after`](StoreObserver::after) is called.
    fn before(&self, _operation: &'static str) -> impl Future<Output = Result<(), StoreError>> + Send {
        ready(Ok(()))
    }

    /// Called after an operation, before its result is returned.
    fn after(&self, _operation: &'static str, _elapsed: Duration, _is_ok: bool) -> impl Future<Output = ()> + Send {
        ready(())
    }
}

impl<O: StoreObserver> StoreObserver for Arc<O> {
    fn before(&self, operation: &'static str) -> impl Future<Output = Result<(), StoreError>> + Send {
        O::before(self, operation)
    }

    fn after(&self, operation: &'static str, elapsed: Duration, is_ok: bool) -> impl Future<Output = ()> + Send {
        O::after(self, operation, elapsed, is_ok)
    }
}

/// A store with an observer. Subscriptions are not observed.
pub struct ObservedStore<O> {
    store: Arc<dyn Store>,
    observer: O,
}

impl<O: StoreObserver> ObservedStore<O> {
    /// Decorates a store.
    pub fn new(store: Arc<dyn Store>, observer: O) -> Self {
        Self { store, observer }
    }

    /// The observer.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    async fn observe<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.observer.before(operation).await?;
        let begin = Instant::now();
        let result = call.await;
        self.observer.after(operation, begin.elapsed(), result.is_ok()).await;
        result
    }
}

impl<O: StoreObserver> Store for ObservedStore<O> {
    fn sessions(&self) -> &dyn SessionRepository {
        self
    }

    fn identities(&self) -> &dyn IdentityRepository {
        self
    }

    fn attempts(&self) -> &dyn AttemptRepository {
        self
    }

    fn messages(&self) -> &dyn MessageRepository {
        self
    }

    fn deliveries(&self) -> &dyn DeliveryRepository {
        self
    }

    fn settings(&self) -> &dyn SettingRepository {
        self
    }

    fn journeys(&self) -> &dyn JourneyRepository {
        self
    }

    fn notifier(&self) -> &dyn Notifier {
        self.store.notifier()
    }
}

#[async_trait]
impl<O: StoreObserver> SessionRepository for ObservedStore<O> {
    async fn get(&self, key: SessionKey<'_>) -> Result<Option<Versioned<Session>>, StoreError> {
        self.observe("sessions.get", self.store.sessions().get(key)).await
    }

    async fn write(&self, write: SessionWrite) -> Result<bool, StoreError> {
        self.observe("sessions.write", self.store.sessions().write(write)).await
    }

    async fn record(&self, auth_id: &str, at: UnixMillis, events: &[NewTimelineEvent]) -> Result<(), StoreError> {
        self.observe("sessions.record", self.store.sessions().record(auth_id, at, events)).await
    }

    async fn timeline(&self, auth_id: &str, after: u32) -> Result<Option<Vec<TimelineEvent>>, StoreError> {
        self.observe("sessions.timeline", self.store.sessions().timeline(auth_id, after)).await
    }

    async fn expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<String>, StoreError> {
        self.observe("sessions.expiring_before", self.store.sessions().expiring_before(project, time)).await
    }
}

#[async_trait]
impl<O: StoreObserver> IdentityRepository for ObservedStore<O> {
    async fn get(&self, project: &str, key: IdentityKey<'_>) -> Result<Option<Versioned<Identity>>, StoreError> {
        self.observe("identities.get", self.store.identities().get(project, key)).await
    }

    async fn list(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError> {
        self.observe("identities.list", self.store.identities().list(page)).await
    }

    async fn write(&self, rows: Vec<IdentityWrite>, deliveries: Vec<Delivery>) -> Result<bool, StoreError> {
        self.observe("identities.write", self.store.identities().write(rows, deliveries)).await
    }
}

#[async_trait]
impl<O: StoreObserver> AttemptRepository for ObservedStore<O> {
    async fn get(&self, project: &str, phone: &Phone) -> Result<Option<Versioned<FailedAttempts>>, StoreError> {
        self.observe("attempts.get", self.store.attempts().get(project, phone)).await
    }

    async fn expire(&self, before: UnixMillis) -> Result<(), StoreError> {
        self.observe("attempts.expire", self.store.attempts().expire(before)).await
    }
}

#[async_trait]
impl<O: StoreObserver> JourneyRepository for ObservedStore<O> {
    async fn get(&self, key: JourneyKey<'_>) -> Result<Option<Versioned<JourneyTransaction>>, StoreError> {
        self.observe("journeys.get", self.store.journeys().get(key)).await
    }

    async fn attempts(&self, key: &ContactAttemptsKey) -> Result<Option<Versioned<ContactAttempts>>, StoreError> {
        self.observe("journeys.attempts", self.store.journeys().attempts(key)).await
    }

    async fn write(&self, write: JourneyWrite) -> Result<bool, StoreError> {
        self.observe("journeys.write", self.store.journeys().write(write)).await
    }

    async fn timeline(&self, id: &TransactionId, after: u32) -> Result<Option<Vec<JourneyEvent>>, StoreError> {
        self.observe("journeys.timeline", self.store.journeys().timeline(id, after)).await
    }

    async fn list(&self, project: &str) -> Result<Vec<TransactionId>, StoreError> {
        self.observe("journeys.list", self.store.journeys().list(project)).await
    }

    async fn ending_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<TransactionId>, StoreError> {
        self.observe("journeys.ending_before", self.store.journeys().ending_before(project, time)).await
    }

    async fn expire_attempts(&self, project: &str, before: UnixMillis) -> Result<(), StoreError> {
        self.observe("journeys.expire_attempts", self.store.journeys().expire_attempts(project, before)).await
    }
}

#[async_trait]
impl<O: StoreObserver> MessageRepository for ObservedStore<O> {
    async fn list(&self, filter: MessageFilter<'_>) -> Result<Vec<StoredMessage>, StoreError> {
        self.observe("messages.list", self.store.messages().list(filter)).await
    }
}

#[async_trait]
impl<O: StoreObserver> DeliveryRepository for ObservedStore<O> {
    async fn pending(&self, project: Option<&str>, since: u64) -> Result<Vec<PendingDelivery>, StoreError> {
        self.observe("deliveries.pending", self.store.deliveries().pending(project, since)).await
    }

    async fn get(&self, sequence: u64) -> Result<Option<Delivery>, StoreError> {
        self.observe("deliveries.get", self.store.deliveries().get(sequence)).await
    }

    async fn claim(&self, sequence: u64, now: UnixMillis, until: UnixMillis) -> Result<bool, StoreError> {
        self.observe("deliveries.claim", self.store.deliveries().claim(sequence, now, until)).await
    }

    async fn release(&self, sequence: u64) -> Result<(), StoreError> {
        self.observe("deliveries.release", self.store.deliveries().release(sequence)).await
    }

    async fn acknowledge(&self, sequence: u64, next: AfterAttempt) -> Result<bool, StoreError> {
        self.observe("deliveries.acknowledge", self.store.deliveries().acknowledge(sequence, next)).await
    }

    async fn finished(&self, project: &str) -> Result<Vec<FinishedDelivery>, StoreError> {
        self.observe("deliveries.finished", self.store.deliveries().finished(project)).await
    }
}

#[async_trait]
impl<O: StoreObserver> SettingRepository for ObservedStore<O> {
    async fn get(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.observe("settings.get", self.store.settings().get(project, name)).await
    }

    async fn set(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.observe("settings.set", self.store.settings().set(project, name, value)).await
    }

    async fn projects(&self) -> Result<Vec<String>, StoreError> {
        self.observe("settings.projects", self.store.settings().projects()).await
    }

    async fn delete_project(&self, project: &str) -> Result<(), StoreError> {
        self.observe("settings.delete_project", self.store.settings().delete_project(project)).await
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::{MemoryStore, conformance};

    /// Notes the operations, and lets other tasks run around each.
    #[derive(Default)]
    struct NotingObserver(Mutex<Vec<(&'static str, Option<bool>)>>);

    impl StoreObserver for NotingObserver {
        async fn before(&self, operation: &'static str) -> Result<(), StoreError> {
            self.0.lock().push((operation, None));
            tokio::task::yield_now().await;
            if operation == "settings.set" { Err(StoreError("broken".to_owned())) } else { Ok(()) }
        }

        async fn after(&self, operation: &'static str, _elapsed: Duration, is_ok: bool) {
            tokio::task::yield_now().await;
            self.0.lock().push((operation, Some(is_ok)));
        }
    }

    struct SilentObserver;

    impl StoreObserver for SilentObserver {}

    #[tokio::test]
    async fn an_observed_store_conforms() {
        conformance::check(|| ObservedStore::new(Arc::new(MemoryStore::new()), SilentObserver)).await;
    }

    #[tokio::test]
    async fn an_observer_sees_each_operation_and_can_fail_it() {
        let observer = Arc::new(NotingObserver::default());
        let store = ObservedStore::new(Arc::new(MemoryStore::new()), observer.clone());
        assert_eq!(store.settings().set(None, "a", b"one").await, Err(StoreError("broken".to_owned())));
        assert_eq!(store.settings().get(None, "a").await, Ok(None), "a failed operation does not reach the store");
        assert!(store.sessions().get(SessionKey::AuthId("a")).await.unwrap().is_none());
        let expected = [
            ("settings.set", None),
            ("settings.get", None),
            ("settings.get", Some(true)),
            ("sessions.get", None),
            ("sessions.get", Some(true)),
        ];
        assert_eq!(*observer.0.lock(), expected);
        assert!(Arc::ptr_eq(store.observer(), &observer));
    }
}
