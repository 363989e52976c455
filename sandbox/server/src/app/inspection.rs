//! Reads for the inspection API and the readiness probe: a session, journeys, the deliveries of a project, the state of the store.

use std::sync::Arc;
use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    Delivery, FinishedDelivery, JourneyEvent, JourneyTransaction, Refusal, Session, TimelineEvent,
};
use handset_sandbox_store::SessionKey;
use tokio::time::timeout;

use super::journeys::JourneyRef;
use super::{AppError, Services};
use crate::projects::Project;

/// Time limit of the store for the readiness probe.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// The setting that the readiness probe writes.
const READINESS: &str = "readiness";

/// The session of a project by its correlationId.
///
/// # Errors
/// The project has no such session: [`Refusal::UnknownCorrelationId`].
pub(crate) async fn session(
    sandbox: &Services,
    project: &Project,
    correlation_id: &str,
) -> Result<Arc<Session>, AppError> {
    let row = sandbox.store.sessions().get(SessionKey::CorrelationId(correlation_id)).await?;
    let own = row.filter(|row| row.value.project == project.name);
    Ok(own.ok_or(Refusal::UnknownCorrelationId)?.value)
}

/// The events of a session's timeline after an id.
///
/// # Errors
/// The session is gone: [`Refusal::UnknownCorrelationId`].
pub(crate) async fn timeline(sandbox: &Services, auth_id: &str, after: u32) -> Result<Vec<TimelineEvent>, AppError> {
    let events = sandbox.store.sessions().timeline(auth_id, after).await?;
    Ok(events.ok_or(Refusal::UnknownCorrelationId)?)
}

/// The app and the id of every transaction of a project, in their order.
pub(crate) async fn journeys(sandbox: &Services, project: &Arc<Project>) -> Result<Vec<(String, String)>, AppError> {
    sandbox.end_journeys(project).await?;
    let all = sandbox.store.journeys().list(&project.name).await?;
    Ok(all.into_iter().map(|id| (id.app_id, id.transaction_id)).collect())
}

/// A transaction with its timeline. `None`: there is none.
pub(crate) async fn journey(
    sandbox: &Services,
    at: &JourneyRef,
) -> Result<Option<(Arc<JourneyTransaction>, Vec<JourneyEvent>)>, AppError> {
    if sandbox.journey(at).await?.is_none() {
        return Ok(None);
    }
    let timeline = sandbox.store.journeys().timeline(&at.id(), 0).await?;
    // Read last, so that the transaction is not older than the events.
    let transaction = sandbox.journey(at).await?;
    Ok(transaction.map(|transaction| (transaction, timeline.unwrap_or_default())))
}

/// A delivery to a webhook.
pub(crate) enum DeliveryRecord {
    /// It waits for its next attempt, or for the outcome of the current one.
    Pending(Delivery),
    /// It is delivered, failed or cancelled.
    Finished(FinishedDelivery),
}

impl DeliveryRecord {
    /// The time of its events.
    fn created_at(&self) -> UnixMillis {
        match self {
            Self::Pending(delivery) => delivery.created_at,
            Self::Finished(delivery) => delivery.created_at,
        }
    }
}

/// Every delivery of a project once, ordered by the time of its events.
pub(crate) async fn deliveries(sandbox: &Services, project: &Project) -> Result<Vec<DeliveryRecord>, AppError> {
    // A delivery moves from pending to finished in one write. Read in this order, none is missing; a delivery that moves
    // between the two reads is in both lists.
    let pending = sandbox.store.deliveries().pending(Some(&project.name), 0).await?;
    let finished = sandbox.store.deliveries().finished(&project.name).await?;
    let is_finished = |delivery: &Delivery| finished.iter().any(|finished| finished.id() == delivery.id());
    let pending = pending.into_iter().map(|entry| entry.delivery);
    let pending: Vec<_> = pending.filter(|delivery| !is_finished(delivery)).collect();
    let pending = pending.into_iter().map(DeliveryRecord::Pending);
    let mut list: Vec<_> = finished.into_iter().map(DeliveryRecord::Finished).chain(pending).collect();
    list.sort_by_key(DeliveryRecord::created_at);
    Ok(list)
}

/// Whether the sandbox accepts new flows.
pub(crate) enum Readiness {
    Ready,
    /// It is shutting down.
    Ending,
    /// The store cannot write.
    StoreFails,
    /// The store did not answer in time.
    StoreSilent,
}

/// Whether the sandbox accepts new flows: it is not shutting down, and the store can write.
pub(crate) async fn readiness(sandbox: &Services) -> Readiness {
    if sandbox.shutdown.is_cancelled() {
        return Readiness::Ending;
    }
    // A new value each time: SQLite skips a write that changes nothing, and would not notice a read-only disk.
    let mut value = [0; 16];
    sandbox.random.fill(&mut value);
    match timeout(STORE_TIMEOUT, sandbox.store.settings().set(None, READINESS, &value)).await {
        Ok(Ok(())) => Readiness::Ready,
        Ok(Err(error)) => {
            tracing::error!(%error, "store operation failed");
            Readiness::StoreFails
        }
        Err(_) => Readiness::StoreSilent,
    }
}
