//! Validation of the requests of Identity Manager. No identities themselves.

use handset_protocol::UnixMillis;
use handset_protocol::server::{BatchEnrollRequest, EnrollRequest, IdentityQuery, RevokeRequest};

use super::{fields, non_blank, non_blank_text, phone};
use crate::identities::identity::NewEnrollment;
use crate::{Phone, Product, Refusal, TestUser};

/// The enrollment of an Enroll request. `identity_id` is a fresh id.
///
/// # Errors
/// The request is malformed; the number is a test user of another product; or, if `strict`, it is neither a test user
/// nor a behaviour number.
pub fn enroll(
    request: &EnrollRequest,
    strict: bool,
    project: &str,
    identity_id: String,
    now: UnixMillis,
) -> Result<NewEnrollment, Refusal> {
    let number = non_blank(&request.phone_number).ok_or_else(|| Refusal::missing("phoneNumber"))?;
    let phone: Phone = phone(number)?;
    TestUser::authorize(&phone, Product::IdentityManager, strict)?;
    let some = |text: &Option<String>| non_blank_text(text).map(str::to_owned);
    Ok(NewEnrollment {
        project: project.to_owned(),
        phone,
        at: now,
        identity_id,
        client_customer_id: some(&request.client_customer_id),
        device_id: some(&request.device_id),
    })
}

/// The Enroll requests of a batch.
///
/// # Errors
/// The batch is empty or too long.
pub fn batch(request: BatchEnrollRequest) -> Result<Vec<EnrollRequest>, Refusal> {
    let all = request.items.filter(|items| !items.is_empty()).or(request.identities).unwrap_or_default();
    match all.len() {
        0 => Err(Refusal::missing("items")),
        length if fields::ITEMS.accepts_length(length) => Ok(all),
        _ => Err(fields::ITEMS.refusal()),
    }
}

/// Number of identities on a page.
///
/// # Errors
/// The limit is out of range.
pub fn list(query: &IdentityQuery) -> Result<usize, Refusal> {
    let limit = query.limit.map_or(fields::DEFAULT_LIMIT, u64::from);
    let is_in_range = fields::LIMIT.accepts_number(limit);
    usize::try_from(limit).ok().filter(|_| is_in_range).ok_or_else(|| fields::LIMIT.refusal())
}

/// The `deviceId` of a Revoke request.
///
/// # Errors
/// It is missing.
pub fn device_to_revoke(request: &RevokeRequest) -> Result<&str, Refusal> {
    non_blank_text(&request.device_id).ok_or_else(|| Refusal::missing("deviceId"))
}
