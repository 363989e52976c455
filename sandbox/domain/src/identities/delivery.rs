//! Webhook deliveries: their events, attempts and retry schedule. No HTTP client and no queue.

use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_protocol::journey::webhooks::JourneyWebhookEvent;
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
    /// The identity of the events. `None`: test events, or the event of a journey.
    pub identity_id: Option<String>,
    /// Position among the deliveries of the identity or of the transaction, which are sent one after the other in this order.
    /// 0: see [`Self::position`].
    pub event_sequence: u64,
    /// The events.
    pub payload: WebhookPayload,
    /// Time of the events.
    pub created_at: UnixMillis,
    /// Time of the next attempt.
    pub due_at: UnixMillis,
    /// Attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// The events of a delivery. Its JSON is the body of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WebhookPayload {
    /// Events of an identity, or test events: a list.
    Identity(Vec<WebhookEvent>),
    /// The event of a journey: an object.
    Journey(Box<JourneyWebhookEvent>),
}

impl WebhookPayload {
    /// The id: that of the first event.
    pub fn id(&self) -> &str {
        match self {
            Self::Identity(events) => events.first().map_or("", |event| &event.event_id),
            Self::Journey(event) => &event.event_id,
        }
    }
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
    pub payload: WebhookPayload,
    /// Time of the events.
    pub created_at: UnixMillis,
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
        self.payload.id()
    }
}

impl Delivery {
    /// A delivery that is due at once.
    pub(crate) fn due_now(project: &str, payload: WebhookPayload, now: UnixMillis) -> Self {
        Self {
            project: project.to_owned(),
            identity_id: None,
            event_sequence: 0,
            payload,
            created_at: now,
            due_at: now,
            attempts: Vec::new(),
        }
    }

    /// A delivery of the event of a journey.
    pub fn of_journey(event: JourneyWebhookEvent, project: &str, now: UnixMillis) -> Self {
        Self::due_now(project, WebhookPayload::Journey(Box::new(event)), now)
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
        let events = event_ids.iter().map(event).collect();
        Some(Self::due_now(project, WebhookPayload::Identity(events), now))
    }

    /// The id: that of the first event.
    pub fn id(&self) -> &str {
        self.payload.id()
    }

    /// Position in its queue. The events of a transaction are sent in the order of their first sequences in the outbox,
    /// which a retry has to keep; `sequence` is the current one.
    pub fn position(&self, sequence: u64) -> u64 {
        if self.event_sequence == 0 { sequence } else { self.event_sequence }
    }

    /// Reason to cancel the delivery, from the current state of its identity. Only deliveries of an identity have one. A muted identity is no reason: deliveries
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
        let Self { payload, created_at, attempts, .. } = self;
        FinishedDelivery { status, reason, payload, created_at, attempts }
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

#[cfg(test)]
mod tests {
    use handset_protocol::journey::webhooks::{JourneyWebhookEventType, ResetType};
    use serde_json::{from_str, json, to_string, to_value};

    use super::*;

    fn state_reset() -> Delivery {
        let event = JourneyWebhookEvent {
            event_id: "event".to_owned(),
            event_type: JourneyWebhookEventType::ApplicationStateReset,
            event_time: "2027-01-15T08:00:00.000Z".to_owned(),
            app_id: "app".to_owned(),
            transaction_id: "transaction".to_owned(),
            workflow_id: "onboarding".to_owned(),
            status: None,
            previous_status: Some("needs_review".to_owned()),
            reviewer_id: Some("reviewer".to_owned()),
            reset_type: Some(ResetType::CompleteStateReset),
            module_id: None,
        };
        Delivery::of_journey(event, "default", UnixMillis::new(7))
    }

    #[test]
    fn the_body_of_a_journeys_event_is_an_object() {
        let delivery = state_reset();
        let body = json!({
            "eventId": "event", "eventType": "APPLICATION_STATE_RESET", "eventTime": "2027-01-15T08:00:00.000Z",
            "appId": "app", "transactionId": "transaction", "workflowId": "onboarding",
            "previousStatus": "needs_review", "reviewerId": "reviewer", "resetType": "COMPLETE_STATE_RESET",
        });
        assert_eq!(to_value(&delivery.payload).unwrap(), body);
        let test = Delivery::test("default", "nobody", &["a".to_owned(), "b".to_owned()], UnixMillis::EPOCH).unwrap();
        assert!(to_value(&test.payload).unwrap().is_array(), "other events are a list");
        for stored in [test, delivery] {
            assert_eq!(from_str::<Delivery>(&to_string(&stored).unwrap()).unwrap(), stored);
            let finished = stored.cancel(NotSentReason::NoWebhook);
            assert_eq!(from_str::<FinishedDelivery>(&to_string(&finished).unwrap()).unwrap(), finished);
        }
    }

    #[test]
    fn a_journeys_event_belongs_to_no_identity() {
        let delivery = state_reset();
        assert_eq!((delivery.id(), delivery.cancelled_by(None)), ("event", None));
    }

    #[test]
    fn the_position_of_a_journeys_event_is_its_first_sequence() {
        let delivery = state_reset();
        assert_eq!(delivery.position(4), 4);
        let attempted = Delivery { event_sequence: delivery.position(4), ..delivery };
        assert_eq!(attempted.position(9), 4);
    }
}
