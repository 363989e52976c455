use handset_protocol::server::{ErrorReply, codes};
use serde::{Deserialize, Serialize};

/// Why a call of the server API is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The sandbox is at fault.
    Internal,
    /// The body is not what it has to be; the text names the member and the expected shape.
    BadRequest(String),
    /// No, wrong or expired credentials.
    Unauthorized,
    /// Out of order, or not for this credential.
    NotAllowed,
    /// Only test users are served, and the number is none of them.
    NoTestUser,
    /// Unknown, malformed or expired correlationId.
    UnknownCorrelationId,
    /// A test user of another product.
    OtherProduct,
    /// No identity of that id.
    UnknownIdentity,
}

impl Refusal {
    /// A required member is not there.
    pub fn missing(field: &str) -> Self {
        Self::BadRequest(format!("field '{field}' is missing"))
    }

    /// A member is there but not what it has to be.
    pub fn shape(field: &str, expected: &str) -> Self {
        Self::BadRequest(format!("field '{field}' must be {expected}"))
    }

    /// As it travels.
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
