//! Prove Identity and Pre-Fill.

use axum::Json;
use axum::extract::State;
use handset_protocol::server::{
    ChallengeReply, ChallengeRequest, CompleteReply, CompleteRequest, StartReply, StartRequest, ValidateReply,
    ValidateRequest, paths,
};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::tags;
use crate::app::{ApiClient, Sandbox, opening, server_calls};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::JsonBody;

pub(super) fn calls() -> Vec<UtoipaMethodRouter<Sandbox>> {
    vec![routes!(start), routes!(validate), routes!(challenge), routes!(complete)]
}

/// Opens a session.
///
/// The first step on a desktop is an Instant Link, on a phone Mobile Auth where available, then a code.
#[utoipa::path(
    post,
    path = paths::START,
    tag = tags::FLOW,
    operation_id = "start",
    request_body(content = StartRequest),
    responses((status = OK, body = StartReply, description = "The session."))
)]
async fn start(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<StartRequest>,
) -> Result<Json<StartReply>, ApiError> {
    Ok(Json(opening::start(&sandbox, &caller, &request).await?))
}

/// Returns the result of the possession check.
///
/// `success` is false while the check is pending and after it has failed; `next` tells the two apart.
#[utoipa::path(
    post,
    path = paths::VALIDATE,
    tag = tags::FLOW,
    operation_id = "validate",
    request_body(content = ValidateRequest),
    responses((status = OK, body = ValidateReply, description = "The result of the possession check."))
)]
async fn validate(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<ValidateRequest>,
) -> Result<Json<ValidateReply>, ApiError> {
    Ok(Json(server_calls::validate(&sandbox, &caller, &request).await?))
}

/// Returns the person's record (Pre-Fill).
#[utoipa::path(
    post,
    path = paths::CHALLENGE,
    tag = tags::FLOW,
    operation_id = "challenge",
    request_body(content = ChallengeRequest),
    responses((status = OK, body = ChallengeReply, description = "The result of the challenge, with the record if it passed."))
)]
async fn challenge(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<ChallengeRequest>,
) -> Result<Json<ChallengeReply>, ApiError> {
    Ok(Json(server_calls::challenge(&sandbox, &caller, &request).await?))
}

/// Verifies the details of the person.
#[utoipa::path(
    post,
    path = paths::COMPLETE,
    tag = tags::FLOW,
    operation_id = "complete",
    request_body(content = CompleteRequest),
    responses((status = OK, body = CompleteReply, description = "The evaluation."))
)]
async fn complete(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<CompleteRequest>,
) -> Result<Json<CompleteReply>, ApiError> {
    Ok(Json(server_calls::complete(&sandbox, &caller, request).await?))
}
