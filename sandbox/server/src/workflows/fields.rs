//! The members of a workflow file, each defined once: what values are checked against, and what errors say. Rules between
//! members are in `definition`.

use std::time::Duration;

use handset_protocol::journey::limits::ID_CHARS;
use handset_sandbox_domain::request::{Field, FieldKind, OBJECTS, STRINGS, TextFormat};
use handset_sandbox_domain::{Channel, JourneyStatus};
use semver::Version;
use strum::IntoEnumIterator;
use url::Url;

/// Longest lifetime of a module's save.
const MAX_EXPIRY: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
/// Longest `handoffUrl`, in characters.
const MAX_URL_CHARS: usize = 2000;

const ID_FORMAT: TextFormat = TextFormat {
    expected: "1 to {max} letters, digits, '.', '_' or '-'",
    max_chars: Some(ID_CHARS),
    is_valid: |id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
    ..TextFormat::ANY
};

/// `id` of a workflow and of a module.
pub(crate) const ID: Field = Field::text("id", ID_FORMAT, &[]);
/// `name` of a workflow: what a user is shown.
pub(crate) const NAME: Field = Field::text(
    "name",
    TextFormat { expected: "1 to {max} characters, not only blanks", max_chars: Some(80), ..TextFormat::NOT_BLANK },
    &[],
);
/// `workflows` of a file with many.
pub(super) const WORKFLOWS: Field =
    Field::new("workflows", FieldKind::List { of: OBJECTS, min: Some(1), max: Some(100) });

pub(super) const VERSION: Field = Field::text(
    "workflowVersion",
    TextFormat {
        expected: "a version by semver, for example 1.4.0",
        max_chars: Some(64),
        is_valid: |version| Version::parse(version).is_ok(),
        ..TextFormat::ANY
    },
    &[],
);
pub(super) const HANDOFF_URL: Field = Field::text(
    "handoffUrl",
    TextFormat {
        expected: "an absolute http or https URL without a fragment, of at most {max} characters",
        max_chars: Some(MAX_URL_CHARS),
        is_valid: |url| {
            let url = Url::parse(url);
            url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none())
        },
        ..TextFormat::ANY
    },
    &[],
);
pub(super) const HANDOFF: Field =
    Field::new("handoff", FieldKind::OneOf { values: || vec!["off", "ask", "same-owner"], quote: "" });
pub(super) const PROPERTIES: Field = Field::new("properties", FieldKind::Object);
pub(super) const MODULES: Field = Field::new("modules", FieldKind::List { of: OBJECTS, min: Some(1), max: Some(100) });
pub(super) const CONDITIONS: Field =
    Field::new("conditions", FieldKind::List { of: OBJECTS, min: None, max: Some(100) });

/// The members of a workflow.
pub(super) const WORKFLOW: &[Field] = &[ID, NAME, VERSION, HANDOFF_URL, HANDOFF, PROPERTIES, MODULES, CONDITIONS];

pub(super) const PREVENT_PARALLEL_SESSIONS: Field = Field::flag("preventParallelSessions");
pub(super) const DASHBOARD_STATE_RESET: Field = Field::new("dashboardStateReset", FieldKind::Object);
pub(super) const SERVER_SIDE_RESUME: Field = Field::new("serverSideResume", FieldKind::Object);

/// The members of a workflow's `properties`.
pub(super) const WORKFLOW_PROPERTIES: &[Field] =
    &[PREVENT_PARALLEL_SESSIONS, DASHBOARD_STATE_RESET, SERVER_SIDE_RESUME];

pub(super) const ENABLE: Field = Field::flag("enable");
pub(super) const EXIT_ON_END_STATES: Field =
    Field::new("exitOnEndStates", FieldKind::List { of: STRINGS, min: None, max: Some(3) });
/// An item of `exitOnEndStates`: an end that a workflow decides.
pub(super) const END_STATE: Field = Field::new(
    "exitOnEndStates",
    FieldKind::OneOf {
        values: || JourneyStatus::iter().filter(|status| status.is_decided()).map(JourneyStatus::as_str).collect(),
        quote: "",
    },
);
pub(super) const IGNORED_INPUT_KEYS: Field =
    Field::new("ignoredStateRefreshInputKeys", FieldKind::List { of: STRINGS, min: None, max: Some(100) });
/// An item of `ignoredStateRefreshInputKeys`.
pub(super) const INPUT_KEY: Field = Field::text(
    "ignoredStateRefreshInputKeys",
    TextFormat {
        expected: "the name of an input, of 1 to {max} characters",
        max_chars: Some(ID_CHARS),
        is_valid: |key| !key.is_empty(),
        ..TextFormat::ANY
    },
    &[],
);
pub(super) const AUTH: Field = Field::new("auth", FieldKind::Object);

/// The members of `serverSideResume`.
pub(super) const RESUME: &[Field] = &[ENABLE, EXIT_ON_END_STATES, IGNORED_INPUT_KEYS, AUTH];

pub(super) const TRIGGER_MODULE_ID: Field = ID.named("triggerModuleId");
pub(super) const START_MODULE_ID: Field = ID.named("startModuleId");
pub(super) const CHANNELS: Field = Field::new("channels", FieldKind::List { of: STRINGS, min: Some(1), max: Some(2) });
/// An item of `channels`.
pub(super) const CHANNEL: Field =
    Field::new("channels", FieldKind::OneOf { values: || Channel::iter().map(Channel::as_str).collect(), quote: "" });

/// The members of `auth`.
pub(super) const RESUME_AUTH: &[Field] = &[TRIGGER_MODULE_ID, START_MODULE_ID, CHANNELS];

pub(super) const SKIP_CPR_PUT: Field =
    Field::new("skipCPRPut", FieldKind::OneOf { values: || vec!["yes", "no"], quote: "\"" });
pub(super) const OUTCOME_FROM: Field =
    Field::new("outcomeFrom", FieldKind::OneOf { values: || vec!["page", "server"], quote: "\"" });

/// The members of a module.
pub(super) const MODULE: &[Field] = &[ID, SKIP_CPR_PUT, OUTCOME_FROM, PROPERTIES];

pub(super) const EXPIRES_AFTER: Field = Field::text(
    "expiresAfter",
    TextFormat {
        expected: "a text: seconds, for example \"3600\", or a number with s, m, h or d, for example \"15m\"; at least 1 \
                   second and at most 3650 days",
        is_valid: |text| parse_expiry(text).is_some(),
        ..TextFormat::ANY
    },
    &[],
);

/// The members of a module's `properties`.
pub(super) const MODULE_PROPERTIES: &[Field] = &[EXPIRES_AFTER];

pub(super) const CONDITION_MODULE: Field = ID.named("module");
pub(super) const WHEN: Field = Field::new("when", FieldKind::Object);
pub(super) const RESUME_FROM: Field = ID.named("resumeFrom");
pub(super) const REASON: Field = ID.named("reason");

/// The members of a condition.
pub(super) const CONDITION: &[Field] = &[CONDITION_MODULE, WHEN, RESUME_FROM, REASON];

pub(super) const OUTCOME: Field = ID.named("outcome");

/// The members of `when`.
pub(super) const CONDITION_WHEN: &[Field] = &[OUTCOME];

/// The duration of an `expiresAfter`. `None`: it is none.
pub(super) fn parse_expiry(text: &str) -> Option<Duration> {
    let units = [('s', 1), ('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)];
    let of_unit = units.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (digits, seconds) = of_unit.unwrap_or((text, 1));
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|number| is_number && *number > 0)?;
    let duration = Duration::from_secs(number.checked_mul(seconds)?);
    (duration <= MAX_EXPIRY).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_seconds_or_a_number_with_a_unit() {
        for (text, seconds) in
            [("3600", 3600), ("1", 1), ("15s", 15), ("15m", 900), ("2h", 7200), ("3d", 259_200), ("3650d", 315_360_000)]
        {
            assert_eq!(parse_expiry(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "0", "0m", "m", "-1", "+1", "1.5h", "1 h", "1H", "1w", "1hm", "3651d", "99999999999999999999", "१"]
        {
            assert_eq!(parse_expiry(text), None, "{text}");
        }
    }

    #[test]
    fn a_handoff_url_is_absolute_and_has_no_fragment() {
        for url in ["http://127.0.0.1:8787/journey", "https://shop.test", "https://shop.test/a?b=c"] {
            assert!(HANDOFF_URL.accepts(url), "{url}");
        }
        for url in ["", "/journey", "shop.test/journey", "ftp://shop.test/", "https://shop.test/#x", "javascript:x"] {
            assert!(!HANDOFF_URL.accepts(url), "{url}");
        }
    }

    #[test]
    fn a_version_is_one_of_semver() {
        for version in ["1.4.0", "0.0.1-rc.1+build"] {
            assert!(VERSION.accepts(version), "{version}");
        }
        for version in ["", "1", "1.4", "v1.4.0", "01.4.0", "1.4.0 "] {
            assert!(!VERSION.accepts(version), "{version}");
        }
    }

    #[test]
    fn an_id_has_up_to_128_letters_digits_and_marks() {
        for id in ["a", "resume_otp", "A-1.b", &"x".repeat(128)] {
            assert!(ID.accepts(id), "{id}");
        }
        for id in ["", "a b", "ä", "a/b", &"x".repeat(129)] {
            assert!(!ID.accepts(id), "{id}");
        }
    }
}
