//! The members of the calls' bodies, each defined once: what errors say, and what the OpenAPI document is rendered from.

use handset_protocol::journey::limits;
use handset_sandbox_domain::JourneyRefusal;
use handset_sandbox_domain::request::{Field, FieldKind, TextFormat};

use crate::http::journeys::shared::{ID, one_of};

/// Most modules of a save, and most variables of a module.
pub(super) const MODULES_AT_ONCE: usize = 100;
pub(super) const VARIABLES: usize = 200;

const NOT_BLANK: TextFormat = TextFormat { expected: "a text of 1 to {max} characters", ..TextFormat::NOT_BLANK };

pub(super) const INPUTS: Field = Field::new("inputs", FieldKind::Object);
pub(super) const WORKFLOW_VERSION: Field =
    Field::text("workflowVersion", TextFormat { max_chars: Some(64), ..NOT_BLANK }, &["1.4.0"]);
pub(super) const TAKE_OVER: Field = Field::flag("takeOver");
pub(super) const REVISION: Field = Field::number_from("revision", "a whole number, at least 0", 0);
pub(super) const MODULES: Field = Field::new("modules", FieldKind::Object);
pub(super) const ACTION: Field = one_of("action", || vec!["put", "delete"]);
pub(super) const OUTCOME: Field =
    Field::text("outcome", TextFormat { max_chars: Some(128), ..NOT_BLANK }, &["auto_approved"]);
pub(super) const STATUS: Field = one_of("status", || vec!["user_cancelled", "error"]);
pub(super) const MODULE_TO_RESUME_FROM: Field = Field::text("moduleToResumeFrom", ID, &["document"]);
pub(super) const CHANNEL: Field = one_of("channel", || vec!["mobile", "email"]);
pub(super) const OTP: Field = Field::text(
    "otp",
    TextFormat {
        expected: "6 digits",
        pattern: Some("^[0-9]{6}$"),
        is_valid: |text| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()),
        ..TextFormat::ANY
    },
    &["123456"],
);
pub(super) const TTL_SECONDS: Field = Field::new(
    "ttlSeconds",
    FieldKind::Number {
        noun: "a whole number of seconds",
        min: Some(1),
        max: Some(limits::HANDOFF_SECONDS as u64),
        default: Some(limits::HANDOFF_SECONDS_DEFAULT as u64),
    },
);
pub(super) const SECRET: Field = Field::text("secret", ID, &[]);
pub(super) const REDEMPTION_ID: Field = Field::text("redemptionId", ID, &[]);
pub(super) const NUMBER: Field = Field::number("number", "a whole number", 10, 99);

/// The members of the bodies.
pub(crate) const REQUEST: &[Field] = &[
    INPUTS,
    WORKFLOW_VERSION,
    TAKE_OVER,
    REVISION,
    MODULES,
    ACTION,
    Field::new("variables", FieldKind::Object),
    OUTCOME,
    STATUS,
    MODULE_TO_RESUME_FROM,
    CHANNEL,
    OTP,
    TTL_SECONDS,
    SECRET,
    REDEMPTION_ID,
    NUMBER,
];

/// A text at that place of the body, checked.
pub(super) fn checked<T: AsRef<str>>(
    field: &Field,
    place: &str,
    given: Option<T>,
) -> Result<Option<T>, JourneyRefusal> {
    match given {
        Some(text) if !field.accepts(text.as_ref()) => Err(JourneyRefusal::shape(place, &field.expected())),
        given => Ok(given),
    }
}

/// A text that must not be absent, checked.
pub(super) fn required<T: AsRef<str>>(field: &Field, place: &str, given: Option<T>) -> Result<T, JourneyRefusal> {
    checked(field, place, given)?.ok_or_else(|| JourneyRefusal::missing(place))
}

/// A number, checked.
pub(super) fn number(field: &Field, given: Option<u64>) -> Result<Option<u64>, JourneyRefusal> {
    match given {
        Some(number) if !field.accepts_number(number) => Err(JourneyRefusal::shape(field.name, &field.expected())),
        given => Ok(given),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_defined_once_and_its_examples_are_valid() {
        for (index, field) in REQUEST.iter().enumerate() {
            assert!(REQUEST.iter().skip(index + 1).all(|other| other.name != field.name), "{}", field.name);
            assert!(field.examples.iter().all(|example| field.accepts(example)), "{}", field.name);
        }
    }
}
