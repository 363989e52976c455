//! Validation of the requests of a relying party's server. A refusal names the member and its expected format. The members
//! are defined in `fields`. No checks against a session.

mod field;
pub mod fields;
mod identities;
mod unify;
mod verify;

use handset_protocol::Secret;
use handset_protocol::server::{ChallengeRequest, CompleteRequest, Individual, StartRequest, ValidateRequest};
use strum::IntoEnumIterator;

use crate::products::state::Challenge;
use crate::session::state::FlowType;
use crate::{Phone, Refusal};

pub use field::{Field, FieldKind, OBJECTS, STRINGS, TextFormat, expected_at};
pub use identities::{batch, device_to_revoke, enroll, list};
pub use unify::{unify_bind, unify_status};
pub use verify::{is_second_generation, verify_status};

pub(crate) use unify::unify;
pub(crate) use verify::{verify, verify_v2};

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
            url => fields::FINAL_TARGET_URL.check(url)?,
        }
        let sms_message = non_blank_text(self.sms_message);
        fields::SMS_MESSAGE.check(sms_message)?;
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
    let flow_type = flow_type(&fields::FLOW_TYPE, request.flow_type.as_deref())?;
    let open_request = OpenRequest {
        flow_type,
        phone_number: &request.phone_number,
        final_target_url: &request.final_target_url,
        sms_message: &request.sms_message,
        allow_otp_retry: request.allow_otp_retry,
    };
    let valid_request = open_request.read()?;
    let challenge = challenge_of(&request.ssn, &request.dob)?;
    fields::EMAIL_ADDRESS.check(non_blank(&request.email_address))?;
    fields::IP_ADDRESS.check(non_blank_text(&request.ip_address))?;
    Ok((valid_request, challenge))
}

/// The value of `flowType` or `possessionType`.
fn flow_type(field: &Field, value: Option<&str>) -> Result<FlowType, Refusal> {
    let value = value.ok_or_else(|| Refusal::missing(field.name))?;
    field.check(Some(value))?;
    FlowType::iter().find(|flow_type| flow_type.as_str() == value).ok_or_else(|| field.refusal())
}

/// Validates the SSN and the date of birth. An empty string counts as absent.
fn challenge_of(ssn: &Option<Secret>, dob: &Option<Secret>) -> Result<Challenge, Refusal> {
    fields::SSN.check(non_blank(ssn))?;
    fields::DOB.check(non_blank(dob))?;
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
    fields::SSN.check_at("individual.ssn", non_blank(&individual.ssn))?;
    fields::DOB.check_at("individual.dob", non_blank(&individual.dob))?;
    let email = individual.email_addresses.as_ref().and_then(|all| all.first()).cloned();
    fields::EMAIL_ADDRESS.check_at("individual.emailAddresses[0]", non_blank(&email))?;
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
    if fields::CORRELATION_ID.accepts(id) { Ok(id) } else { Err(Refusal::UnknownCorrelationId) }
}

/// Parses a phone number.
fn phone(number: &str) -> Result<Phone, Refusal> {
    Phone::parse(&number.into()).ok_or_else(|| fields::PHONE_NUMBER.refusal())
}

/// The value of a member. An empty or blank string counts as absent and is not validated.
fn non_blank(member: &Option<Secret>) -> Option<&str> {
    member.as_ref().map(Secret::expose).filter(|text| !text.trim().is_empty())
}

/// The same for a member that is not secret.
pub(crate) fn non_blank_text(member: &Option<String>) -> Option<&str> {
    member.as_deref().filter(|text| !text.trim().is_empty())
}
