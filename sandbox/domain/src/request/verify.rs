//! Validation of the requests of Verified Users, both generations. The rules of its calls are in `products`.

use handset_protocol::Secret;
use handset_protocol::server::{Verification, VerifyRequest, VerifyStatusRequest};

use super::{OpenRequest, ValidOpenRequest, correlation_id, fields, flow_type, non_blank, non_blank_text, phone};
use crate::{Phone, Refusal};

/// A Verify request of the second generation after validation.
pub(crate) struct ValidVerifyV2Request {
    pub(crate) verification: Verification,
    pub(crate) phone: Phone,
    pub(crate) first_name: Option<Secret>,
    pub(crate) last_name: Option<Secret>,
    pub(crate) date_of_birth: Option<Secret>,
    pub(crate) national_id: Option<Secret>,
}

/// Validates a Verify request of the first generation: the members of its session, the given name and the family name.
pub(crate) fn verify(request: &VerifyRequest) -> Result<(ValidOpenRequest, Secret, Secret), Refusal> {
    let flow_type = flow_type(&fields::POSSESSION_TYPE, request.possession_type.as_deref())?;
    if non_blank(&request.phone_number).is_none() {
        return Err(Refusal::missing("phoneNumber"));
    }
    let first_name = name("firstName", &request.first_name)?;
    let last_name = name("lastName", &request.last_name)?;
    let open_request = OpenRequest {
        flow_type,
        phone_number: &request.phone_number,
        final_target_url: &request.final_target_url,
        sms_message: &request.sms_message,
        allow_otp_retry: request.allow_otp_retry,
    };
    let valid_request = open_request.read()?;
    fields::EMAIL_ADDRESS.check(non_blank(&request.email_address))?;
    Ok((valid_request, first_name, last_name))
}

/// Whether a Verify request belongs to the second generation.
pub fn is_second_generation(request: &VerifyRequest) -> bool {
    non_blank_text(&request.verification_type).is_some()
}

/// Validates a Verify request of the second generation.
pub(crate) fn verify_v2(request: &VerifyRequest) -> Result<ValidVerifyV2Request, Refusal> {
    let value = request.verification_type.as_deref().unwrap_or_default();
    let verification = Verification::named(value).ok_or_else(|| fields::VERIFICATION_TYPE.refusal())?;
    let phone = phone(non_blank(&request.phone_number).ok_or_else(|| Refusal::missing("phoneNumber"))?)?;
    fields::EMAIL_ADDRESS.check(non_blank(&request.email_address))?;
    if matches!(verification, Verification::VerifiedUser | Verification::AccountOpening) {
        name("firstName", &request.first_name)?;
        name("lastName", &request.last_name)?;
    }
    let attribute = |kind: &str| {
        let all = request.identity_attributes.iter().flatten();
        let mut of_kind = all.filter(|attribute| attribute.attribute_type.as_deref() == Some(kind));
        of_kind.find_map(|attribute| non_blank(&attribute.attribute_value)).map(Secret::from)
    };
    let (date_of_birth, national_id) = (attribute("dateOfBirth"), attribute("nationalId"));
    fields::DOB.check_at("identityAttributes.dateOfBirth", date_of_birth.as_ref().map(Secret::expose))?;
    fields::SSN.check_at("identityAttributes.nationalId", national_id.as_ref().map(Secret::expose))?;
    Ok(ValidVerifyV2Request {
        verification,
        phone,
        first_name: non_blank(&request.first_name).map(Secret::from),
        last_name: non_blank(&request.last_name).map(Secret::from),
        date_of_birth,
        national_id,
    })
}

/// The `correlationId` of a Verify Status request.
///
/// # Errors
/// It is missing or malformed.
pub fn verify_status(request: &VerifyStatusRequest) -> Result<&str, Refusal> {
    correlation_id(request.correlation_id.as_deref())
}

fn name(field: &str, member: &Option<Secret>) -> Result<Secret, Refusal> {
    non_blank(member).map(Secret::from).ok_or_else(|| Refusal::missing(field))
}
