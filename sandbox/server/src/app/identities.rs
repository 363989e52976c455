//! The calls of Identity Manager: enroll, list, get, look up, change. Paths and JSON are in `http::server`.

use std::time::UNIX_EPOCH;

use handset_protocol::UnixMillis;
use handset_protocol::server::{
    BatchEnrollReply, BatchEnrollRequest, BatchResult, EnrollReply, EnrollRequest, IdentityList, IdentityLookupReply,
    IdentityQuery, IdentityRef, IdentityReply, SuccessReply,
};
use handset_sandbox_domain::request;
use handset_sandbox_domain::{Enrollment, Identity, Phone, Product, Refusal, TestUser};
use handset_sandbox_store::{IdentityKey, IdentityPage, RowChange};

use super::identity_changes::IdentityDecision;
use super::{ApiClient, AppError, Services};
use crate::projects::Project;
use crate::random::uuid;

/// The last time whose year has four digits.
const LAST: UnixMillis = UnixMillis::new(253_402_300_799_999);

/// Checks that the credential includes Identity Manager.
///
/// # Errors
/// It does not.
pub(crate) fn authorize(caller: &ApiClient) -> Result<(), Refusal> {
    caller.credential.authorize(&[Product::IdentityManager])
}

/// Enrolls a number. Idempotent: a number that is already enrolled keeps its ids.
pub(crate) async fn enroll(
    sandbox: &Services,
    caller: &ApiClient,
    request: &EnrollRequest,
) -> Result<EnrollReply, AppError> {
    authorize(caller)?;
    let id = enroll_one(sandbox, &caller.project, request).await?;
    Ok(EnrollReply { identity_id: id.clone(), prove_id: id, success: true })
}

async fn enroll_one(sandbox: &Services, project: &Project, request: &EnrollRequest) -> Result<String, AppError> {
    let (fresh, now) = (uuid(&*sandbox.random), project.clock.now());
    let enrollment = request::enroll(request, sandbox.config.strict_test_users, &project.name, fresh, now)?;
    let enrolled = sandbox.update_identities(&project.name, [&enrollment.phone], |[old]| {
        let identity = Identity::enroll(old, &enrollment);
        let id = identity.id.clone();
        IdentityDecision::of([RowChange::Put(identity)], id)
    });
    Ok(enrolled.await?)
}

/// Enrolls up to a hundred numbers. A refused number has an error in its result; it does not fail the batch.
pub(crate) async fn enroll_batch(
    sandbox: &Services,
    caller: &ApiClient,
    request: BatchEnrollRequest,
) -> Result<BatchEnrollReply, AppError> {
    authorize(caller)?;
    let mut results = Vec::new();
    for request in request::batch(request)? {
        results.push(match enroll_one(sandbox, &caller.project, &request).await {
            Ok(id) => BatchResult { identity_id: Some(id.clone()), prove_id: Some(id), error: None },
            Err(AppError::Refused(refusal)) if refusal != Refusal::Internal => {
                BatchResult { error: Some(refusal.to_reply().message), ..BatchResult::default() }
            }
            Err(failed) => return Err(failed),
        });
    }
    Ok(BatchEnrollReply { results })
}

/// Lists the identities in the order of their enrollment.
pub(crate) async fn list(
    sandbox: &Services,
    caller: &ApiClient,
    query: &IdentityQuery,
) -> Result<IdentityList, AppError> {
    let limit = request::list(query)?;
    let after = query.start_key.as_deref().map(read_page_key).transpose()?;
    let with_inactive = query.show_inactive.unwrap_or(false);
    let page = IdentityPage { project: &caller.project.name, after, limit: limit.saturating_add(1), with_inactive };
    let mut identities = sandbox.store.identities().list(page).await?;
    let has_more = identities.len() > limit;
    identities.truncate(limit);
    let last_key = identities.last().filter(|_| has_more).and_then(page_key);
    let name = |identity: Identity| IdentityRef { identity_id: identity.id.clone(), prove_id: identity.id };
    Ok(IdentityList { results: identities.into_iter().map(name).collect(), last_key })
}

/// The key of the page that follows `last`. `None`: `last` is not enrolled.
fn page_key(last: &Identity) -> Option<String> {
    Some(format!("{}.{}", last.enrollment.as_ref()?.since.as_millis(), last.id))
}

fn read_page_key(key: &str) -> Result<(UnixMillis, &str), Refusal> {
    let read = key.split_once('.').and_then(|(since, id)| Some((UnixMillis::new(since.parse().ok()?), id)));
    read.ok_or_else(|| Refusal::shape("startKey", "the lastKey of another page"))
}

/// Gets an identity.
///
/// # Errors
/// It is unknown or not enrolled: [`Refusal::UnknownIdentity`].
pub(crate) async fn get(sandbox: &Services, caller: &ApiClient, id: &str) -> Result<IdentityReply, AppError> {
    let identity = sandbox.store.identities().get(&caller.project.name, IdentityKey::Id(id)).await?;
    Ok(identity.as_ref().and_then(|row| describe(&row.value)).ok_or(Refusal::UnknownIdentity)?)
}

/// Looks up the identity of a number; the results are empty if the number is not enrolled.
pub(crate) async fn lookup(
    sandbox: &Services,
    caller: &ApiClient,
    phone: &Phone,
) -> Result<IdentityLookupReply, AppError> {
    TestUser::authorize(phone, Product::IdentityManager, sandbox.config.strict_test_users)?;
    let identity = sandbox.store.identities().get(&caller.project.name, IdentityKey::Number(phone)).await?;
    Ok(IdentityLookupReply { results: identity.as_ref().and_then(|row| describe(&row.value)).into_iter().collect() })
}

/// The reply for an identity. `None`: it is not enrolled.
fn describe(identity: &Identity) -> Option<IdentityReply> {
    let Enrollment { since, active, client_customer_id, device_id, line_type, carrier, .. } =
        identity.enrollment.clone()?;
    let creation = humantime::format_rfc3339_millis(UNIX_EPOCH + since.min(LAST).since(UnixMillis::EPOCH));
    Some(IdentityReply {
        identity_id: identity.id.clone(),
        prove_id: identity.id.clone(),
        phone_number: identity.phone.given().clone(),
        active,
        client_customer_id,
        device_id: device_id.or_else(|| identity.device().map(|device| device.id.clone())),
        created_at: since.as_seconds(),
        creation_string: creation.to_string(),
        country_code: identity.phone.country().map(str::to_owned),
        line_type,
        carrier,
    })
}

/// Changes an enrolled identity. If `change` returns `None`, the identity is deleted.
///
/// # Errors
/// The identity is unknown, not enrolled, or deleted before the write: [`Refusal::UnknownIdentity`].
pub(crate) async fn change(
    sandbox: &Services,
    caller: &ApiClient,
    id: &str,
    change: &(dyn Fn(&Identity) -> Option<Identity> + Send + Sync),
) -> Result<SuccessReply, AppError> {
    let found = sandbox.store.identities().get(&caller.project.name, IdentityKey::Id(id)).await?;
    let found = found.filter(|row| row.value.enrollment.is_some()).ok_or(Refusal::UnknownIdentity)?;
    // Another call may delete the identity between the read and the write.
    let exists = sandbox.update_identities(&caller.project.name, [&found.value.phone], |[old]| {
        match old.filter(|old| old.id == id && old.enrollment.is_some()) {
            Some(enrolled) => IdentityDecision::of([change(enrolled).map_or(RowChange::Delete, RowChange::Put)], true),
            None => IdentityDecision::of([RowChange::Keep], false),
        }
    });
    if exists.await? { Ok(SuccessReply { success: true }) } else { Err(Refusal::UnknownIdentity.into()) }
}
