//! Refusals of the server API, with their codes and messages. No HTTP status: the server derives it from the code.

use handset_protocol::server::{ErrorReply, codes};
use serde::{Deserialize, Serialize};

/// Reason for which a call of the server API is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// An error in the sandbox.
    Internal,
    /// The body is invalid; the text names the member and its expected format.
    BadRequest(String),
    /// Missing, wrong or expired credentials.
    Unauthorized,
    /// The call is out of order, or not part of the credential's product.
    NotAllowed,
    /// The number is not a test user, and the sandbox serves only test users.
    NoTestUser,
    /// Unknown, malformed or expired `correlationId`.
    UnknownCorrelationId,
    /// The number is a test user of another product.
    OtherProduct,
    /// No identity has that id.
    UnknownIdentity,
}

impl Refusal {
    /// A required member is missing.
    pub fn missing(field: &str) -> Self {
        Self::BadRequest(format!("field '{field}' is missing"))
    }

    /// A member has the wrong format.
    pub fn shape(field: &str, expected: &str) -> Self {
        Self::BadRequest(format!("field '{field}' must be {expected}"))
    }

    /// The error reply: code and message.
    pub fn to_reply(&self) -> ErrorReply {
        let (code, message) = match self {
            Self::Internal => (codes::INTERNAL, "internal error"),
            Self::BadRequest(message) => (codes::BAD_REQUEST, message.as_str()),
            Self::Unauthorized => (codes::UNAUTHORIZED, "no, wrong or expired credentials"),
            Self::NotAllowed => (codes::NOT_ALLOWED, "step not allowed"),
            Self::NoTestUser => (codes::NO_TEST_USER, "no test user found matching the phone number"),
            Self::UnknownCorrelationId => {
                (codes::UNKNOWN_CORRELATION_ID, "field 'correlationId' is unknown, malformed or expired")
            }
            Self::OtherProduct => {
                (codes::OTHER_PRODUCT, "test user cannot be accessed with your current product credentials")
            }
            Self::UnknownIdentity => (codes::NOT_FOUND, "no such identity"),
        };
        ErrorReply { code, message: message.to_owned() }
    }
}
