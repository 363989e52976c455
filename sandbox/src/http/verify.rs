//! Verified Users.

use axum::Json;
use axum::extract::State;
use handset_protocol::server::{
    VerificationReply, VerifyAnswer, VerifyReply, VerifyRequest, VerifyStatusReply, VerifyStatusRequest, VerifySuccess,
    paths,
};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use super::errors::ApiError;
use super::extract::{Body, Caller};
use super::openapi::tags;
use super::server_api::{act, begin, draw, identity_of, mint, refusal};
use crate::core::{Effect, Event, FlowType, Product, open_verify, request, verify_at_once};
use crate::random::uuid;
use crate::state::Sandbox;

pub(super) fn calls() -> Vec<UtoipaMethodRouter<Sandbox>> {
    vec![routes!(verify), routes!(status)]
}

/// Tells whether a number is a person's.
///
/// A body with `verificationType` is of the second generation, which answers at once. Every other is of the first: it opens a
/// session, unless `possessionType` is `none`.
#[utoipa::path(
    post,
    path = paths::VERIFY,
    tag = tags::VERIFIED_USERS,
    operation_id = "verify",
    request_body(content = VerifyRequest),
    responses((status = OK, body = VerifyAnswer, description = "The session, or the verdict."))
)]
async fn verify(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<VerifyRequest>,
) -> Result<Json<VerifyAnswer>, ApiError> {
    Ok(Json(match request::is_second_generation(&request) {
        true => VerifyAnswer::Second(Box::new(second(&sandbox, &caller, &request).await?)),
        false => VerifyAnswer::First(first(&sandbox, &caller, &request).await?),
    }))
}

async fn first(sandbox: &Sandbox, caller: &Caller, request: &VerifyRequest) -> Result<VerifyReply, ApiError> {
    let Caller { credential, project, .. } = caller;
    let (rules, now) = (sandbox.config.rules(), project.clock.now());
    let identity_id = uuid(&*sandbox.random);
    let (session, effects, reply) = open_verify(request, *credential, draw(sandbox, project), identity_id, rules, now)?;
    let auth_token = match session.flow_type {
        FlowType::None => None,
        _ => Some(mint(sandbox, &session)?),
    };
    begin(sandbox, project, &session, &effects).await?;
    Ok(VerifyReply { auth_token, ..reply })
}

async fn second(sandbox: &Sandbox, caller: &Caller, request: &VerifyRequest) -> Result<VerificationReply, ApiError> {
    let Caller { credential, project, .. } = caller;
    let ids = [uuid(&*sandbox.random), uuid(&*sandbox.random)];
    let (reply, enrolling) =
        verify_at_once(request, *credential, &project.name, ids, sandbox.config.rules(), project.clock.now())?;
    let prove_id = match enrolling {
        Some(enrolling) => Some(sandbox.enroll(&enrolling).await?.id),
        None => None,
    };
    Ok(VerificationReply { prove_id, ..reply })
}

/// Tells what became of a Verify of the first generation.
#[utoipa::path(
    post,
    path = paths::VERIFY_STATUS,
    tag = tags::VERIFIED_USERS,
    operation_id = "verifyStatus",
    request_body(content = VerifyStatusRequest),
    responses((status = OK, body = VerifyStatusReply, description = "How it stands."))
)]
async fn status(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<VerifyStatusRequest>,
) -> Result<Json<VerifyStatusReply>, ApiError> {
    caller.credential.admit(&[Product::VerifiedUsers])?;
    let correlation_id = request::verify_status(&request)?;
    let reply = match act(&sandbox, &caller, correlation_id, &Event::VerifyStatus).await? {
        Effect::Verified(reply) => reply,
        other => return Err(refusal(other)),
    };
    if reply.success != VerifySuccess::True {
        return Ok(Json(reply));
    }
    let identity = identity_of(&sandbox, &caller, correlation_id).await?;
    Ok(Json(VerifyStatusReply { identity_id: identity.map(|identity| identity.id), ..reply }))
}
