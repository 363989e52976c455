//! A request to a webhook, how often it is tried, and when.

use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_protocol::server::webhooks::{WebhookEvent, WebhookEventType};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::Phone;
use crate::identities::identity::{Identity, NotSentReason};

/// How long after a failed attempt the next one is due; after the last there is none.
const RETRY_SCHEDULE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(25)];

/// The number in test events: nobody can have it.
const TEST_NUMBER: &str = "+12025550100";

/// Events that go to a webhook in one request, until it has accepted them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Whose webhook: that of the project of this name.
    pub project: String,
    /// Whom the events are about. `None`: nobody, they are tests.
    pub identity_id: Option<String>,
    /// What is told of an identity is told in this order, one after the other.
    pub event_sequence: u64,
    /// The events.
    pub events: Vec<WebhookEvent>,
    /// When it is tried next.
    pub due_at: UnixMillis,
    /// How it was tried, oldest first.
    pub attempts: Vec<Attempt>,
}

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When it was made.
    pub at: UnixMillis,
    /// Its `X-Correlation-ID`.
    pub correlation_id: String,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The HTTP status of its reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AttemptOutcome {
    /// A status of 200 to 299.
    Accepted,
    /// Any other status, that of a redirect too.
    Rejected,
    /// No reply in time.
    TimedOut,
    /// Nobody to connect to.
    Unreachable,
    /// It does not speak TLS, or is not believed to be who it says.
    TlsFailed,
    /// The connection broke before the reply.
    ConnectionLost,
}

/// How a delivery goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterAttempt {
    /// It is tried again.
    Retry(Delivery),
    /// It is over.
    Finished(FinishedDelivery),
}

/// A delivery that is over, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinishedDelivery {
    /// How it ended.
    pub status: DeliveryStatus,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotSentReason>,
    /// Its events.
    pub events: Vec<WebhookEvent>,
    /// How it was tried, oldest first.
    pub attempts: Vec<Attempt>,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryStatus {
    /// Its webhook has accepted it.
    Delivered,
    /// Every attempt has failed.
    Failed,
    /// It was not sent any more.
    Cancelled,
}

impl FinishedDelivery {
    /// What it is known by: the id of its first event.
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

    /// Events by which nothing happened, each with one of these fresh ids. `None`: there is no such number.
    pub fn test(project: &str, identity_id: &str, event_ids: &[String], now: UnixMillis) -> Option<Self> {
        let phone = Phone::parse(&TEST_NUMBER.into())?;
        let event = |event_id: &String| WebhookEvent {
            event_id: event_id.clone(),
            event_type: WebhookEventType::Test,
            description: "Nothing has happened: this event was asked for.".to_owned(),
            identity_id: identity_id.to_owned(),
            client_customer_id: None,
            phone_number: phone.given().clone(),
            new_phone_number: None,
            sent_at: now,
        };
        Some(Self::due_now(project, event_ids.iter().map(event).collect(), now))
    }

    /// What it is known by: the id of its first event.
    pub fn id(&self) -> &str {
        first_id(&self.events)
    }

    /// Why it is not sent any more, given the identity as it is. What was queued before the last news of a number is
    /// still told: it comes before them.
    pub fn cancelled_by(&self, identity: Option<&Identity>) -> Option<NotSentReason> {
        self.identity_id.as_ref()?;
        match identity.and_then(|identity| identity.enrollment.as_ref()) {
            None => Some(NotSentReason::IdentityDeleted),
            Some(enrollment) if !enrollment.active => Some(NotSentReason::Inactive),
            Some(_) => None,
        }
    }

    /// It is not sent any more.
    pub fn cancel(self, reason: NotSentReason) -> FinishedDelivery {
        self.finished(DeliveryStatus::Cancelled, Some(reason))
    }

    fn finished(self, state: DeliveryStatus, reason: Option<NotSentReason>) -> FinishedDelivery {
        FinishedDelivery { status: state, reason, events: self.events, attempts: self.attempts }
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
