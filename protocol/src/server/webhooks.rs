//! What a webhook is told.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// Holds a webhook's token, as `Bearer <JWT>`.
pub const AUTHORIZATION_HEADER: &str = "X-Prove-Authorization";
/// Names an attempt to deliver.
pub const CORRELATION_HEADER: &str = "X-Correlation-ID";
/// The `iss` claim of a webhook's token.
pub const ISSUER: &str = "Prove Identity";

/// Something that happened to an identity. A webhook gets a list of these.
///
/// The vendor's names of the members are not public: these are the sandbox's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEvent {
    /// The same however often it is delivered.
    pub event_id: String,
    /// What happened.
    pub event_type: WebhookEventType,
    /// The same in words.
    pub description: String,
    /// Whom it happened to.
    pub identity_id: String,
    /// The relying party's own name of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_customer_id: Option<String>,
    /// The number; of [`WebhookEventType::PhoneNumberChange`], the old one.
    pub phone_number: Secret,
    /// The number that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_phone_number: Option<Secret>,
    /// When it happened, in ms since the epoch.
    pub sent_at: i64,
}

/// What happened.
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
    /// Nothing more will be heard of the number.
    MovedOutOfCoverage,
    /// Nothing: someone wants to see an event.
    Test,
}

impl WebhookEventType {
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
