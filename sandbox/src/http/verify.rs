//! Verified Users.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use handset_protocol::server::{
    VerificationReply, VerifyAnswer, VerifyReply, VerifyRequest, VerifyStatusReply, VerifyStatusRequest, VerifySuccess,
    paths,
};

use super::errors::ApiError;
use super::extract::{Body, Caller};
use super::server_api::{act, begin, draw, identity_of, mint, refusal, routes};
use crate::core::{Effect, Event, FlowType, open_verify, request, verify_at_once};
use crate::random::uuid;
use crate::state::Sandbox;

pub(super) fn router() -> Router<Sandbox> {
    routes([(paths::VERIFY, post(verify)), (paths::VERIFY_STATUS, post(status))])
}

async fn verify(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<VerifyRequest>,
) -> Result<Json<VerifyAnswer>, ApiError> {
    let is_second = request.verification_type.as_deref().is_some_and(|named| !named.is_empty());
    Ok(Json(match is_second {
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

async fn status(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    Body(request): Body<VerifyStatusRequest>,
) -> Result<Json<VerifyStatusReply>, ApiError> {
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
