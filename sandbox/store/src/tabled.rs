//! [`Store`] for every store that reads from [`Tables`] in memory. How a [`Write`] is committed is the part of each store.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use handset_protocol::UnixMillis;
use parking_lot::MutexGuard;

use super::attempts::AttemptsSnapshot;
use super::{
    Decide, DecideIdentities, DecideIdentity, DecideWithAttempts, IdentitiesChange, IdentityLookup, IdentityPage,
    Lookup, MessageFilter, OutboxEntry, PendingDelivery, Store, StoreError, StoredMessage,
};
use crate::tables::{CompareAndSwap, FinishedRow, NO_PROJECT, Owner, Row, Tables, Write, WriteOp};
use handset_sandbox_domain::{
    AfterAttempt, Delivery, Effect, FailedAttempts, FinishedDelivery, Identity, Phone, Session,
};

/// A store that reads from [`Tables`].
pub(super) trait TableStore: Send + Sync + 'static {
    /// Locks the tables. Do not hold the guard while `decide` runs.
    fn tables(&self) -> MutexGuard<'_, Tables>;

    /// Commits the write. Returns `false`, without writing, if a row that it compares has changed.
    ///
    /// # Errors
    /// The write failed and changed nothing.
    fn commit(&self, write: Write) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Commits the write later, without a result. Only for a write whose loss is harmless.
    fn commit_later(&self, write: Write);

    /// Compare-and-swap of a session. With `counted`, also of the attempts of that number, or of the session's number.
    fn swap_session(
        &self,
        auth_id: &str,
        counted: Option<Option<&Phone>>,
        decide: DecideWithAttempts<'_>,
    ) -> impl Future<Output = Result<Vec<Effect>, StoreError>> + Send {
        async move {
            loop {
                let (before, revision, snapshot) = {
                    let tables = self.tables();
                    let (before, revision) = read(tables.sessions.get(auth_id));
                    let snapshot = AttemptsSnapshot::read(
                        &tables,
                        before.as_deref().filter(|_| counted.is_some()),
                        counted.flatten(),
                    );
                    (before, revision, snapshot)
                };
                // `decide` runs outside the lock, as in a store across a network.
                let (after, attempts, effects) = decide(before.as_deref(), &snapshot.attempts);
                let after = (after.as_ref() != before.as_deref()).then_some(after);
                let attempts_swap = snapshot.swap(attempts);
                let outgoing = outgoing(auth_id, &effects);
                let is_attempts_changed = attempts_swap.as_ref().is_some_and(|swap| swap.after.is_some());
                if after.is_none() && outgoing.is_empty() && !is_attempts_changed {
                    return Ok(effects);
                }
                let after = after.map(|session| session.map(Arc::new));
                let op = WriteOp::Session { auth_id: auth_id.to_owned(), revision, after, attempts: attempts_swap };
                if self.commit(Write { op, outgoing }).await? {
                    return Ok(effects);
                }
            }
        }
    }

    /// Compare-and-swap of identities in one write. With `entry`, the write also completes that outbox entry, and nothing is
    /// written if the entry is gone.
    fn swap_identities<const N: usize>(
        &self,
        owners: [Owner; N],
        entry: Option<u64>,
        decide: &(dyn Fn([Option<&Identity>; N]) -> IdentitiesChange<N> + Send + Sync),
    ) -> impl Future<Output = Result<Vec<Effect>, StoreError>> + Send {
        async move {
            loop {
                let before = {
                    let tables = self.tables();
                    owners.each_ref().map(|owner| read(tables.identities.get(owner)))
                };
                let (after, effects) = decide(before.each_ref().map(|(identity, _)| identity.as_deref()));
                let known = before.iter().filter_map(|(identity, _)| identity.as_deref());
                let subject = after.iter().flatten().chain(known).next().map_or("", |identity| identity.id.as_str());
                let outgoing = outgoing(subject, &effects);
                if entry.is_some_and(|sequence| !self.tables().outbox.contains_key(&sequence)) {
                    return Ok(Vec::new());
                }
                let swap = |((owner, (before, revision)), after): ((&Owner, (Option<Arc<Identity>>, _)), _)| {
                    let after: Option<Identity> = after;
                    let after = (after.as_ref() != before.as_deref()).then(|| after.map(Arc::new));
                    CompareAndSwap { owner: owner.clone(), revision, after }
                };
                let rows: Vec<_> = owners.iter().zip(before).zip(after).map(swap).collect();
                if rows.iter().all(|row| row.after.is_none()) && outgoing.is_empty() && entry.is_none() {
                    return Ok(effects);
                }
                if self.commit(Write { op: WriteOp::Identities { rows, entry }, outgoing }).await? {
                    return Ok(effects);
                }
            }
        }
    }
}

fn read<T: Clone>(row: Option<&Row<T>>) -> (Option<T>, Option<u64>) {
    match row {
        Some(row) => (Some(row.value.clone()), Some(row.revision)),
        None => (None, None),
    }
}

fn owner(project: &str, number: &Phone) -> Owner {
    (project.to_owned(), number.digits().to_owned())
}

/// Adapts a decision about one identity.
fn for_one<'a>(
    decide: DecideIdentity<'a>,
) -> impl Fn([Option<&Identity>; 1]) -> IdentitiesChange<1> + Send + Sync + 'a {
    move |[old]| {
        let (after, effects) = decide(old);
        ([after], effects)
    }
}

/// The outbox entries of the outgoing effects, without sequences.
fn outgoing(subject: &str, effects: &[Effect]) -> Vec<OutboxEntry> {
    let entry = |effect: &Effect| OutboxEntry { sequence: 0, subject: subject.to_owned(), effect: effect.clone() };
    effects.iter().filter(|effect| effect.is_outgoing()).map(entry).collect()
}

#[async_trait]
impl<T: TableStore> Store for T {
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        let decide = |session: Option<&Session>, attempts: &FailedAttempts| {
            let (after, effects) = decide(session);
            (after, attempts.clone(), effects)
        };
        self.swap_session(auth_id, None, &decide).await
    }

    async fn update_with_attempts(
        &self,
        auth_id: &str,
        given: Option<&Phone>,
        decide: DecideWithAttempts<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.swap_session(auth_id, Some(given), decide).await
    }

    async fn expire_attempts(&self, before: UnixMillis) -> Result<(), StoreError> {
        if !self.tables().has_attempts_before(before) {
            return Ok(());
        }
        self.commit(Write::of(WriteOp::ExpireAttempts(before))).await.map(drop)
    }

    async fn get(&self, auth_id: &str) -> Result<Option<Session>, StoreError> {
        let (session, _) = read(self.tables().sessions.get(auth_id));
        // Clone outside the lock.
        Ok(session.as_deref().cloned())
    }

    async fn find(&self, lookup: Lookup<'_>) -> Result<Option<String>, StoreError> {
        let tables = self.tables();
        Ok(match lookup {
            Lookup::CorrelationId(id) => tables.by_correlation_id.get(id),
            Lookup::LinkToken(token) => tables.by_link_token.get(token),
        }
        .cloned())
    }

    async fn expiring_before(&self, project: Option<&str>, time: UnixMillis) -> Result<Vec<String>, StoreError> {
        let tables = self.tables();
        let is_of = |id: &String| {
            project.is_none_or(|name| tables.sessions.get(id).is_some_and(|row| row.value.project == name))
        };
        let ending = tables.by_end.iter().take_while(|(end, _)| *end < time).map(|(_, id)| id);
        Ok(ending.filter(|id| is_of(id)).cloned().collect())
    }

    async fn update_identity(
        &self,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.swap_identities([owner(project, number)], None, &for_one(decide)).await
    }

    async fn update_identities(
        &self,
        project: &str,
        numbers: [&Phone; 2],
        decide: DecideIdentities<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.swap_identities(numbers.map(|number| owner(project, number)), None, decide).await
    }

    async fn apply_outbox_entry(
        &self,
        sequence: u64,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<(), StoreError> {
        self.swap_identities([owner(project, number)], Some(sequence), &for_one(decide)).await.map(drop)
    }

    async fn identity(&self, project: &str, lookup: IdentityLookup<'_>) -> Result<Option<Identity>, StoreError> {
        let tables = self.tables();
        let owner = match lookup {
            IdentityLookup::Number(number) => Some(owner(project, number)),
            IdentityLookup::Id(id) => tables.by_identity_id.get(id).cloned(),
            IdentityLookup::Device(id) => tables.by_device.get(id).cloned(),
        };
        let found = owner.and_then(|owner| read(tables.identities.get(&owner)).0);
        Ok(found.filter(|identity| identity.project == project).as_deref().cloned())
    }

    async fn identities(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError> {
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

    async fn projects(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.tables().projects().into_iter().map(str::to_owned).collect())
    }

    async fn delete_project(&self, project: &str) -> Result<(), StoreError> {
        self.commit(Write::of(WriteOp::DeleteProject(project.to_owned()))).await.map(drop)
    }

    async fn outbox(&self) -> Result<Vec<OutboxEntry>, StoreError> {
        Ok(self.tables().outbox.values().cloned().collect())
    }

    async fn complete_outbox_entry(&self, sequence: u64) -> Result<(), StoreError> {
        // Removed from memory at once, so that no caller sees the entry again. If the process ends before the write, the
        // effect is carried out twice.
        if self.tables().outbox.remove(&sequence).is_some() {
            self.commit_later(Write::of(WriteOp::CompleteEntry(sequence)));
        }
        Ok(())
    }

    async fn pending_deliveries(&self, project: Option<&str>, since: u64) -> Result<Vec<PendingDelivery>, StoreError> {
        let tables = self.tables();
        let after = tables.pending_deliveries.range(since.saturating_add(1)..);
        let of_project = after.filter(|(_, (_, delivery))| project.is_none_or(|name| delivery.project == name));
        Ok(of_project
            .map(|(id, (_, delivery))| PendingDelivery { sequence: *id, delivery: delivery.clone() })
            .collect())
    }

    async fn delivery(&self, sequence: u64) -> Result<Option<Delivery>, StoreError> {
        Ok(self.tables().pending_deliveries.get(&sequence).map(|(_, delivery)| delivery.clone()))
    }

    async fn record_attempt(&self, sequence: u64, next: AfterAttempt) -> Result<(), StoreError> {
        let entry =
            self.tables().pending_deliveries.get(&sequence).map(|(subject, of)| (subject.clone(), of.project.clone()));
        let Some((subject, project)) = entry else { return Ok(()) };
        let (finished, outgoing) = match next {
            AfterAttempt::Retry(delivery) => (None, outgoing(&subject, &[Effect::DeliverWebhook(Box::new(delivery))])),
            AfterAttempt::Finished(delivery) => (Some(FinishedRow { id: 0, project, delivery }), Vec::new()),
        };
        self.commit(Write { op: WriteOp::RecordAttempt { sequence, finished }, outgoing }).await.map(drop)
    }

    async fn finished_deliveries(&self, project: &str) -> Result<Vec<FinishedDelivery>, StoreError> {
        let tables = self.tables();
        Ok(tables.finished_deliveries.get(project).into_iter().flat_map(BTreeMap::values).cloned().collect())
    }

    async fn messages(
        &self,
        project: &str,
        since: u64,
        wanted: MessageFilter<'_>,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let tables = self.tables();
        let Some(messages) = tables.messages.get(project) else { return Ok(Vec::new()) };
        let after = messages.range(since.saturating_add(1)..).filter(|(_, message)| wanted(message));
        Ok(after.map(|(id, message)| StoredMessage { id: *id, message: message.clone() }).collect())
    }

    async fn setting(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let key = (project.unwrap_or(NO_PROJECT).to_owned(), name.to_owned());
        Ok(self.tables().settings.get(&key).cloned())
    }

    async fn set_setting(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let (project, name) = (project.unwrap_or(NO_PROJECT).to_owned(), name.to_owned());
        self.commit(Write::of(WriteOp::Setting { project, name, value: value.to_owned() })).await.map(drop)
    }
}
