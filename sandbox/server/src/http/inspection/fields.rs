//! The members of the inspection API that have a format or a range, each defined once. Those of an event's trigger are in
//! `app`, those of a webhook in `config`, and those of a workflow in `workflows`.

use handset_sandbox_domain::request::{Field, FieldKind, OBJECTS, STRINGS, TextFormat};
use handset_sandbox_domain::{CarrierState, Channel, Contact, Fault, MobileAuthFlows};
use serde::Deserialize;
use strum::VariantNames;

use crate::faults::{FaultMethod, MAX_FAULTS};
use crate::workflows;

/// `advanceSeconds` of the clock: at most a year.
pub(super) const ADVANCE_SECONDS: Field =
    Field::number("advanceSeconds", "a whole number of seconds", 0, 365 * 24 * 60 * 60);

/// `to` of a query for messages.
pub(super) const TO: Field = Field::text(
    "to",
    TextFormat {
        expected: "a phone number (ten digits for the US and Canada, else + and the country code) or an e-mail address",
        is_valid: |text| recipient(text).is_some(),
        ..TextFormat::ANY
    },
    &["2001004009", "ada@example.com"],
);
/// `since` of a query for messages.
pub(super) const SINCE: Field = Field::number_from("since", "a whole number: the id of a message", 0);
/// `wait` of a query for messages.
pub(super) const WAIT: Field = Field::number_from("wait", "a whole number: seconds", 0);

/// `faults` of a request.
pub(super) const FAULTS: Field =
    Field::new("faults", FieldKind::List { of: OBJECTS, min: None, max: Some(MAX_FAULTS) });
/// `path` of a fault.
pub(super) const PATH: Field = Field::text(
    "path",
    TextFormat {
        expected: "a path, or its beginning and *, of at most {max} characters, not of /sandbox",
        max_chars: Some(200),
        is_valid: is_path,
        ..TextFormat::ANY
    },
    &[],
);
/// `kind` of a fault.
pub(super) const KIND: Field =
    Field::new("kind", FieldKind::OneOf { values: || FaultKind::VARIANTS.to_vec(), quote: "" });
/// `delayMs` of a fault.
pub(super) const DELAY_MS: Field = Field::number("delayMs", "a whole number of milliseconds", 1, 600_000);
/// `status` of a fault.
pub(super) const STATUS: Field = Field::number("status", "an HTTP status", 400, 599);
/// `retryAfterSeconds` of a fault.
pub(super) const RETRY_AFTER_SECONDS: Field = Field::number_from("retryAfterSeconds", "a whole number of seconds", 0);
/// `count` of a fault.
pub(super) const COUNT: Field = Field::number_from("count", "a whole number", 1);
/// `method` of a fault.
pub(super) const METHOD: Field =
    Field::new("method", FieldKind::OneOf { values: || FaultMethod::VARIANTS.to_vec(), quote: "" });

/// The members of a fault.
pub(super) const FAULT: &[Field] = &[PATH, KIND, DELAY_MS, STATUS, RETRY_AFTER_SECONDS, COUNT, METHOD];

/// `mobileAuth` of the settings.
pub(super) const MOBILE_AUTH: Field =
    Field::new("mobileAuth", FieldKind::OneOf { values: || MobileAuthFlows::VARIANTS.to_vec(), quote: "" });
/// `carrier` of the settings.
pub(super) const CARRIER: Field =
    Field::new("carrier", FieldKind::OneOf { values: || CarrierState::VARIANTS.to_vec(), quote: "" });

/// The settings of a project.
pub(super) const SETTINGS: &[Field] = &[MOBILE_AUTH, CARRIER];

/// `id` of a workflow.
pub(super) const WORKFLOW_ID: Field = workflows::ID;

/// The id of an app.
pub(super) const APP_ID: Field = workflows::ID.named("appId");
/// `appKey` of an app.
pub(super) const APP_KEY: Field = Field::text(
    "appKey",
    TextFormat {
        expected: "1 to {max} printable characters without blanks",
        max_chars: Some(128),
        is_valid: |key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()),
        ..TextFormat::ANY
    },
    &[],
);
/// `name` of an app.
pub(super) const APP_NAME: Field = workflows::NAME;
/// `allowlist` of an app.
pub(super) const ALLOWLIST: Field =
    Field::new("allowlist", FieldKind::List { of: STRINGS, min: Some(1), max: Some(100) });

/// The members of an app.
pub(super) const APP: &[Field] = &[APP_KEY, APP_NAME, ALLOWLIST];

/// The kind of a fault, by its name in the inspection API.
#[derive(Deserialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(super) enum FaultKind {
    Delay,
    Status,
    Drop,
    Refuse,
    Silence,
    LoseReply,
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Delay => Self::Delay,
            FaultKind::Status => Self::Status,
            FaultKind::Drop => Self::Drop,
            FaultKind::Refuse => Self::Refuse,
            FaultKind::Silence => Self::Silence,
            FaultKind::LoseReply => Self::LoseReply,
        }
    }
}

/// The contact of a `to`. In a query, a `+` that is not percent-encoded means a space: it comes first in a number, and
/// anywhere in an e-mail address.
pub(super) fn recipient(text: &str) -> Option<Contact> {
    if text.contains('@') {
        return Contact::parse(Channel::Email, &text.replace(' ', "+").into());
    }
    let number = text.strip_prefix(' ').map_or(text.to_owned(), |digits| format!("+{digits}"));
    Contact::parse(Channel::Mobile, &number.into())
}

fn is_path(path: &str) -> bool {
    let body = path.strip_suffix('*').unwrap_or(path);
    body.starts_with('/') && !body.contains('*') && !body.starts_with("/sandbox")
}
