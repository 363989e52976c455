//! The events that a relying party's webhook receives, and the headers of a delivery.

use serde::{Deserialize, Serialize};

use crate::{Secret, UnixMillis};

/// The header with the token of a delivery, `Bearer <JWT>`.
pub const AUTHORIZATION_HEADER: &str = "X-Prove-Authorization";
/// The header with the id of a delivery attempt.
pub const CORRELATION_HEADER: &str = "X-Correlation-ID";
/// The `iss` claim of a webhook's token.
pub const ISSUER: &str = "Prove Identity";

/// An event of an identity. A webhook receives a list of events.
///
/// The vendor's member names are not public; these are the sandbox's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEvent {
    /// The event's id, the same in every attempt.
    pub event_id: String,
    /// The type of event.
    pub event_type: WebhookEventType,
    /// The type in words.
    pub description: String,
    /// The identity's id.
    pub identity_id: String,
    /// The relying party's id of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_customer_id: Option<String>,
    /// The number; for [`WebhookEventType::PhoneNumberChange`], the old number.
    pub phone_number: Secret,
    /// The new number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_phone_number: Option<Secret>,
    /// When the event happened.
    pub sent_at: UnixMillis,
}

/// The type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WebhookEventType {
    /// The identity has another number.
    PhoneNumberChange,
    /// The number was disconnected.
    Disconnect,
    /// The number went to another carrier.
    Port,
    /// The number is of another kind of line.
    LineTypeChange,
    /// The number has no more events.
    MovedOutOfCoverage,
    /// A test of the webhook: nothing has happened.
    Test,
}

impl WebhookEventType {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::PhoneNumberChange,
        Self::Disconnect,
        Self::Port,
        Self::LineTypeChange,
        Self::MovedOutOfCoverage,
        Self::Test,
    ];

    /// By the name that travels.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event_type| event_type.as_str() == name)
    }

    /// As it travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PhoneNumberChange => "PHONE_NUMBER_CHANGE",
            Self::Disconnect => "DISCONNECT",
            Self::Port => "PORT",
            Self::LineTypeChange => "LINE_TYPE_CHANGE",
            Self::MovedOutOfCoverage => "MOVED_OUT_OF_COVERAGE",
            Self::Test => "TEST",
        }
    }
}
