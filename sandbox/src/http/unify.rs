//! Unify.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::extract::State;
use handset_protocol::server::{
    RevokeRequest, SuccessReply, UnifyBindRequest, UnifyReply, UnifyRequest, UnifyStatusReply, UnifyStatusRequest,
    UnifySuccess, paths,
};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::errors::ApiError;
use super::extract::{Body, Caller};
use super::openapi::tags;
use super::server_api::{act, begin, draw, identity_of, mint, own_session, refusal};
use crate::core::{Case, Effect, Event, Identity, Product, Unifying, open_unify, request};
use crate::random::uuid;
use crate::state::Sandbox;
use crate::store::IdentityLookup;

pub(super) fn calls() -> Vec<UtoipaMethodRouter<Sandbox>> {
    vec![routes!(unify), routes!(status), routes!(bind), routes!(revoke)]
}

/// Binds a device to a number, once possession is shown.
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
    caller: Caller,
    Body(request): Body<UnifyRequest>,
) -> Result<Json<UnifyReply>, ApiError> {
    let (rules, now) = (sandbox.config.rules(), caller.project.clock.now());
    let ids = [uuid(&*sandbox.random), uuid(&*sandbox.random)];
    let (session, effects, reply) =
        open_unify(&request, caller.credential, draw(&sandbox, &caller.project), ids, rules, now)?;
    // Also where the relying party sees to possession itself: the page's flow is then over at once.
    let auth_token = Some(mint(&sandbox, &session)?);
    begin(&sandbox, &caller.project, &session, &effects).await?;
    Ok(Json(UnifyReply { auth_token, ..reply }))
}

/// Tells what became of a Unify.
#[utoipa::path(
    post,
    path = paths::UNIFY_STATUS,
    tag = tags::UNIFY,
    operation_id = "unifyStatus",
    request_body(content = UnifyStatusRequest),
    responses((status = OK, body = UnifyStatusReply, description = "How it stands."))
)]
async fn status(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<UnifyStatusRequest>,
) -> Result<Json<UnifyStatusReply>, ApiError> {
    caller.credential.admit(&[Product::Unify])?;
    let correlation_id = request::unify_status(&request)?;
    let identity = identity_of(&sandbox, &caller, correlation_id).await?;
    let is_bound = identity.is_some_and(|identity| identity.device().is_some());
    answer(&sandbox, &caller, correlation_id, &Event::UnifyStatus { is_bound }).await
}

/// Binds a device after the relying party has seen possession itself.
///
/// Only for a session with `possessionType` `none`.
#[utoipa::path(
    post,
    path = paths::UNIFY_BIND,
    tag = tags::UNIFY,
    operation_id = "unifyBind",
    request_body(content = UnifyBindRequest),
    responses((status = OK, body = UnifyStatusReply, description = "How it stands."))
)]
async fn bind(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<UnifyBindRequest>,
) -> Result<Json<UnifyStatusReply>, ApiError> {
    caller.credential.admit(&[Product::Unify])?;
    let (correlation_id, phone) = request::unify_bind(&request)?;
    answer(&sandbox, &caller, correlation_id, &Event::UnifyBind { phone }).await
}

/// What the core answers, with the ids of owner and device where there is success.
async fn answer(
    sandbox: &Sandbox,
    caller: &Caller,
    correlation_id: &str,
    event: &Event,
) -> Result<Json<UnifyStatusReply>, ApiError> {
    let reply = match act(sandbox, caller, correlation_id, event).await? {
        Effect::Unified(reply) => reply,
        other => return Err(refusal(other)),
    };
    if reply.success != UnifySuccess::True {
        return Ok(Json(reply));
    }
    let identity = identity_of(sandbox, caller, correlation_id).await?;
    // What a session has bound it goes on telling; one that has bound nothing tells what is bound now.
    let bound = match own_session(sandbox, caller, correlation_id).await?.case {
        Case::Unify(Unifying { bound_at: Some(at), device_id, .. }) => Some((device_id, at)),
        _ => None,
    };
    let device = identity.as_ref().and_then(|identity| match &bound {
        Some((own_id, at)) => identity.device_since(own_id, *at),
        None => identity.device(),
    });
    let device_id = device.map(|device| device.id.clone());
    Ok(Json(UnifyStatusReply { prove_id: identity.map(|identity| identity.id), device_id, ..reply }))
}

/// Undoes a binding.
#[utoipa::path(
    post,
    path = paths::DEVICE_REVOKE,
    tag = tags::UNIFY,
    operation_id = "deviceRevoke",
    request_body(content = RevokeRequest),
    responses((status = OK, body = SuccessReply, description = "Whether it was bound until now."))
)]
async fn revoke(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<RevokeRequest>,
) -> Result<Json<SuccessReply>, ApiError> {
    caller.credential.admit(&[Product::Unify])?;
    let device_id = request::device_to_revoke(&request)?;
    let Caller { project, .. } = &caller;
    let now = project.clock.now();
    let found = sandbox.store.identity(&project.name, IdentityLookup::Device(device_id)).await?;
    let Some(identity) = found else { return Ok(Json(SuccessReply { success: false })) };
    // Of two at once, one has revoked it.
    let success = AtomicBool::new(false);
    let decide = |old: Option<&Identity>| {
        let revoked = old.and_then(|old| old.revoke(device_id, now));
        success.store(revoked.is_some(), Ordering::Relaxed);
        (revoked.or_else(|| old.cloned()), Vec::new())
    };
    sandbox.store.update_identity(&project.name, &identity.phone, &decide).await?;
    Ok(Json(SuccessReply { success: success.into_inner() }))
}
