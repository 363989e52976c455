//! Identity Manager.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use handset_protocol::server::{
    BatchEnrollReply, BatchEnrollRequest, EnrollReply, EnrollRequest, IdentityActionRequest, IdentityList,
    IdentityLookupReply, IdentityQuery, IdentityReply, SuccessReply, paths,
};
use handset_sandbox_domain::request::expected_format;
use handset_sandbox_domain::{Identity, Phone, Refusal};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::tags;
use crate::app::identities::{self, authorize};
use crate::app::{ApiClient, Sandbox};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{JsonBody, OptionalJsonBody};

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
    caller: ApiClient,
    JsonBody(request): JsonBody<EnrollRequest>,
) -> Result<Json<EnrollReply>, ApiError> {
    Ok(Json(identities::enroll(&sandbox, &caller, &request).await?))
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
    caller: ApiClient,
    JsonBody(request): JsonBody<BatchEnrollRequest>,
) -> Result<Json<BatchEnrollReply>, ApiError> {
    Ok(Json(identities::enroll_batch(&sandbox, &caller, request).await?))
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
        let wrong = |_| Refusal::shape(field, expected_format(field));
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
    caller: ApiClient,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Json<IdentityList>, ApiError> {
    authorize(&caller)?;
    Ok(Json(identities::list(&sandbox, &caller, &read_query(&query)?).await?))
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
    params(("mobileNumber" = String, Path, description = "The number.")),
    responses((status = OK, body = IdentityLookupReply, description = "It, or none."))
)]
async fn lookup(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    number: Segment,
) -> Result<Json<IdentityLookupReply>, ApiError> {
    authorize(&caller)?;
    let phone = number.ok().and_then(|Path(number)| Phone::parse(&number.into()));
    let phone = phone.ok_or_else(|| Refusal::shape("mobileNumber", Phone::SHAPE))?;
    Ok(Json(identities::lookup(&sandbox, &caller, &phone).await?))
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
    caller: ApiClient,
    id: Segment,
    OptionalJsonBody(_): OptionalJsonBody<IdentityActionRequest>,
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
    caller: ApiClient,
    id: Segment,
    OptionalJsonBody(_): OptionalJsonBody<IdentityActionRequest>,
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
    caller: ApiClient,
    id: Segment,
) -> Result<Json<SuccessReply>, ApiError> {
    change(&sandbox, &caller, id, &Identity::disenroll).await
}

/// Changes an identity that is enrolled.
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
