//! Identity Manager.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use handset_protocol::server::{
    BatchEnrollReply, BatchEnrollRequest, BatchResult, EnrollReply, EnrollRequest, IdentityActionRequest, IdentityList,
    IdentityLookupReply, IdentityQuery, IdentityRef, IdentityReply, SuccessReply, paths,
};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::errors::ApiError;
use super::extract::{Body, Caller, OptionalBody};
use super::openapi::tags;
use crate::core::request::{self, shape_of};
use crate::core::{Enrollment, Identity, Phone, Product, Refusal, TestUser};
use crate::project::Project;
use crate::random::uuid;
use crate::state::Sandbox;
use crate::store::{IdentityLookup, IdentityPage};

/// The last ms that can be written with a year of four digits.
const LAST_MS: u64 = 253_402_300_799_999;

/// A part of the path. What is no UTF-8 names nothing.
type Segment = Result<Path<String>, PathRejection>;

pub(super) fn calls() -> Vec<UtoipaMethodRouter<Sandbox>> {
    vec![
        routes!(list, enroll),
        routes!(batch),
        routes!(one, disenroll),
        routes!(activate),
        routes!(deactivate),
        routes!(lookup),
    ]
}

fn admit(caller: &Caller) -> Result<(), Refusal> {
    caller.credential.admit(&[Product::IdentityManager])
}

/// Enrolls a number, once and for all: the same number again keeps its names.
#[utoipa::path(
    post,
    path = paths::IDENTITY,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "enroll",
    request_body(content = EnrollRequest),
    responses((status = OK, body = EnrollReply, description = "Its names."))
)]
async fn enroll(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<EnrollRequest>,
) -> Result<Json<EnrollReply>, ApiError> {
    admit(&caller)?;
    let id = enroll_one(&sandbox, &caller.project, &request).await?;
    Ok(Json(EnrollReply { identity_id: id.clone(), prove_id: id, success: true }))
}

async fn enroll_one(sandbox: &Sandbox, project: &Project, request: &EnrollRequest) -> Result<String, ApiError> {
    let (fresh, now) = (uuid(&*sandbox.random), project.clock.now());
    let enrolling = request::enroll(request, sandbox.config.strict_test_users, &project.name, fresh, now)?;
    Ok(sandbox.enroll(&enrolling).await?.id)
}

/// Enrolls up to a hundred numbers.
#[utoipa::path(
    post,
    path = paths::IDENTITY_BATCH,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "enrollBatch",
    request_body(content = BatchEnrollRequest),
    responses((status = OK, body = BatchEnrollReply, description = "Names or an error for each."))
)]
async fn batch(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<BatchEnrollRequest>,
) -> Result<Json<BatchEnrollReply>, ApiError> {
    admit(&caller)?;
    let mut results = Vec::new();
    for request in request::batch(request)? {
        results.push(match enroll_one(&sandbox, &caller.project, &request).await {
            Ok(id) => BatchResult { identity_id: Some(id.clone()), prove_id: Some(id), error: None },
            Err(refused) if refused.is_internal() => return Err(refused),
            Err(refused) => BatchResult { error: Some(refused.message().to_owned()), ..BatchResult::default() },
        });
    }
    Ok(Json(BatchEnrollReply { results }))
}

/// A member of the query, as a text, so that a refusal can name it. An empty or blank one counts as left out.
fn member<'a>(query: &'a [(String, String)], field: &str) -> Result<Option<&'a str>, Refusal> {
    let mut all = query.iter().filter(|(name, _)| name == field).map(|(_, text)| text.as_str());
    match (all.next(), all.next()) {
        (first, None) => Ok(first.filter(|text| !text.trim().is_empty())),
        _ => Err(Refusal::BadRequest(format!("field '{field}' is there twice"))),
    }
}

fn read_query(query: &[(String, String)]) -> Result<IdentityQuery, Refusal> {
    fn parse<T: std::str::FromStr>(query: &[(String, String)], field: &str) -> Result<Option<T>, Refusal> {
        let wrong = |_| Refusal::shape(field, shape_of(field));
        member(query, field)?.map(|text| text.parse().map_err(wrong)).transpose()
    }
    Ok(IdentityQuery {
        limit: parse(query, "limit")?,
        start_key: member(query, "startKey")?.map(str::to_owned),
        show_inactive: parse(query, "showInactive")?,
        client_request_id: None,
    })
}

/// Lists the identities in the order of their enrolment.
#[utoipa::path(
    get,
    path = paths::IDENTITY,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "listIdentities",
    params(IdentityQuery),
    responses((status = OK, body = IdentityList, description = "A page of them."))
)]
async fn list(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Json<IdentityList>, ApiError> {
    admit(&caller)?;
    let query = read_query(&query)?;
    let limit = request::list(&query)?;
    let after = query.start_key.as_deref().map(read_key).transpose()?;
    let with_inactive = query.show_inactive.unwrap_or(false);
    let page = IdentityPage { project: &caller.project.name, after, limit: limit.saturating_add(1), with_inactive };
    let mut identities = sandbox.store.identities(page).await?;
    let has_more = identities.len() > limit;
    identities.truncate(limit);
    let last_key = identities.last().filter(|_| has_more).and_then(key);
    let name = |identity: Identity| IdentityRef { identity_id: identity.id.clone(), prove_id: identity.id };
    Ok(Json(IdentityList { results: identities.into_iter().map(name).collect(), last_key }))
}

/// Where a page ends.
fn key(last: &Identity) -> Option<String> {
    Some(format!("{}.{}", last.enrollment.as_ref()?.since, last.id))
}

fn read_key(key: &str) -> Result<(i64, &str), Refusal> {
    let read = key.split_once('.').and_then(|(since, id)| Some((since.parse().ok()?, id)));
    read.ok_or_else(|| Refusal::shape("startKey", "the lastKey of another page"))
}

/// Tells what is known of an identity.
#[utoipa::path(
    get,
    path = paths::IDENTITY_ONE,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "getIdentity",
    params(("identityId" = String, Path, description = "Names the identity.")),
    responses((status = OK, body = IdentityReply, description = "What is known of it."))
)]
async fn one(State(sandbox): State<Sandbox>, caller: Caller, id: Segment) -> Result<Json<IdentityReply>, ApiError> {
    admit(&caller)?;
    let Path(id) = id.map_err(|_| Refusal::UnknownIdentity)?;
    let identity = sandbox.store.identity(&caller.project.name, IdentityLookup::Id(&id)).await?;
    Ok(Json(identity.as_ref().and_then(describe).ok_or(Refusal::UnknownIdentity)?))
}

/// Finds the identity of a number.
#[utoipa::path(
    get,
    path = paths::IDENTITY_LOOKUP,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "lookupIdentity",
    params(("mobileNumber" = String, Path, description = "The number.")),
    responses((status = OK, body = IdentityLookupReply, description = "It, or none."))
)]
async fn lookup(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    number: Segment,
) -> Result<Json<IdentityLookupReply>, ApiError> {
    admit(&caller)?;
    let phone = number.ok().and_then(|Path(number)| Phone::parse(&number.into()));
    let phone = phone.ok_or_else(|| Refusal::shape("mobileNumber", Phone::SHAPE))?;
    TestUser::admit(&phone, Product::IdentityManager, sandbox.config.strict_test_users)?;
    let identity = sandbox.store.identity(&caller.project.name, IdentityLookup::Number(&phone)).await?;
    Ok(Json(IdentityLookupReply { results: identity.as_ref().and_then(describe).into_iter().collect() }))
}

/// `None`: it is not enrolled.
fn describe(identity: &Identity) -> Option<IdentityReply> {
    let Enrollment { since, active, client_customer_id, device_id, line_type, carrier, .. } =
        identity.enrollment.clone()?;
    let ms = u64::try_from(since).unwrap_or_default().min(LAST_MS);
    let creation = humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(ms));
    Some(IdentityReply {
        identity_id: identity.id.clone(),
        prove_id: identity.id.clone(),
        phone_number: identity.phone.given().clone(),
        active,
        client_customer_id,
        device_id: device_id.or_else(|| identity.device().map(|device| device.id.clone())),
        created_at: since.div_euclid(1000),
        creation_string: creation.to_string(),
        country_code: identity.phone.country().map(str::to_owned),
        line_type,
        carrier,
    })
}

/// Sends news of an identity again.
#[utoipa::path(
    post,
    path = paths::IDENTITY_ACTIVATE,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "activateIdentity",
    params(("identityId" = String, Path, description = "Names the identity.")),
    request_body(content = Option<IdentityActionRequest>),
    responses((status = OK, body = SuccessReply, description = "It is active."))
)]
async fn activate(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    id: Segment,
    OptionalBody(_): OptionalBody<IdentityActionRequest>,
) -> Result<Json<SuccessReply>, ApiError> {
    change(&sandbox, &caller, id, &|identity| identity.set_active(true)).await
}

/// Stops news of an identity.
#[utoipa::path(
    post,
    path = paths::IDENTITY_DEACTIVATE,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "deactivateIdentity",
    params(("identityId" = String, Path, description = "Names the identity.")),
    request_body(content = Option<IdentityActionRequest>),
    responses((status = OK, body = SuccessReply, description = "It is inactive."))
)]
async fn deactivate(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    id: Segment,
    OptionalBody(_): OptionalBody<IdentityActionRequest>,
) -> Result<Json<SuccessReply>, ApiError> {
    change(&sandbox, &caller, id, &|identity| identity.set_active(false)).await
}

/// Forgets an identity.
#[utoipa::path(
    delete,
    path = paths::IDENTITY_ONE,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "deleteIdentity",
    params(("identityId" = String, Path, description = "Names the identity.")),
    responses((status = OK, body = SuccessReply, description = "It is gone."))
)]
async fn disenroll(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    id: Segment,
) -> Result<Json<SuccessReply>, ApiError> {
    change(&sandbox, &caller, id, &Identity::disenroll).await
}

/// Changes an identity that is enrolled.
async fn change(
    sandbox: &Sandbox,
    caller: &Caller,
    id: Segment,
    change: &(dyn Fn(&Identity) -> Option<Identity> + Send + Sync),
) -> Result<Json<SuccessReply>, ApiError> {
    admit(caller)?;
    let Path(id) = id.map_err(|_| Refusal::UnknownIdentity)?;
    let found = sandbox.store.identity(&caller.project.name, IdentityLookup::Id(&id)).await?;
    let found = found.filter(|identity| identity.enrollment.is_some()).ok_or(Refusal::UnknownIdentity)?;
    // It may be gone by the time of the write.
    let is_there = AtomicBool::new(false);
    let decide = |old: Option<&Identity>| {
        let it = old.filter(|old| old.id == id && old.enrollment.is_some());
        is_there.store(it.is_some(), Ordering::Relaxed);
        (it.map_or_else(|| old.cloned(), change), Vec::new())
    };
    sandbox.store.update_identity(&caller.project.name, &found.phone, &decide).await?;
    if is_there.into_inner() { Ok(Json(SuccessReply { success: true })) } else { Err(Refusal::UnknownIdentity.into()) }
}
