//! Verified Users.

use axum::Json;
use axum::extract::State;
use handset_protocol::server::{VerifyAnswer, VerifyRequest, VerifyStatusReply, VerifyStatusRequest, paths};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::tags;
use crate::app::{ApiClient, Sandbox, opening, server_calls};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::JsonBody;

pub(super) fn calls() -> Vec<UtoipaMethodRouter<Sandbox>> {
    vec![routes!(verify), routes!(status)]
}

/// Verifies that a number belongs to a person.
///
/// A body with `verificationType` is a v2 request, which returns the evaluation directly. Every other body is a v1 request: it
/// opens a session, unless `possessionType` is `none`.
#[utoipa::path(
    post,
    path = paths::VERIFY,
    tag = tags::VERIFIED_USERS,
    operation_id = "verify",
    request_body(content = VerifyRequest),
    responses((status = OK, body = VerifyAnswer, description = "The session, or the evaluation."))
)]
async fn verify(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<VerifyRequest>,
) -> Result<Json<VerifyAnswer>, ApiError> {
    Ok(Json(opening::verify(&sandbox, &caller, &request).await?))
}

/// Returns the status of a v1 Verify session.
#[utoipa::path(
    post,
    path = paths::VERIFY_STATUS,
    tag = tags::VERIFIED_USERS,
    operation_id = "verifyStatus",
    request_body(content = VerifyStatusRequest),
    responses((status = OK, body = VerifyStatusReply, description = "The status."))
)]
async fn status(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<VerifyStatusRequest>,
) -> Result<Json<VerifyStatusReply>, ApiError> {
    Ok(Json(server_calls::verify_status(&sandbox, &caller, &request).await?))
}
