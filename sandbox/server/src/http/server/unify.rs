//! Unify.

use axum::Json;
use axum::extract::State;
use handset_protocol::server::{
    RevokeRequest, SuccessReply, UnifyBindRequest, UnifyReply, UnifyRequest, UnifyStatusReply, UnifyStatusRequest,
    paths,
};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::tags;
use crate::app::{ApiClient, Sandbox, opening, server_calls};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::JsonBody;

pub(super) fn calls() -> Vec<UtoipaMethodRouter<Sandbox>> {
    vec![routes!(unify), routes!(status), routes!(bind), routes!(revoke)]
}

/// Opens a session that binds a device to a number after a possession check.
#[utoipa::path(
    post,
    path = paths::UNIFY,
    tag = tags::UNIFY,
    operation_id = "unify",
    request_body(content = UnifyRequest),
    responses((status = OK, body = UnifyReply, description = "The session."))
)]
async fn unify(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<UnifyRequest>,
) -> Result<Json<UnifyReply>, ApiError> {
    Ok(Json(opening::unify(&sandbox, &caller, &request).await?))
}

/// Returns the status of a Unify session.
#[utoipa::path(
    post,
    path = paths::UNIFY_STATUS,
    tag = tags::UNIFY,
    operation_id = "unifyStatus",
    request_body(content = UnifyStatusRequest),
    responses((status = OK, body = UnifyStatusReply, description = "The status."))
)]
async fn status(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<UnifyStatusRequest>,
) -> Result<Json<UnifyStatusReply>, ApiError> {
    Ok(Json(server_calls::unify_status(&sandbox, &caller, &request).await?))
}

/// Binds a device after the relying party has verified possession itself.
///
/// Only for a session with `possessionType` `none`.
#[utoipa::path(
    post,
    path = paths::UNIFY_BIND,
    tag = tags::UNIFY,
    operation_id = "unifyBind",
    request_body(content = UnifyBindRequest),
    responses((status = OK, body = UnifyStatusReply, description = "The status."))
)]
async fn bind(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<UnifyBindRequest>,
) -> Result<Json<UnifyStatusReply>, ApiError> {
    Ok(Json(server_calls::unify_bind(&sandbox, &caller, &request).await?))
}

/// Revokes a device.
#[utoipa::path(
    post,
    path = paths::DEVICE_REVOKE,
    tag = tags::UNIFY,
    operation_id = "deviceRevoke",
    request_body(content = RevokeRequest),
    responses((status = OK, body = SuccessReply, description = "Whether the device was bound."))
)]
async fn revoke(
    State(sandbox): State<Sandbox>,
    caller: ApiClient,
    JsonBody(request): JsonBody<RevokeRequest>,
) -> Result<Json<SuccessReply>, ApiError> {
    Ok(Json(server_calls::revoke(&sandbox, &caller, &request).await?))
}
