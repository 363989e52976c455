//! What a developer or a test asks the sandbox itself, and whoever operates it.

use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{Delivery, FinishedDelivery, Refusal, Session};
use handset_sandbox_store::Lookup;
use tokio::time::timeout;

use super::{AppError, Services};
use crate::projects::Project;

/// How long the store gets to answer.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// What is written to see whether anything can be.
const READINESS: &str = "readiness";

/// A session of a project.
pub(crate) async fn session(sandbox: &Services, project: &Project, correlation_id: &str) -> Result<Session, AppError> {
    let unknown = || AppError::from(Refusal::UnknownCorrelationId);
    let found = sandbox.store.find(Lookup::CorrelationId(correlation_id)).await?;
    let session = sandbox.store.get(&found.ok_or_else(unknown)?).await?;
    session.filter(|session| session.project == project.name).ok_or_else(unknown)
}

/// The session of that authId. `None`: it is gone, or the store fails.
pub(crate) async fn reload_session(sandbox: &Services, auth_id: &str) -> Option<Session> {
    sandbox.store.get(auth_id).await.ok()?
}

/// A delivery to a webhook.
pub(crate) enum DeliveryRecord {
    /// One that waits for an attempt, or for the outcome of one.
    Pending(Delivery),
    /// One that is delivered, failed or cancelled.
    Finished(FinishedDelivery),
}

impl DeliveryRecord {
    /// The time of the first event.
    fn happened_at(&self) -> UnixMillis {
        let events = match self {
            Self::Pending(delivery) => &delivery.events,
            Self::Finished(delivery) => &delivery.events,
        };
        events.first().map_or(UnixMillis::EPOCH, |event| event.sent_at)
    }
}

/// Every delivery of a project once, by when its first event happened.
pub(crate) async fn deliveries(sandbox: &Services, project: &Project) -> Result<Vec<DeliveryRecord>, AppError> {
    // One write finishes a delivery and ends its wait, so that this order misses none; one that is finished in between
    // is in both lists.
    let pending = sandbox.store.pending_deliveries(Some(&project.name), 0).await?;
    let finished = sandbox.store.finished_deliveries(&project.name).await?;
    let is_finished = |delivery: &Delivery| finished.iter().any(|finished| finished.id() == delivery.id());
    let pending: Vec<_> = pending.into_iter().map(|it| it.delivery).filter(|it| !is_finished(it)).collect();
    let pending = pending.into_iter().map(DeliveryRecord::Pending);
    let mut list: Vec<_> = finished.into_iter().map(DeliveryRecord::Finished).chain(pending).collect();
    list.sort_by_key(DeliveryRecord::happened_at);
    Ok(list)
}

/// Whether the sandbox takes new flows.
pub(crate) enum Readiness {
    Ready,
    Ending,
    StoreFails,
    StoreSilent,
}

/// Whether the sandbox takes new flows: the store writes, and it is not ending.
pub(crate) async fn readiness(sandbox: &Services) -> Readiness {
    if sandbox.shutdown.is_cancelled() {
        return Readiness::Ending;
    }
    // Never the same again: SQLite writes nothing where nothing changes, and would not see that it cannot.
    let mut value = [0; 16];
    sandbox.random.fill(&mut value);
    match timeout(STORE_TIMEOUT, sandbox.store.set_setting(None, READINESS, &value)).await {
        Ok(Ok(())) => Readiness::Ready,
        Ok(Err(error)) => {
            tracing::error!(%error, "store operation failed");
            Readiness::StoreFails
        }
        Err(_) => Readiness::StoreSilent,
    }
}
