//! The repositories of every store that reads from [`Tables`] in memory. How a [`Write`] is committed is the part of each
//! store.

use std::collections::BTreeMap;

use async_trait::async_trait;
use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    AfterAttempt, ContactAttempts, Delivery, FailedAttempts, FinishedDelivery, Identity, JourneyEvent,
    JourneyTransaction, NewTimelineEvent, Phone, Session, TimelineEvent,
};
use parking_lot::MutexGuard;

use crate::row::{Owner, Row};
use crate::tables::{NO_PROJECT, Tables};
use crate::write::{Write, WriteOp};
use crate::{
    AttemptRepository, ContactAttemptsKey, ContactAttemptsWrite, DeliveryRepository, IdentityKey, IdentityPage,
    IdentityRepository, IdentityWrite, JourneyKey, JourneyRepository, JourneyWrite, LocalNotifier, MessageFilter,
    MessageRepository, Notifier, PendingDelivery, RowChange, SessionKey, SessionRepository, SessionWrite,
    SettingRepository, Store, StoreError, StoredMessage, TransactionId, Versioned,
};

/// A store that reads from [`Tables`].
pub(crate) trait TableStore: Send + Sync + 'static {
    /// Locks the tables.
    fn tables(&self) -> MutexGuard<'_, Tables>;

    /// The notifier of the store's writes.
    fn local_notifier(&self) -> &LocalNotifier;

    /// Commits the write, and wakes its subscribers. Returns `false`, without writing, if a row that it compares has
    /// changed.
    ///
    /// # Errors
    /// The write failed and changed nothing.
    fn commit(&self, write: Write) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

impl<T: TableStore> Store for T {
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
        self.local_notifier()
    }
}

fn read<T>(row: &Row<T>) -> Versioned<T> {
    Versioned { value: row.value.clone(), version: row.version }
}

fn owner(project: &str, number: &Phone) -> Owner {
    (project.to_owned(), number.digits().to_owned())
}

#[async_trait]
impl<T: TableStore> SessionRepository for T {
    async fn get(&self, key: SessionKey<'_>) -> Result<Option<Versioned<Session>>, StoreError> {
        Ok(self.tables().sessions.find(key).map(|stored| read(&stored.row)))
    }

    async fn write(&self, write: SessionWrite) -> Result<bool, StoreError> {
        let is_read_only = matches!(write.session, RowChange::Keep)
            && (write.timeline.is_empty() && write.messages.is_empty() && !write.notifies)
            && (write.attempts.is_none() && write.identity.is_none());
        let op = WriteOp::Session(Box::new(write));
        if is_read_only {
            return Ok(self.tables().is_current(&op));
        }
        self.commit(op.into()).await
    }

    async fn record(&self, auth_id: &str, at: UnixMillis, events: &[NewTimelineEvent]) -> Result<(), StoreError> {
        if events.is_empty() || self.tables().sessions.get(auth_id).is_none() {
            return Ok(());
        }
        let (auth_id, events) = (auth_id.to_owned(), events.to_vec());
        self.commit(WriteOp::Record { auth_id, at, events }.into()).await.map(drop)
    }

    async fn timeline(&self, auth_id: &str, after: u32) -> Result<Option<Vec<TimelineEvent>>, StoreError> {
        Ok(self.tables().sessions.get(auth_id).map(|stored| stored.timeline.after(after)))
    }

    async fn expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<String>, StoreError> {
        let tables = self.tables();
        let ending = tables.sessions.expiring_before(time);
        let of_project = ending.filter(|session| project.is_none_or(|name| session.project == name));
        Ok(of_project.map(|session| session.auth_id.clone()).collect())
    }
}

#[async_trait]
impl<T: TableStore> IdentityRepository for T {
    async fn get(&self, project: &str, key: IdentityKey<'_>) -> Result<Option<Versioned<Identity>>, StoreError> {
        let tables = self.tables();
        let found = match key {
            IdentityKey::Number(number) => tables.identities.get(&owner(project, number)),
            IdentityKey::Id(id) => tables.by_identity_id.get(id).and_then(|owner| tables.identities.get(owner)),
            IdentityKey::Device(id) => tables.by_device.get(id).and_then(|owner| tables.identities.get(owner)),
        };
        Ok(found.filter(|row| row.value.project == project).map(read))
    }

    async fn list(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError> {
        let tables = self.tables();
        let from = (page.project.to_owned(), page.after.map_or(UnixMillis::MIN, |(since, _)| since), String::new());
        let is_after = |since: UnixMillis, id: &str| page.after.is_none_or(|after| (since, id) > after);
        let counts = |identity: &&Identity| {
            page.with_inactive || identity.enrollment.as_ref().is_some_and(|enrollment| enrollment.active)
        };
        let of_project = tables.enrolled.range(from..).take_while(|((project, _, _), _)| project == page.project);
        let listed = of_project.filter(|((_, since, id), _)| is_after(*since, id));
        let listed = listed.filter_map(|(_, owner)| tables.identities.get(owner)).map(|row| &*row.value);
        Ok(listed.filter(counts).take(page.limit).cloned().collect())
    }

    async fn write(&self, rows: Vec<IdentityWrite>, deliveries: Vec<Delivery>) -> Result<bool, StoreError> {
        let is_read_only = deliveries.is_empty() && rows.iter().all(|row| matches!(row.identity, RowChange::Keep));
        let op = WriteOp::Identities { rows, deliveries };
        if is_read_only {
            return Ok(self.tables().is_current(&op));
        }
        self.commit(op.into()).await
    }
}

#[async_trait]
impl<T: TableStore> AttemptRepository for T {
    async fn get(&self, project: &str, phone: &Phone) -> Result<Option<Versioned<FailedAttempts>>, StoreError> {
        Ok(self.tables().attempts.get(&owner(project, phone)).map(read))
    }

    async fn expire(&self, before: UnixMillis) -> Result<(), StoreError> {
        if !self.tables().attempts.has_before(before) {
            return Ok(());
        }
        self.commit(WriteOp::ExpireAttempts(before).into()).await.map(drop)
    }
}

#[async_trait]
impl<T: TableStore> JourneyRepository for T {
    async fn get(&self, key: JourneyKey<'_>) -> Result<Option<Versioned<JourneyTransaction>>, StoreError> {
        Ok(self.tables().journeys.find(key).map(|stored| read(&stored.row)))
    }

    async fn attempts(&self, key: &ContactAttemptsKey) -> Result<Option<Versioned<ContactAttempts>>, StoreError> {
        Ok(self.tables().journeys.attempts.get(key).map(read))
    }

    async fn write(&self, write: JourneyWrite) -> Result<bool, StoreError> {
        let keeps = |row: &ContactAttemptsWrite| matches!(row.attempts, RowChange::Keep);
        let is_read_only = matches!(write.transaction, RowChange::Keep)
            && (write.timeline.is_empty() || write.version.is_none())
            && (write.messages.is_empty() && write.deliveries.is_empty() && !write.erases_messages)
            && write.attempts.as_ref().is_none_or(keeps);
        let op = WriteOp::Journey(Box::new(write));
        if is_read_only {
            return Ok(self.tables().is_current(&op));
        }
        self.commit(op.into()).await
    }

    async fn timeline(&self, id: &TransactionId, after: u32) -> Result<Option<Vec<JourneyEvent>>, StoreError> {
        Ok(self.tables().journeys.get(id).map(|stored| stored.timeline.after(after)))
    }

    async fn list(&self, project: &str) -> Result<Vec<TransactionId>, StoreError> {
        Ok(self.tables().journeys.of_project(project).map(|(id, _)| id.clone()).collect())
    }

    async fn ending_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<TransactionId>, StoreError> {
        let tables = self.tables();
        let ending = tables.journeys.ending_before(time);
        Ok(ending.filter(|id| project.is_none_or(|name| id.project == name)).cloned().collect())
    }

    async fn expire_attempts(&self, project: &str, before: UnixMillis) -> Result<(), StoreError> {
        if !self.tables().journeys.attempts.has_before(project, before) {
            return Ok(());
        }
        self.commit(WriteOp::ExpireContactAttempts { project: project.to_owned(), before }.into()).await.map(drop)
    }
}

#[async_trait]
impl<T: TableStore> MessageRepository for T {
    async fn list(&self, filter: MessageFilter<'_>) -> Result<Vec<StoredMessage>, StoreError> {
        let tables = self.tables();
        let messages = tables.messages.get(filter.project);
        Ok(messages.map(|messages| messages.after(filter.since, filter.to)).unwrap_or_default())
    }
}

#[async_trait]
impl<T: TableStore> DeliveryRepository for T {
    async fn pending(&self, project: Option<&str>, since: u64) -> Result<Vec<PendingDelivery>, StoreError> {
        let tables = self.tables();
        let after = tables.outbox.range(since.saturating_add(1)..);
        let of_project = after.filter(|(_, delivery)| project.is_none_or(|name| delivery.project == name));
        let entry = |(sequence, delivery): (&u64, &Delivery)| PendingDelivery {
            sequence: *sequence,
            delivery: delivery.clone(),
        };
        Ok(of_project.map(entry).collect())
    }

    async fn get(&self, sequence: u64) -> Result<Option<Delivery>, StoreError> {
        Ok(self.tables().outbox.get(&sequence).cloned())
    }

    async fn claim(&self, sequence: u64, now: UnixMillis, until: UnixMillis) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if !tables.outbox.contains_key(&sequence) || tables.claims.get(&sequence).is_some_and(|end| *end > now) {
            return Ok(false);
        }
        tables.claims.insert(sequence, until);
        Ok(true)
    }

    async fn release(&self, sequence: u64) -> Result<(), StoreError> {
        self.tables().claims.remove(&sequence);
        Ok(())
    }

    async fn acknowledge(&self, sequence: u64, next: AfterAttempt) -> Result<bool, StoreError> {
        if !self.tables().outbox.contains_key(&sequence) {
            return Ok(false);
        }
        self.commit(WriteOp::Acknowledge { sequence, next }.into()).await
    }

    async fn finished(&self, project: &str) -> Result<Vec<FinishedDelivery>, StoreError> {
        let tables = self.tables();
        Ok(tables.finished_deliveries.get(project).into_iter().flat_map(BTreeMap::values).cloned().collect())
    }
}

#[async_trait]
impl<T: TableStore> SettingRepository for T {
    async fn get(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let key = (project.unwrap_or(NO_PROJECT).to_owned(), name.to_owned());
        Ok(self.tables().settings.get(&key).cloned())
    }

    async fn set(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let (project, name) = (project.unwrap_or(NO_PROJECT).to_owned(), name.to_owned());
        self.commit(WriteOp::Setting { project, name, value: value.to_owned() }.into()).await.map(drop)
    }

    async fn projects(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.tables().projects().into_iter().map(str::to_owned).collect())
    }

    async fn delete_project(&self, project: &str) -> Result<(), StoreError> {
        self.commit(WriteOp::DeleteProject(project.to_owned()).into()).await.map(drop)
    }
}
