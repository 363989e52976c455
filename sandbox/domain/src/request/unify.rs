//! Validation of the requests of Unify. The rules of its calls are in `products::unify`.

use handset_protocol::server::{UnifyBindRequest, UnifyRequest, UnifyStatusRequest};

use super::{OpenRequest, ValidOpenRequest, correlation_id, fields, flow_type, non_blank, phone};
use crate::{Phone, Refusal};

/// Validates a Unify request.
pub(crate) fn unify(request: &UnifyRequest) -> Result<ValidOpenRequest, Refusal> {
    let open_request = OpenRequest {
        flow_type: flow_type(&fields::POSSESSION_TYPE, request.possession_type.as_deref())?,
        phone_number: &request.phone_number,
        final_target_url: &request.final_target_url,
        sms_message: &request.sms_message,
        allow_otp_retry: request.allow_otp_retry,
    };
    open_request.read()
}

/// The `correlationId` of a Unify Status request.
///
/// # Errors
/// It is missing or malformed.
pub fn unify_status(request: &UnifyStatusRequest) -> Result<&str, Refusal> {
    correlation_id(request.correlation_id.as_deref())
}

/// The `correlationId` and the number of a Unify Bind request.
///
/// # Errors
/// A member is missing or malformed.
pub fn unify_bind(request: &UnifyBindRequest) -> Result<(&str, Phone), Refusal> {
    let id = correlation_id(request.correlation_id.as_deref())?;
    let number = non_blank(&request.phone_number).ok_or_else(|| Refusal::missing("phoneNumber"))?;
    Ok((id, phone(number)?))
}
