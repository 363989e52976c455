//! Identity Manager.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use handset_protocol::server::{
    BatchEnrollReply, BatchEnrollRequest, EnrollReply, EnrollRequest, IdentityActionRequest, IdentityList,
    IdentityLookupReply, IdentityQuery, IdentityReply, SuccessReply, paths,
};
use handset_sandbox_domain::request::{Field, fields};
use handset_sandbox_domain::{Identity, Phone, Refusal};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::tags;
use crate::app::identities::{self, authorize};
use crate::app::{ApiClient, Sandbox};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{JsonBody, OptionalJsonBody};

/// A path segment. A segment that is not UTF-8 identifies nothing.
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

/// Enrolls a number. Enrolling the same number again returns the same identity.
#[utoipa::path(
    post,
    path = paths::IDENTITY,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "enroll",
    request_body(content = EnrollRequest),
    responses((status = OK, body = EnrollReply, description = "The identity."))
)]
async fn enroll(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<EnrollRequest>,
) -> Result<Json<EnrollReply>, ApiError> {
    Ok(Json(identities::enroll(&sandbox, &caller, &request).await?))
}

/// Enrolls a list of numbers.
#[utoipa::path(
    post,
    path = paths::IDENTITY_BATCH,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "enrollBatch",
    request_body(content = BatchEnrollRequest),
    responses((status = OK, body = BatchEnrollReply, description = "An identity or an error for each item."))
)]
async fn batch(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<BatchEnrollRequest>,
) -> Result<Json<BatchEnrollReply>, ApiError> {
    Ok(Json(identities::enroll_batch(&sandbox, &caller, request).await?))
}

/// A query parameter as text, so that an error can name it. A blank value counts as absent.
fn member<'a>(query: &'a [(String, String)], field: &str) -> Result<Option<&'a str>, Refusal> {
    let mut all = query.iter().filter(|(name, _)| name == field).map(|(_, text)| text.as_str());
    match (all.next(), all.next()) {
        (first, None) => Ok(first.filter(|text| !text.trim().is_empty())),
        _ => Err(Refusal::BadRequest(format!("field '{field}' appears twice"))),
    }
}

fn read_query(query: &[(String, String)]) -> Result<IdentityQuery, Refusal> {
    fn parse<T: std::str::FromStr>(query: &[(String, String)], field: Field) -> Result<Option<T>, Refusal> {
        member(query, field.name)?.map(|text| text.parse().map_err(|_| field.refusal())).transpose()
    }
    Ok(IdentityQuery {
        limit: parse(query, fields::LIMIT)?,
        start_key: member(query, "startKey")?.map(str::to_owned),
        show_inactive: parse(query, fields::SHOW_INACTIVE)?,
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
    responses((status = OK, body = IdentityList, description = "A page of identities."))
)]
async fn list(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Json<IdentityList>, ApiError> {
    authorize(&caller)?;
    Ok(Json(identities::list(&sandbox, &caller, &read_query(&query)?).await?))
}

/// Returns an identity.
#[utoipa::path(
    get,
    path = paths::IDENTITY_ONE,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "getIdentity",
    params(("identityId" = String, Path, description = "The identity's id.")),
    responses((status = OK, body = IdentityReply, description = "The identity."))
)]
async fn one(State(sandbox): State<Sandbox>, caller: ApiClient, id: Segment) -> Result<Json<IdentityReply>, ApiError> {
    authorize(&caller)?;
    let Path(id) = id.map_err(|_| Refusal::UnknownIdentity)?;
    Ok(Json(identities::get(&sandbox, &caller, &id).await?))
}

/// Finds the identity of a number.
#[utoipa::path(
    get,
    path = paths::IDENTITY_LOOKUP,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "lookupIdentity",
    params(("mobileNumber" = String, Path, description = "The phone number.")),
    responses((status = OK, body = IdentityLookupReply, description = "The identity, or an empty list."))
)]
async fn lookup(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    number: Segment,
) -> Result<Json<IdentityLookupReply>, ApiError> {
    authorize(&caller)?;
    let phone = number.ok().and_then(|Path(number)| Phone::parse(&number.into()));
    let phone = phone.ok_or_else(|| fields::MOBILE_NUMBER.refusal())?;
    Ok(Json(identities::lookup(&sandbox, &caller, &phone).await?))
}

/// Activates an identity: its events are delivered again.
#[utoipa::path(
    post,
    path = paths::IDENTITY_ACTIVATE,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "activateIdentity",
    params(("identityId" = String, Path, description = "The identity's id.")),
    request_body(content = Option<IdentityActionRequest>),
    responses((status = OK, body = SuccessReply, description = "The identity is active."))
)]
async fn activate(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    id: Segment,
    OptionalJsonBody(_): OptionalJsonBody<IdentityActionRequest>,
) -> Result<Json<SuccessReply>, ApiError> {
    change(&sandbox, &caller, id, &|identity| identity.set_active(true)).await
}

/// Deactivates an identity: its events are not delivered.
#[utoipa::path(
    post,
    path = paths::IDENTITY_DEACTIVATE,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "deactivateIdentity",
    params(("identityId" = String, Path, description = "The identity's id.")),
    request_body(content = Option<IdentityActionRequest>),
    responses((status = OK, body = SuccessReply, description = "The identity is inactive."))
)]
async fn deactivate(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    id: Segment,
    OptionalJsonBody(_): OptionalJsonBody<IdentityActionRequest>,
) -> Result<Json<SuccessReply>, ApiError> {
    change(&sandbox, &caller, id, &|identity| identity.set_active(false)).await
}

/// Deletes an identity.
#[utoipa::path(
    delete,
    path = paths::IDENTITY_ONE,
    tag = tags::IDENTITY_MANAGER,
    operation_id = "deleteIdentity",
    params(("identityId" = String, Path, description = "The identity's id.")),
    responses((status = OK, body = SuccessReply, description = "The identity is deleted."))
)]
async fn disenroll(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    id: Segment,
) -> Result<Json<SuccessReply>, ApiError> {
    change(&sandbox, &caller, id, &Identity::disenroll).await
}

/// Changes an enrolled identity.
async fn change(
    sandbox: &Sandbox,
    caller: &ApiClient,
    id: Segment,
    change: &(dyn Fn(&Identity) -> Option<Identity> + Send + Sync),
) -> Result<Json<SuccessReply>, ApiError> {
    authorize(caller)?;
    let Path(id) = id.map_err(|_| Refusal::UnknownIdentity)?;
    Ok(Json(identities::change(sandbox, caller, &id, change).await?))
}
