//! Validation of the requests of a relying party's server. A refusal names the member and its expected format. No
//! checks against a session.

mod identities;
mod unify;
mod verify;

use std::net::IpAddr;

use handset_protocol::server::{ChallengeRequest, CompleteRequest, Individual, StartRequest, ValidateRequest};
use handset_protocol::{Secret, limits};
use url::Url;

use crate::products::state::Challenge;
use crate::session::message::code_length;
use crate::session::state::FlowType;
use crate::{Phone, Refusal};

pub use identities::{batch, device_to_revoke, enroll, list};
pub use unify::{unify_bind, unify_status};
pub use verify::{is_second_generation, verify_status};

pub(crate) use unify::unify;
pub(crate) use verify::{verify, verify_v2};

/// The expected format of a member, for a member of the wrong JSON type.
pub fn expected_format(field: &str) -> &'static str {
    let name = field.rsplit('.').next().unwrap_or(field);
    match name {
        "flowType" => FLOW_TYPE,
        "phoneNumber" | "newPhoneNumber" => Phone::SHAPE,
        "finalTargetUrl" => TARGET,
        "ssn" => SSN,
        "dob" => DOB,
        "emailAddress" => EMAIL,
        "ipAddress" => IP,
        "smsMessage" => SMS,
        "possessionType" => POSSESSION_TYPE,
        "verificationType" => VERIFICATION_TYPE,
        "allowOTPRetry" | "isMobile" | "rebind" | "checkReputation" | "showInactive" => "true or false",
        "individual" => "an object",
        "emailAddresses" => "a list of strings",
        "addresses" | "identityAttributes" => "a list of objects",
        "items" | "identities" => BATCH,
        "limit" => LIMIT,
        "advanceSeconds" => "a whole number of seconds, 0 to 31536000",
        "code" => "a whole number",
        "faults" => "a list of at most 50 objects",
        "path" => "a path, or its beginning and *, of at most 200 characters, not of /sandbox",
        "kind" => "delay, status, drop, refuse, silence or lose_reply",
        "delayMs" => "a whole number of milliseconds, 1 to 600000",
        "status" => "an HTTP status, 400 to 599",
        "retryAfterSeconds" => "a whole number of seconds",
        "count" => "a whole number, at least 1",
        "method" => "GET or POST",
        "type" => EVENT_TYPE,
        _ if name.ends_with(']') && !name.starts_with("emailAddresses") => "an object",
        _ => "a string",
    }
}

const FLOW_TYPE: &str = "'desktop' or 'mobile'";
const POSSESSION_TYPE: &str = "'desktop', 'mobile' or 'none'";
const VERIFICATION_TYPE: &str = "'verifiedUser', 'accountOpening', 'humanAssurance', 'prefill', 'prefillForBiz' or \
                                 'identityResolution'";
const EVENT_TYPE: &str =
    "'PHONE_NUMBER_CHANGE', 'DISCONNECT', 'PORT', 'LINE_TYPE_CHANGE', 'MOVED_OUT_OF_COVERAGE' or 'TEST'";
const BATCH: &str = "a list of 1 to 100 objects";
const LIMIT: &str = "a whole number, 1 to 1000";
const TARGET: &str = "an http or https URL of at most 128 characters out of alphanumerics and -._+=/:?";
const SSN: &str = "nine digits or the last four";
const DOB: &str = "YYYY-MM-DD, YYYY-MM or MM-DD";
const EMAIL: &str = "an e-mail address";
const IP: &str = "an IPv4 or IPv6 address";
const SMS: &str = "a string of at most 160 characters with one run of four to six # for the code or the link";

/// The members shared by every call that opens a session.
pub(crate) struct OpenRequest<'a> {
    /// The value of `flowType` or `possessionType`.
    pub(crate) flow_type: FlowType,
    pub(crate) phone_number: &'a Option<Secret>,
    pub(crate) final_target_url: &'a Option<String>,
    pub(crate) sms_message: &'a Option<String>,
    pub(crate) allow_otp_retry: Option<bool>,
}

/// The same members after validation.
#[derive(Debug)]
pub(crate) struct ValidOpenRequest {
    pub(crate) flow_type: FlowType,
    pub(crate) phone: Option<Phone>,
    pub(crate) final_target_url: Option<String>,
    pub(crate) sms_message: Option<String>,
    pub(crate) allow_otp_retry: bool,
}

impl OpenRequest<'_> {
    pub(crate) fn read(self) -> Result<ValidOpenRequest, Refusal> {
        let phone = non_blank(self.phone_number).map(phone).transpose()?;
        let final_target_url = non_blank_text(self.final_target_url);
        match final_target_url {
            None if self.flow_type == FlowType::Desktop => return Err(Refusal::missing("finalTargetUrl")),
            Some(url) if !is_target(url) => return Err(Refusal::shape("finalTargetUrl", TARGET)),
            _ => {}
        }
        let sms_message = non_blank_text(self.sms_message);
        check("smsMessage", sms_message, SMS, is_sms)?;
        Ok(ValidOpenRequest {
            flow_type: self.flow_type,
            phone,
            final_target_url: final_target_url.map(str::to_owned),
            sms_message: sms_message.map(str::to_owned),
            allow_otp_retry: self.allow_otp_retry.unwrap_or(false),
        })
    }
}

/// Validates a Start request.
pub(crate) fn start(request: &StartRequest) -> Result<(ValidOpenRequest, Challenge), Refusal> {
    let flow_type = match request.flow_type.as_deref() {
        None => return Err(Refusal::missing("flowType")),
        Some("desktop") => FlowType::Desktop,
        Some("mobile") => FlowType::Mobile,
        Some(_) => return Err(Refusal::shape("flowType", FLOW_TYPE)),
    };
    let open_request = OpenRequest {
        flow_type,
        phone_number: &request.phone_number,
        final_target_url: &request.final_target_url,
        sms_message: &request.sms_message,
        allow_otp_retry: request.allow_otp_retry,
    };
    let valid_request = open_request.read()?;
    let challenge = challenge_of(&request.ssn, &request.dob)?;
    check("emailAddress", non_blank(&request.email_address), EMAIL, is_email)?;
    check("ipAddress", non_blank_text(&request.ip_address), IP, |ip| ip.parse::<IpAddr>().is_ok())?;
    Ok((valid_request, challenge))
}

/// Validates the SSN and the date of birth. An empty string counts as absent.
fn challenge_of(ssn: &Option<Secret>, dob: &Option<Secret>) -> Result<Challenge, Refusal> {
    check("ssn", non_blank(ssn), SSN, is_ssn)?;
    check("dob", non_blank(dob), DOB, is_dob)?;
    Ok(Challenge { ssn: non_blank(ssn).map(Secret::from), dob: non_blank(dob).map(Secret::from) })
}

/// The `correlationId` of a Validate request.
///
/// # Errors
/// It is missing or malformed.
pub fn validate(request: &ValidateRequest) -> Result<&str, Refusal> {
    correlation_id(request.correlation_id.as_deref())
}

/// The `correlationId` and the details of a Challenge request.
///
/// # Errors
/// A member is missing or malformed.
pub fn challenge(request: &ChallengeRequest) -> Result<(&str, Challenge), Refusal> {
    let id = correlation_id(request.correlation_id.as_deref())?;
    Ok((id, challenge_of(&request.ssn, &request.dob)?))
}

/// The `correlationId` and the person's details of a Complete request.
///
/// # Errors
/// A member is missing or malformed.
pub fn complete(request: CompleteRequest) -> Result<(String, Individual), Refusal> {
    let id = correlation_id(request.correlation_id.as_deref())?.to_owned();
    let individual = request.individual.ok_or_else(|| Refusal::missing("individual"))?;
    check("individual.ssn", non_blank(&individual.ssn), SSN, is_ssn)?;
    check("individual.dob", non_blank(&individual.dob), DOB, is_dob)?;
    let email = individual.email_addresses.as_ref().and_then(|all| all.first()).cloned();
    check("individual.emailAddresses[0]", non_blank(&email), EMAIL, is_email)?;
    if non_blank(&individual.ssn).is_none() {
        if non_blank(&individual.first_name).is_none() {
            return Err(Refusal::missing("individual.firstName"));
        }
        if non_blank(&individual.last_name).is_none() {
            return Err(Refusal::missing("individual.lastName"));
        }
    }
    let some = |member: Option<Secret>| member.filter(|text| !text.expose().trim().is_empty());
    let individual = Individual {
        first_name: some(individual.first_name),
        last_name: some(individual.last_name),
        dob: some(individual.dob),
        ssn: some(individual.ssn),
        ..individual
    };
    Ok((id, individual))
}

/// The value of `correlationId`. A malformed one is refused like an unknown one.
fn correlation_id(value: Option<&str>) -> Result<&str, Refusal> {
    let id = value.ok_or_else(|| Refusal::missing("correlationId"))?;
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    if groups == [8, 4, 4, 4, 12] && id.bytes().all(is_hex) { Ok(id) } else { Err(Refusal::UnknownCorrelationId) }
}

/// Parses a phone number.
fn phone(number: &str) -> Result<Phone, Refusal> {
    Phone::parse(&number.into()).ok_or_else(|| Refusal::shape("phoneNumber", Phone::SHAPE))
}

/// The value of a member. An empty or blank string counts as absent and is not validated.
fn non_blank(member: &Option<Secret>) -> Option<&str> {
    member.as_ref().map(Secret::expose).filter(|text| !text.trim().is_empty())
}

/// The same for a member that is not secret.
pub(crate) fn non_blank_text(member: &Option<String>) -> Option<&str> {
    member.as_deref().filter(|text| !text.trim().is_empty())
}

fn check(field: &str, value: Option<&str>, expected: &str, is_valid: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    if value.is_none_or(is_valid) { Ok(()) } else { Err(Refusal::shape(field, expected)) }
}

fn is_target(url: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-._+=/:?".contains(character);
    url.len() <= limits::FINAL_TARGET_URL_CHARS
        && url.chars().all(allowed)
        && Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_ssn(text: &str) -> bool {
    matches!(text.len(), 4 | 9) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_dob(text: &str) -> bool {
    let within = |text: &str, digits: usize, range: std::ops::RangeInclusive<u32>| {
        text.len() == digits
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse().is_ok_and(|number| range.contains(&number))
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

fn is_email(text: &str) -> bool {
    text.len() <= 254
        && !text.chars().any(char::is_whitespace)
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn is_sms(text: &str) -> bool {
    text.chars().count() <= limits::SMS_MESSAGE_CHARS && code_length(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_birth_have_three_formats() {
        for text in ["1981-01-17", "1981-01", "01-17"] {
            assert!(is_dob(text), "{text}");
        }
        for text in ["1981", "1981-13", "1981-1-17", "13-01", "01-32", "+981-01", "1981-01-17-01", ""] {
            assert!(!is_dob(text), "{text}");
        }
    }

    #[test]
    fn a_target_is_a_web_url_of_allowed_characters() {
        for url in ["http://localhost:8787/linked.html", "https://shop.test/a?b=c"] {
            assert!(is_target(url), "{url}");
        }
        let long = format!("https://shop.test/{}", "a".repeat(111));
        for url in ["javascript:alert", "/linked", "https://shop.test/#a", "https://shop.test/%20", "https://", &long] {
            assert!(!is_target(url), "{url}");
        }
    }
}
