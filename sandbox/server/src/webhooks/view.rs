use handset_protocol::UnixMillis;
use handset_protocol::server::webhooks::WebhookEvent;
use serde::Serialize;

use handset_sandbox_domain::{Attempt, Delivery, FinishedDelivery};
use handset_sandbox_store::PendingDelivery;

/// A delivery as the list shows it.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum DeliveryView {
    Waiting(PendingView),
    Over(FinishedDelivery),
}

/// One that is tried, or tried again.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingView {
    state: &'static str,
    next_attempt_at: UnixMillis,
    events: Vec<WebhookEvent>,
    attempts: Vec<Attempt>,
}

impl DeliveryView {
    /// Each once, by when its first event happened. It is over from the write on by which it no longer waits, so whoever
    /// looks for what waits first misses none.
    pub(crate) fn list(waiting: Vec<PendingDelivery>, over: Vec<FinishedDelivery>) -> Vec<Self> {
        let is_over = |delivery: &Delivery| over.iter().any(|over| over.id() == delivery.id());
        let waiting = waiting.into_iter().map(|waiting| waiting.delivery).filter(|delivery| !is_over(delivery));
        let waiting = waiting.map(|Delivery { due_at: next_attempt_at, events, attempts, .. }| {
            Self::Waiting(PendingView { state: "waiting", next_attempt_at, events, attempts })
        });
        let waiting: Vec<_> = waiting.collect();
        let mut list: Vec<_> = over.into_iter().map(Self::Over).chain(waiting).collect();
        list.sort_by_key(Self::happened_at);
        list
    }

    /// When its first event happened.
    fn happened_at(&self) -> UnixMillis {
        let events = match self {
            Self::Waiting(waiting) => &waiting.events,
            Self::Over(over) => &over.events,
        };
        events.first().map_or(UnixMillis::EPOCH, |event| event.sent_at)
    }
}
