//! A delivery to a webhook, with its attempts. Its events keep the protocol's type, because they are shown as sent.

use handset_protocol::UnixMillis;
use handset_protocol::journey::webhooks::JourneyWebhookEvent;
use handset_protocol::server::webhooks::WebhookEvent;
use handset_sandbox_domain::{Attempt, AttemptOutcome, DeliveryStatus, NotSentReason, WebhookPayload};
use serde::Serialize;

use crate::app::inspection::DeliveryRecord;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct DeliveryView {
    status: &'static str,
    /// The reason of a cancelled delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Epoch ms; only of a pending delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<UnixMillis>,
    events: EventsView,
    attempts: Vec<AttemptView>,
}

/// The events as a list, also the event of a journey, whose request has no list.
#[derive(Serialize)]
#[serde(untagged)]
enum EventsView {
    Identity(Vec<WebhookEvent>),
    Journey([Box<JourneyWebhookEvent>; 1]),
}

impl From<WebhookPayload> for EventsView {
    fn from(payload: WebhookPayload) -> Self {
        match payload {
            WebhookPayload::Identity(events) => Self::Identity(events),
            WebhookPayload::Journey(event) => Self::Journey([event]),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptView {
    /// Epoch ms.
    at: UnixMillis,
    correlation_id: String,
    outcome: &'static str,
    /// The HTTP status of the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
}

impl From<DeliveryRecord> for DeliveryView {
    fn from(record: DeliveryRecord) -> Self {
        let (status, reason, next_attempt_at, payload, attempts) = match record {
            DeliveryRecord::Pending(it) => (PENDING, None, Some(it.due_at), it.payload, it.attempts),
            DeliveryRecord::Finished(it) => {
                (status_name(it.status), it.reason.map(reason_name), None, it.payload, it.attempts)
            }
        };
        let attempts = attempts.into_iter().map(AttemptView::from).collect();
        Self { status, reason, next_attempt_at, events: payload.into(), attempts }
    }
}

impl From<Attempt> for AttemptView {
    fn from(Attempt { at, correlation_id, outcome, status: status_code }: Attempt) -> Self {
        Self { at, correlation_id, outcome: outcome_name(outcome), status_code }
    }
}

/// The status of a delivery that is not finished.
pub(super) const PENDING: &str = "pending";

names! {
    status_name(DeliveryStatus), FINISHED_STATUSES:
    Delivered => "delivered",
    Failed => "failed",
    Cancelled => "cancelled",
}

names! {
    outcome_name(AttemptOutcome), ATTEMPT_OUTCOMES:
    Accepted => "accepted",
    Rejected => "rejected",
    TimedOut => "timed_out",
    Unreachable => "unreachable",
    TlsFailed => "tls_failed",
    ConnectionLost => "connection_lost",
}

names! {
    /// The reason that an event is not sent, or that a delivery was cancelled.
    reason_name(NotSentReason), REASONS:
    NoWebhook => "no_webhook",
    Inactive => "inactive",
    Disconnected => "disconnected",
    MovedOutOfCoverage => "moved_out_of_coverage",
    IdentityDeleted => "identity_deleted",
}
