//! The members of the calls, each defined once: what requests are checked against, what errors say, and what the OpenAPI
//! document is rendered from.

use handset_protocol::journey::limits;
use handset_sandbox_domain::Email;
use handset_sandbox_domain::request::{Field, FieldKind, TextFormat, fields};

use crate::http::journeys::shared::{ID, one_of};

pub(super) const APP_ID: Field = Field::text("appId", ID, &["sandbox-app"]);
pub(super) const APP_KEY: Field = Field::text("appKey", TextFormat::NOT_BLANK, &["sandbox-app-key"]);
pub(super) const TRANSACTION_ID: Field = Field::text("transactionId", ID, &["transaction-1"]);
pub(super) const WORKFLOW_ID: Field = Field::text("workflowId", ID, &["onboarding"]);
pub(super) const MODULE_ID: Field = Field::text("moduleId", ID, &["document"]);
pub(super) const AUTHENTICATE_ON_RESUME: Field = one_of("authenticateOnResume", || vec!["yes", "no"]);
pub(super) const EXPIRY: Field = Field::new(
    "expiry",
    FieldKind::Number {
        noun: "a whole number of seconds",
        min: Some(1),
        max: Some(limits::TOKEN_SECONDS as u64),
        default: Some(limits::TOKEN_SECONDS_DEFAULT as u64),
    },
);
pub(super) const MOBILE_NUMBER: Field = fields::MOBILE_NUMBER;
pub(super) const EMAIL: Field = Field {
    name: "email",
    kind: FieldKind::Text(TextFormat {
        expected: Email::SHAPE,
        pattern: Some(r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*@[A-Za-z0-9]+(\.[A-Za-z0-9]+)+$"),
        max_chars: Some(64),
        is_valid: |text| Email::parse(&text.into()).is_some(),
        is_documented_in_part: true,
        ..TextFormat::ANY
    }),
    examples: &["ada@example.com"],
    about: Some("An e-mail address. The pattern holds the most common ones."),
};
pub(super) const CORRELATION_ID: Field = fields::CORRELATION_ID;
pub(super) const OUTCOME: Field = Field::text(
    "outcome",
    TextFormat {
        expected: "a text of 1 to {max} characters",
        pattern: Some(r"\S"),
        max_chars: Some(128),
        is_valid: |text| !text.trim().is_empty(),
        ..TextFormat::ANY
    },
    &["auto_approved"],
);
pub(super) const SEND_DEBUG_INFO: Field = one_of("sendDebugInfo", || vec!["yes", "no"]);
pub(super) const TEMPLATE_ID: Field = Field::text("templateId", ID, &["otp"]);
pub(super) const OTP_LENGTH: Field = Field::new(
    "otpLength",
    FieldKind::Number { noun: "a whole number", min: Some(4), max: Some(9), default: Some(DEFAULT_OTP_LENGTH) },
);
pub(super) const EMAIL_OTP_LENGTH: Field = Field::new("otpLength", FieldKind::OneNumberOf(&[4, 6]));
/// Length of a code that names none.
pub(super) const DEFAULT_OTP_LENGTH: u64 = 6;
pub(super) const OTP_EXPIRY: Field = Field::new(
    "otpExpiry",
    FieldKind::Number { noun: "a whole number of minutes", min: Some(1), max: Some(60), default: Some(5) },
);
pub(super) const OTP: Field = Field::text(
    "otp",
    TextFormat {
        expected: "4 to 9 digits",
        pattern: Some("^[0-9]{4,9}$"),
        is_valid: |text| (4..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
        ..TextFormat::ANY
    },
    &["123456"],
);
pub(super) const RETRY_TYPE: Field = one_of("retryType", || vec!["text", "voice"]);
pub(super) const REQUEST_ID: Field = Field::text("reqId", ID, &[]);
pub(super) const OUTPUTS_OF: Field = Field::new("outputsOf", FieldKind::Object);
/// Resets a module and all later ones.
pub(super) const CONTINUOUS: &str = "clear_continuous_state";
/// Resets everything.
pub(super) const COMPLETE: &str = "clear_complete_state";
/// Longest `reviewerId`, in characters. It stands in a webhook event.
pub(super) const REVIEWER_CHARS: usize = 256;

/// Checked in the words of Joi.
const ACTION: Field = one_of("action", || vec![CONTINUOUS, COMPLETE]);
/// Checked in the words of Joi.
const REVIEWER_ID: Field = Field::text(
    "reviewerId",
    TextFormat { max_chars: Some(REVIEWER_CHARS), ..TextFormat::NOT_BLANK },
    &["reviewer@example.com"],
);

/// The members of the requests.
pub(crate) const REQUEST: &[Field] = &[
    APP_ID,
    APP_KEY,
    TRANSACTION_ID,
    WORKFLOW_ID,
    MODULE_ID,
    AUTHENTICATE_ON_RESUME,
    EXPIRY,
    MOBILE_NUMBER,
    EMAIL,
    CORRELATION_ID,
    OUTCOME,
    SEND_DEBUG_INFO,
    TEMPLATE_ID,
    OTP_LENGTH,
    OTP_EXPIRY,
    OTP,
    RETRY_TYPE,
    REQUEST_ID,
    OUTPUTS_OF,
    ACTION,
    REVIEWER_ID,
];
/// The headers of the calls.
pub(crate) const HEADERS: &[Field] =
    &[APP_ID.named("appid"), TRANSACTION_ID.named("transactionid"), WORKFLOW_ID.named("workflowid")];
/// The members of a request for a code by e-mail.
pub(crate) const EMAIL_REQUEST: &[Field] = &[EMAIL, EMAIL_OTP_LENGTH];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_visible_ascii_characters_alone() {
        for id in ["a", "~!/", &"x".repeat(128)] {
            assert!(TRANSACTION_ID.accepts(id), "{id}");
        }
        for id in ["", " ", "a b", "a\n", "ä", &"x".repeat(129)] {
            assert!(!TRANSACTION_ID.accepts(id), "{id}");
        }
    }

    #[test]
    fn a_member_is_defined_once_and_its_examples_are_valid() {
        for (index, field) in REQUEST.iter().enumerate() {
            assert!(REQUEST.iter().skip(index + 1).all(|other| other.name != field.name), "{}", field.name);
            assert!(field.examples.iter().all(|example| field.accepts(example)), "{}", field.name);
        }
    }
}
