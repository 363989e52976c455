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
/// On a desktop its first step is an Instant Link; on a phone it is Mobile Auth where that works, then a code.
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

/// Tells whether the person holds the phone.
///
/// Until that is decided, and after it has failed, `success` is false. `next` says which of both it is.
#[utoipa::path(
    post,
    path = paths::VALIDATE,
    tag = tags::FLOW,
    operation_id = "validate",
    request_body(content = ValidateRequest),
    responses((status = OK, body = ValidateReply, description = "Whether possession was shown."))
)]
async fn validate(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<ValidateRequest>,
) -> Result<Json<ValidateReply>, ApiError> {
    Ok(Json(server_calls::validate(&sandbox, &caller, &request).await?))
}

/// Gives out the person's record, in Pre-Fill.
#[utoipa::path(
    post,
    path = paths::CHALLENGE,
    tag = tags::FLOW,
    operation_id = "challenge",
    request_body(content = ChallengeRequest),
    responses((status = OK, body = ChallengeReply, description = "Whether the challenge was met."))
)]
async fn challenge(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<ChallengeRequest>,
) -> Result<Json<ChallengeReply>, ApiError> {
    Ok(Json(server_calls::challenge(&sandbox, &caller, &request).await?))
}

/// Tells whether the person is who they say.
#[utoipa::path(
    post,
    path = paths::COMPLETE,
    tag = tags::FLOW,
    operation_id = "complete",
    request_body(content = CompleteRequest),
    responses((status = OK, body = CompleteReply, description = "The verdict."))
)]
async fn complete(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<CompleteRequest>,
) -> Result<Json<CompleteReply>, ApiError> {
    Ok(Json(server_calls::complete(&sandbox, &caller, request).await?))
}
