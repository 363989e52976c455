//! The calls of a relying party's server about an open session. The calls that open one are in `opening`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use handset_protocol::server::{
    ChallengeReply, ChallengeRequest, CompleteReply, CompleteRequest, RevokeRequest, SuccessReply, UnifyBindRequest,
    UnifyStatusReply, UnifyStatusRequest, UnifySuccess, ValidateReply, ValidateRequest, VerifyStatusReply,
    VerifyStatusRequest, VerifySuccess,
};
use handset_sandbox_domain::{
    Credential, Effect, Fault, Identity, Product, ProductState, Refusal, Session, SessionEvent, UnifyState, request,
};
use handset_sandbox_store::{IdentityLookup, Lookup};

use super::{AppError, Services, SessionHandle};
use crate::projects::Project;

/// The relying party's server that makes the request: its access token is valid and its rate within the limit.
pub(crate) struct ApiClient {
    pub(crate) credential: Credential,
    pub(crate) project: Arc<Project>,
    /// The fault that was injected into the request.
    pub(crate) fault: Option<Fault>,
}

/// `/v3/validate`.
pub(crate) async fn validate(
    sandbox: &Services,
    caller: &ApiClient,
    request: &ValidateRequest,
) -> Result<ValidateReply, AppError> {
    caller.credential.authorize(&[Product::Identity, Product::Prefill])?;
    let correlation_id = request::validate(request)?;
    match apply_event(sandbox, caller, correlation_id, &SessionEvent::Validate).await? {
        Effect::Validated(reply) => Ok(reply),
        other => Err(refusal(other)),
    }
}

/// `/v3/challenge`.
pub(crate) async fn challenge(
    sandbox: &Services,
    caller: &ApiClient,
    request: &ChallengeRequest,
) -> Result<ChallengeReply, AppError> {
    caller.credential.authorize(&[Product::Prefill])?;
    let (correlation_id, given) = request::challenge(request)?;
    match apply_event(sandbox, caller, correlation_id, &SessionEvent::Challenge { given }).await? {
        Effect::Challenged(reply) => Ok(reply),
        other => Err(refusal(other)),
    }
}

/// `/v3/complete`.
pub(crate) async fn complete(
    sandbox: &Services,
    caller: &ApiClient,
    request: CompleteRequest,
) -> Result<CompleteReply, AppError> {
    caller.credential.authorize(&[Product::Identity, Product::Prefill])?;
    let (correlation_id, individual) = request::complete(request)?;
    let event = SessionEvent::Complete { individual: Box::new(individual) };
    match apply_event(sandbox, caller, &correlation_id, &event).await? {
        Effect::Completed(reply) => Ok(reply),
        other => Err(refusal(other)),
    }
}

/// `/v3/verify-status`.
pub(crate) async fn verify_status(
    sandbox: &Services,
    caller: &ApiClient,
    request: &VerifyStatusRequest,
) -> Result<VerifyStatusReply, AppError> {
    caller.credential.authorize(&[Product::VerifiedUsers])?;
    let correlation_id = request::verify_status(request)?;
    let reply = match apply_event(sandbox, caller, correlation_id, &SessionEvent::VerifyStatus).await? {
        Effect::Verified(reply) => reply,
        other => return Err(refusal(other)),
    };
    if reply.success != VerifySuccess::True {
        return Ok(reply);
    }
    let identity = identity_of(sandbox, caller, correlation_id).await?;
    Ok(VerifyStatusReply { identity_id: identity.map(|identity| identity.id), ..reply })
}

/// `/v3/unify-status`.
pub(crate) async fn unify_status(
    sandbox: &Services,
    caller: &ApiClient,
    request: &UnifyStatusRequest,
) -> Result<UnifyStatusReply, AppError> {
    caller.credential.authorize(&[Product::Unify])?;
    let correlation_id = request::unify_status(request)?;
    let identity = identity_of(sandbox, caller, correlation_id).await?;
    let is_bound = identity.is_some_and(|identity| identity.device().is_some());
    unify_answer(sandbox, caller, correlation_id, &SessionEvent::UnifyStatus { is_bound }).await
}

/// `/v3/unify-bind`.
pub(crate) async fn unify_bind(
    sandbox: &Services,
    caller: &ApiClient,
    request: &UnifyBindRequest,
) -> Result<UnifyStatusReply, AppError> {
    caller.credential.authorize(&[Product::Unify])?;
    let (correlation_id, phone) = request::unify_bind(request)?;
    unify_answer(sandbox, caller, correlation_id, &SessionEvent::UnifyBind { phone }).await
}

/// The answer of the domain; if it is a success, with the ids of owner and device.
async fn unify_answer(
    sandbox: &Services,
    caller: &ApiClient,
    correlation_id: &str,
    event: &SessionEvent,
) -> Result<UnifyStatusReply, AppError> {
    let reply = match apply_event(sandbox, caller, correlation_id, event).await? {
        Effect::Unified(reply) => reply,
        other => return Err(refusal(other)),
    };
    if reply.success != UnifySuccess::True {
        return Ok(reply);
    }
    let identity = identity_of(sandbox, caller, correlation_id).await?;
    // A session that has bound a device reports that device; any other session reports the device that is bound now.
    let bound = match own_session(sandbox, caller, correlation_id).await?.product {
        ProductState::Unify(UnifyState { bound_at: Some(at), device_id, .. }) => Some((device_id, at)),
        _ => None,
    };
    let device = identity.as_ref().and_then(|identity| match &bound {
        Some((own_id, at)) => identity.device_since(own_id, *at),
        None => identity.device(),
    });
    let device_id = device.map(|device| device.id.clone());
    Ok(UnifyStatusReply { prove_id: identity.map(|identity| identity.id), device_id, ..reply })
}

/// `/v3/device/revoke`. The reply has `success: false` if the device is not bound.
pub(crate) async fn revoke(
    sandbox: &Services,
    caller: &ApiClient,
    request: &RevokeRequest,
) -> Result<SuccessReply, AppError> {
    caller.credential.authorize(&[Product::Unify])?;
    let device_id = request::device_to_revoke(request)?;
    let ApiClient { project, .. } = caller;
    let now = project.clock.now();
    let found = sandbox.store.identity(&project.name, IdentityLookup::Device(device_id)).await?;
    let Some(identity) = found else { return Ok(SuccessReply { success: false }) };
    // Of two concurrent calls, exactly one succeeds.
    let success = AtomicBool::new(false);
    let decide = |old: Option<&Identity>| {
        let revoked = old.and_then(|old| old.revoke(device_id, now));
        success.store(revoked.is_some(), Ordering::Relaxed);
        (revoked.or_else(|| old.cloned()), Vec::new())
    };
    sandbox.store.update_identity(&project.name, &identity.phone, &decide).await?;
    Ok(SuccessReply { success: success.into_inner() })
}

/// The session of the caller's own credential and project.
///
/// # Errors
/// The caller has no such session: [`Refusal::UnknownCorrelationId`].
async fn own_session(sandbox: &Services, caller: &ApiClient, correlation_id: &str) -> Result<Session, AppError> {
    let found = sandbox.store.find(Lookup::CorrelationId(correlation_id)).await?;
    let auth_id = found.ok_or(Refusal::UnknownCorrelationId)?;
    let is_own =
        |session: &Session| session.client_id == caller.credential.client_id && session.project == caller.project.name;
    let session = sandbox.store.get(&auth_id).await?.filter(is_own);
    Ok(session.ok_or(Refusal::UnknownCorrelationId)?)
}

async fn apply_event(
    sandbox: &Services,
    caller: &ApiClient,
    correlation_id: &str,
    event: &SessionEvent,
) -> Result<Effect, AppError> {
    let auth_id = own_session(sandbox, caller, correlation_id).await?.auth_id;
    let handle = SessionHandle { auth_id, project: caller.project.clone(), fault: caller.fault, behaviour: None };
    let answer = sandbox.apply_event(&handle, event).await?;
    Ok(answer.ok_or(Refusal::UnknownCorrelationId)?)
}

/// The identity of the session's number. `None`: the session has no number, or the number has no identity.
async fn identity_of(
    sandbox: &Services,
    caller: &ApiClient,
    correlation_id: &str,
) -> Result<Option<Identity>, AppError> {
    match own_session(sandbox, caller, correlation_id).await?.phone {
        Some(phone) => Ok(sandbox.store.identity(&caller.project.name, IdentityLookup::Number(&phone)).await?),
        None => Ok(None),
    }
}

fn refusal(effect: Effect) -> AppError {
    match effect {
        Effect::Refused(refusal) => refusal.into(),
        _ => Refusal::Internal.into(),
    }
}
