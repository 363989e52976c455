use handset_protocol::UnixMillis;
use handset_protocol::server::{BatchEnrollRequest, EnrollRequest, IdentityQuery, RevokeRequest};

use super::{BATCH, LIMIT, non_blank, non_blank_text, phone};
use crate::identities::identity::NewEnrollment;
use crate::{Phone, Product, Refusal, TestUser};

/// How many identities a page holds where the query does not say.
const DEFAULT_LIMIT: u32 = 100;
/// How many it holds at most.
const MAX_LIMIT: u32 = 1000;
/// How many a batch holds at most.
const MAX_BATCH: usize = 100;

/// An Enroll request of the right shape, for a number that is served here. `identity_id` is a fresh one.
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

/// The requests of a batch.
pub fn batch(request: BatchEnrollRequest) -> Result<Vec<EnrollRequest>, Refusal> {
    let all = request.items.filter(|items| !items.is_empty()).or(request.identities).unwrap_or_default();
    match all.len() {
        0 => Err(Refusal::missing("items")),
        1..=MAX_BATCH => Ok(all),
        _ => Err(Refusal::shape("items", BATCH)),
    }
}

/// How many identities a page holds.
pub fn list(query: &IdentityQuery) -> Result<usize, Refusal> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let is_right = (1..=MAX_LIMIT).contains(&limit);
    usize::try_from(limit).ok().filter(|_| is_right).ok_or_else(|| Refusal::shape("limit", LIMIT))
}

/// The deviceId of a Revoke request.
pub fn device_to_revoke(request: &RevokeRequest) -> Result<&str, Refusal> {
    non_blank_text(&request.device_id).ok_or_else(|| Refusal::missing("deviceId"))
}
