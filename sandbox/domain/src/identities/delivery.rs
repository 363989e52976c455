//! Webhook deliveries: their events, attempts and retry schedule. No HTTP client and no queue.

use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_protocol::server::webhooks::{WebhookEvent, WebhookEventType};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::Phone;
use crate::identities::identity::{Identity, NotSentReason};

/// Pauses between a failed attempt and the next one. After the last retry the delivery is finished.
const RETRY_SCHEDULE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(25)];

/// The number in test events, from the range for fiction.
const TEST_NUMBER: &str = "+12025550100";

/// Events for a webhook endpoint in one request, repeated until the endpoint accepts it or the last attempt fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Name of the project, which has the endpoint.
    pub project: String,
    /// The identity of the events. `None`: test events.
    pub identity_id: Option<String>,
    /// Position among the deliveries of the identity, which are sent one after the other in this order.
    pub event_sequence: u64,
    /// The events.
    pub events: Vec<WebhookEvent>,
    /// Time of the next attempt.
    pub due_at: UnixMillis,
    /// Attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// An attempt: one request to the endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Time of the request.
    pub at: UnixMillis,
    /// `X-Correlation-ID` of the request.
    pub correlation_id: String,
    /// Outcome.
    pub outcome: AttemptOutcome,
    /// HTTP status of the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AttemptOutcome {
    /// A status of 200 to 299.
    Accepted,
    /// Any other status, including redirects.
    Rejected,
    /// No reply in time.
    TimedOut,
    /// The endpoint does not accept a connection.
    Unreachable,
    /// The endpoint does not speak TLS, or its certificate is not trusted.
    TlsFailed,
    /// The connection was lost before the reply.
    ConnectionLost,
}

/// The state of a delivery after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterAttempt {
    /// Another attempt is due.
    Retry(Delivery),
    /// No further attempt follows.
    Finished(FinishedDelivery),
}

/// A finished delivery, in its stored form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinishedDelivery {
    /// Final status.
    pub status: DeliveryStatus,
    /// Reason of a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotSentReason>,
    /// The events.
    pub events: Vec<WebhookEvent>,
    /// Attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// Final status of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryStatus {
    /// The endpoint accepted the request.
    Delivered,
    /// Every attempt failed.
    Failed,
    /// The delivery was cancelled before a successful attempt.
    Cancelled,
}

impl FinishedDelivery {
    /// The id: that of the first event.
    pub fn id(&self) -> &str {
        first_id(&self.events)
    }
}

fn first_id(events: &[WebhookEvent]) -> &str {
    events.first().map_or("", |event| &event.event_id)
}

impl Delivery {
    /// A delivery that is due at once.
    pub(crate) fn due_now(project: &str, events: Vec<WebhookEvent>, now: UnixMillis) -> Self {
        let project = project.to_owned();
        Self { project, identity_id: None, event_sequence: 0, events, due_at: now, attempts: Vec::new() }
    }

    /// A delivery of test events, one for each of the fresh ids. `None`: the number of test events is invalid.
    pub fn test(project: &str, identity_id: &str, event_ids: &[String], now: UnixMillis) -> Option<Self> {
        let phone = Phone::parse(&TEST_NUMBER.into())?;
        let event = |event_id: &String| WebhookEvent {
            event_id: event_id.clone(),
            event_type: WebhookEventType::Test,
            description: "Test event: nothing has happened.".to_owned(),
            identity_id: identity_id.to_owned(),
            client_customer_id: None,
            phone_number: phone.given().clone(),
            new_phone_number: None,
            sent_at: now,
        };
        Some(Self::due_now(project, event_ids.iter().map(event).collect(), now))
    }

    /// The id: that of the first event.
    pub fn id(&self) -> &str {
        first_id(&self.events)
    }

    /// Reason to cancel the delivery, from the current state of its identity. A muted identity is no reason: deliveries
    /// that were queued before the muting event are still sent.
    pub fn cancelled_by(&self, identity: Option<&Identity>) -> Option<NotSentReason> {
        self.identity_id.as_ref()?;
        match identity.and_then(|identity| identity.enrollment.as_ref()) {
            None => Some(NotSentReason::IdentityDeleted),
            Some(enrollment) if !enrollment.active => Some(NotSentReason::Inactive),
            Some(_) => None,
        }
    }

    /// Cancels the delivery.
    pub fn cancel(self, reason: NotSentReason) -> FinishedDelivery {
        self.finished(DeliveryStatus::Cancelled, Some(reason))
    }

    fn finished(self, status: DeliveryStatus, reason: Option<NotSentReason>) -> FinishedDelivery {
        FinishedDelivery { status, reason, events: self.events, attempts: self.attempts }
    }

    /// Records an attempt that ended at `now`.
    pub fn record_attempt(mut self, attempt: Attempt, now: UnixMillis) -> AfterAttempt {
        let pause = RETRY_SCHEDULE.get(self.attempts.len());
        let is_accepted = attempt.outcome == AttemptOutcome::Accepted;
        self.attempts.push(attempt);
        match pause {
            _ if is_accepted => AfterAttempt::Finished(self.finished(DeliveryStatus::Delivered, None)),
            Some(pause) => AfterAttempt::Retry(Self { due_at: now + *pause, ..self }),
            None => AfterAttempt::Finished(self.finished(DeliveryStatus::Failed, None)),
        }
    }
}
