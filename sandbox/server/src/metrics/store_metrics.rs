//! What the store's operations and writes count: their latency, and the flows and messages of a write.

use std::sync::Arc;
use std::time::Duration;

use super::Metrics;
use super::labels::{MessageLabel, PossessionOutcome};
use handset_sandbox_domain::{FlowType, Message, Session};
use handset_sandbox_store::StoreObserver;

/// Measures every operation of a store.
pub(crate) struct StoreMetrics(pub(crate) Arc<Metrics>);

impl StoreObserver for StoreMetrics {
    async fn after(&self, operation: &'static str, elapsed: Duration, is_ok: bool) {
        self.0.store(operation, elapsed, is_ok);
    }
}

/// What the write of a session or a journey counts: the start and the end of the session, the messages.
#[derive(Default)]
pub(crate) struct SessionChange {
    started: Option<FlowType>,
    ended: Option<PossessionOutcome>,
    sent: Vec<MessageLabel>,
}

impl SessionChange {
    /// The change from one state to the next; `None`: there is no session.
    pub(crate) fn between(before: Option<&Session>, after: Option<&Session>, sent: &[Message]) -> Self {
        let was_settled = before.is_some_and(|session| session.possession.is_settled());
        let started = if before.is_none() { after.map(|session| session.flow_type) } else { None };
        let ended = match (before, after) {
            _ if was_settled => None,
            (_, Some(after)) => PossessionOutcome::of(&after.possession),
            (Some(_), None) => Some(PossessionOutcome::Forgotten),
            (None, None) => None,
        };
        Self { started, ended, ..Self::sending(sent) }
    }

    /// The change of a write without a session: that of a journey.
    pub(crate) fn sending(sent: &[Message]) -> Self {
        Self { sent: sent.iter().map(MessageLabel::of).collect(), ..Self::default() }
    }
}

impl Metrics {
    /// Counts a change that was written.
    pub(crate) fn count(&self, change: &SessionChange) {
        if let Some(kind) = change.started {
            self.flows_started.increment(kind);
        }
        if let Some(outcome) = change.ended {
            self.flows_ended.increment(outcome);
        }
        for kind in &change.sent {
            self.messages_sent.increment(*kind);
        }
    }
}
