//! The members of the server API that have a format, a range or a fixed set of values, each defined once: what requests
//! are checked against, what errors say, and what the OpenAPI document is rendered from. Rules between members are in
//! the parent module.

use std::net::IpAddr;

use handset_protocol::limits;
use handset_protocol::server::Verification;
use strum::IntoEnumIterator;
use url::Url;

use super::field::{Field, FieldKind, OBJECTS, STRINGS, TextFormat};
use crate::Phone;
use crate::messages::texts::code_length;
use crate::products::credentials::Credential;
use crate::session::state::FlowType;

/// `grant_type` of the token call.
pub const GRANT_TYPE: Field =
    Field::new("grant_type", FieldKind::OneOf { values: || vec!["client_credentials"], quote: "" });
/// `token_type` of the token call's reply.
pub const TOKEN_TYPE: Field = Field::new("token_type", FieldKind::OneOf { values: || vec!["Bearer"], quote: "'" });
/// `client_id` of the token call.
pub const CLIENT_ID: Field = Field::new(
    "client_id",
    FieldKind::OneOf { values: || Credential::all().map(|credential| credential.client_id).to_vec(), quote: "'" },
);
/// `client_secret` of the token call.
pub const CLIENT_SECRET: Field =
    Field::new("client_secret", FieldKind::OneOf { values: || vec![Credential::SECRET], quote: "'" });

/// `correlationId`.
pub const CORRELATION_ID: Field = Field::text(
    "correlationId",
    TextFormat {
        pattern: Some("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
        is_valid: is_correlation_id,
        ..TextFormat::ANY
    },
    &[EXAMPLE_CORRELATION_ID],
);
/// `flowType`.
pub const FLOW_TYPE: Field = Field::new(
    "flowType",
    FieldKind::OneOf { values: || names(FlowType::iter().filter(|of| *of != FlowType::None)), quote: "'" },
);
/// `possessionType`.
pub const POSSESSION_TYPE: Field =
    Field::new("possessionType", FieldKind::OneOf { values: || names(FlowType::iter()), quote: "'" });
/// `verificationType`.
pub const VERIFICATION_TYPE: Field = Field::new(
    "verificationType",
    FieldKind::OneOf { values: || Verification::ALL.map(Verification::as_str).to_vec(), quote: "'" },
);

/// `phoneNumber` of a request.
pub const PHONE_NUMBER: Field = Field {
    about: Some(
        "Ten digits for the US and Canada, else `+` or `00` and the country code. The usual ways to write a number \
         are accepted: blanks, dashes, stops, parentheses and slashes between digits, `(0)` behind the country code, \
         `tel:` in front, and digits of any script. The pattern holds the most common ways; replies have the number \
         without separators.",
    ),
    ..Field::text(
        "phoneNumber",
        TextFormat {
            expected: Phone::SHAPE,
            pattern: Some(WRITTEN_PHONE_PATTERN),
            is_valid: |text| Phone::parse(&text.into()).is_some(),
            is_documented_in_part: true,
            ..TextFormat::ANY
        },
        &["2001004009", "+447968900002", "(200) 100-4009", "+44 (0)7968 900002"],
    )
};
/// `mobileNumber` in the path of a request.
pub const MOBILE_NUMBER: Field = PHONE_NUMBER.named("mobileNumber");
/// `phoneNumber` of a reply.
pub const PHONE_NUMBER_IN_REPLY: Field = Field::text(
    "phoneNumber",
    TextFormat {
        expected: Phone::SHAPE,
        pattern: Some(PHONE_PATTERN),
        is_valid: |text| Phone::parse(&text.into()).is_some_and(|phone| phone.given().expose() == text),
        ..TextFormat::ANY
    },
    &["2001004009", "+447968900002"],
);

/// `finalTargetUrl`.
pub const FINAL_TARGET_URL: Field = Field::text(
    "finalTargetUrl",
    TextFormat {
        expected: "an http or https URL of at most {max} characters out of alphanumerics and -._+=/:?",
        pattern: Some(TARGET_URL_PATTERN),
        formats: &["uri"],
        max_chars: Some(limits::FINAL_TARGET_URL_CHARS),
        is_valid: is_target_url,
        is_documented_in_part: true,
    },
    &[EXAMPLE_TARGET_URL],
);
/// `ssn`.
pub const SSN: Field = Field::text(
    "ssn",
    TextFormat {
        expected: "nine digits or the last four",
        pattern: Some("^([0-9]{4}|[0-9]{9})$"),
        is_valid: |text| matches!(text.len(), 4 | 9) && is_digits(text),
        ..TextFormat::ANY
    },
    &["565252770", "2770"],
);
/// `dob`.
pub const DOB: Field = Field::text(
    "dob",
    TextFormat {
        expected: "YYYY-MM-DD, YYYY-MM or MM-DD",
        pattern: Some(DOB_PATTERN),
        is_valid: is_date_of_birth,
        ..TextFormat::ANY
    },
    &["1994-09-02", "1994-09", "09-02"],
);
/// `emailAddress`.
pub const EMAIL_ADDRESS: Field = Field::text(
    "emailAddress",
    TextFormat {
        expected: "an e-mail address",
        pattern: Some(r"^[^@\s]+@[^@\s]+$"),
        formats: &["email"],
        max_chars: Some(254),
        is_valid: is_email_address,
        is_documented_in_part: true,
    },
    &["bharperd@superstars.com"],
);
/// `ipAddress`.
pub const IP_ADDRESS: Field = Field::text(
    "ipAddress",
    TextFormat {
        expected: "an IPv4 or IPv6 address",
        formats: &["ipv4", "ipv6"],
        is_valid: |text| text.parse::<IpAddr>().is_ok(),
        ..TextFormat::ANY
    },
    &["192.0.2.1"],
);
/// `smsMessage`.
pub const SMS_MESSAGE: Field = Field::text(
    "smsMessage",
    TextFormat {
        expected: "a string of at most {max} characters with one run of four to six # for the code or the link",
        pattern: Some("^[^#]*#{4,6}[^#]*$"),
        max_chars: Some(limits::SMS_MESSAGE_CHARS),
        is_valid: |text| code_length(text).is_some(),
        ..TextFormat::ANY
    },
    &["Your code is ####."],
);
/// `allowOTPRetry`.
pub const ALLOW_OTP_RETRY: Field = Field::flag("allowOTPRetry");
/// `rebind`.
pub const REBIND: Field = Field::flag("rebind");
/// `checkReputation`.
pub const CHECK_REPUTATION: Field = Field::flag("checkReputation");

/// `individual` of a Complete request.
pub const INDIVIDUAL: Field = Field::new("individual", FieldKind::Object);
/// `firstName`.
pub const FIRST_NAME: Field = Field::text("firstName", TextFormat::NOT_BLANK, &["Benny"]);
/// `lastName`.
pub const LAST_NAME: Field = Field::text("lastName", TextFormat::NOT_BLANK, &["Harper"]);
/// `emailAddresses` of a person.
pub const EMAIL_ADDRESSES: Field = list("emailAddresses", STRINGS);
/// `addresses` of a person.
pub const ADDRESSES: Field = list("addresses", OBJECTS);
/// `identityAttributes` of a Verify request.
pub const IDENTITY_ATTRIBUTES: Field = list("identityAttributes", OBJECTS);

/// `deviceId`.
pub const DEVICE_ID: Field = Field::text("deviceId", TextFormat::NOT_BLANK, &[]);
/// `items` of a batch.
pub const ITEMS: Field = Field::new("items", FieldKind::List { of: OBJECTS, min: Some(1), max: Some(100) });
/// `identities` of a batch: another name of `items`.
pub const IDENTITIES: Field = ITEMS.named("identities");
/// `limit` of the list of identities.
pub const LIMIT: Field = Field::new(
    "limit",
    FieldKind::Number { noun: "a whole number", min: Some(1), max: Some(1000), default: Some(DEFAULT_LIMIT) },
);
/// Number of identities on a page if the query has no limit.
pub(super) const DEFAULT_LIMIT: u64 = 100;
/// `showInactive` of the list of identities.
pub const SHOW_INACTIVE: Field = Field::flag("showInactive");

/// `addressScore` of a comparison.
pub const ADDRESS_SCORE: Field = score("addressScore");
/// `streetNumber` of a comparison.
pub const STREET_NUMBER_SCORE: Field = Field::new("streetNumber", FieldKind::OneNumberOf(&[0, 100]));
/// `firstName` of a comparison.
pub const FIRST_NAME_SCORE: Field = score("firstName");
/// `lastName` of a comparison.
pub const LAST_NAME_SCORE: Field = score("lastName");
/// `nameScore` of a comparison.
pub const NAME_SCORE: Field = score("nameScore");

/// The members of requests, of their queries and of their paths.
pub const REQUEST: &[Field] = &[
    GRANT_TYPE,
    CLIENT_ID,
    CLIENT_SECRET,
    CORRELATION_ID,
    FLOW_TYPE,
    POSSESSION_TYPE,
    VERIFICATION_TYPE,
    PHONE_NUMBER,
    MOBILE_NUMBER,
    FINAL_TARGET_URL,
    SSN,
    DOB,
    EMAIL_ADDRESS,
    IP_ADDRESS,
    SMS_MESSAGE,
    ALLOW_OTP_RETRY,
    REBIND,
    CHECK_REPUTATION,
    INDIVIDUAL,
    FIRST_NAME,
    LAST_NAME,
    EMAIL_ADDRESSES,
    ADDRESSES,
    IDENTITY_ATTRIBUTES,
    DEVICE_ID,
    ITEMS,
    IDENTITIES,
    LIMIT,
    SHOW_INACTIVE,
];
/// The members of replies.
pub const REPLY: &[Field] = &[TOKEN_TYPE, CORRELATION_ID, PHONE_NUMBER_IN_REPLY, FIRST_NAME, LAST_NAME, DEVICE_ID];
/// The members of comparisons in replies.
pub const SCORES: &[Field] = &[ADDRESS_SCORE, STREET_NUMBER_SCORE, FIRST_NAME_SCORE, LAST_NAME_SCORE, NAME_SCORE];

/// An example of a `correlationId`.
const EXAMPLE_CORRELATION_ID: &str = "5a1f3c9e-7b42-4d0a-9c11-0f6be2d7a384";
/// An example of a `finalTargetUrl`: a page that the sandbox serves.
const EXAMPLE_TARGET_URL: &str = "http://localhost:8787/linked.html";

/// A phone number without separators. Ten digits do not begin with 00, which is another way to write +.
const PHONE_PATTERN: &str = r"^(0[1-9][0-9]{8}|[1-9][0-9]{9}|\+?1[0-9]{10}|\+[2-9][0-9]{6,14})$";

/// A digit behind an optional separator.
macro_rules! next_digit {
    () => {
        "[-. ]?[0-9]"
    };
}

/// Phone numbers in ASCII, without slashes, and with parentheses in their usual places only. An area code does not begin
/// with 00, which is another way to write +.
const WRITTEN_PHONE_PATTERN: &str = concat!(
    r"^(tel:)?(((\+|00)?1[-. ]?)?",
    // The US and Canada.
    r"(\((0[1-9]|[1-9][0-9])[0-9]\)|(0[-. ]?[1-9]|[1-9]",
    next_digit!(),
    ")",
    next_digit!(),
    ")(",
    next_digit!(),
    r"){7}|(\+|00)",
    // Other countries.
    "[2-9]((",
    next_digit!(),
    r"){6,14}|[0-9]{0,2} ?\(0\)(",
    next_digit!(),
    "){6,12}))$",
);

/// A host name whose last label is not a number, or an IPv4 address; then a port, and a path of plain characters.
const TARGET_URL_PATTERN: &str = concat!(
    "^https?://(",
    "([A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?\\.)*[A-Za-z_]([-A-Za-z0-9_]*[A-Za-z0-9_])?",
    "|((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])",
    ")(:([1-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?",
    "([/?][-A-Za-z0-9._+=/:?]*)?$",
);

const DOB_PATTERN: &str = concat!(
    "^(([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?",
    "|(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))$",
);

const fn list(name: &'static str, of: &'static str) -> Field {
    Field::new(name, FieldKind::List { of, min: None, max: None })
}

const fn score(name: &'static str) -> Field {
    Field::number(name, "a whole number", 0, 100)
}

fn names(types: impl Iterator<Item = FlowType>) -> Vec<&'static str> {
    types.map(FlowType::as_str).collect()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_correlation_id(id: &str) -> bool {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    groups == [8, 4, 4, 4, 12] && id.bytes().all(is_hex)
}

fn is_target_url(url: &str) -> bool {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || "-._+=/:?".contains(character);
    url.chars().all(is_allowed)
        && Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_date_of_birth(text: &str) -> bool {
    let within = |text: &str, digits: usize, range: std::ops::RangeInclusive<u32>| {
        text.len() == digits && is_digits(text) && text.parse().is_ok_and(|number| range.contains(&number))
    };
    let year = |text| within(text, 4, 1..=9999);
    let month = |text| within(text, 2, 1..=12);
    let day = |text| within(text, 2, 1..=31);
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [y, m, d] => year(y) && month(m) && day(d),
        [y, m] if y.len() == 4 => year(y) && month(m),
        [m, d] => month(m) && day(d),
        _ => false,
    }
}

fn is_email_address(text: &str) -> bool {
    !text.chars().any(char::is_whitespace)
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_birth_have_three_formats() {
        for text in ["1981-01-17", "1981-01", "01-17"] {
            assert!(DOB.accepts(text), "{text}");
        }
        for text in ["1981", "1981-13", "1981-1-17", "13-01", "01-32", "+981-01", "1981-01-17-01", ""] {
            assert!(!DOB.accepts(text), "{text}");
        }
    }

    #[test]
    fn a_target_is_a_web_url_of_allowed_characters() {
        for url in ["http://localhost:8787/linked.html", "https://shop.test/a?b=c"] {
            assert!(FINAL_TARGET_URL.accepts(url), "{url}");
        }
        let long = format!("https://shop.test/{}", "a".repeat(111));
        for url in ["javascript:alert", "/linked", "https://shop.test/#a", "https://shop.test/%20", "https://", &long] {
            assert!(!FINAL_TARGET_URL.accepts(url), "{url}");
        }
    }

    #[test]
    fn a_member_is_defined_once_and_its_examples_are_valid() {
        for fields in [REQUEST, REPLY, SCORES] {
            for (index, field) in fields.iter().enumerate() {
                let others = fields.iter().skip(index + 1);
                assert!(others.clone().all(|other| other.name != field.name), "{}", field.name);
                assert!(field.examples.iter().all(|example| field.accepts(example)), "{}", field.name);
            }
        }
    }
}
