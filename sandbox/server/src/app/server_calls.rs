//! The calls of a relying party's server about an open session. The calls that open one are in `opening`.

use std::sync::Arc;

use handset_protocol::server::{
    ChallengeReply, ChallengeRequest, CompleteReply, CompleteRequest, RevokeRequest, SuccessReply, UnifyBindRequest,
    UnifyStatusReply, UnifyStatusRequest, ValidateReply, ValidateRequest, VerifyStatusReply, VerifyStatusRequest,
};
use handset_sandbox_domain::{
    BindUnify, CheckChallenge, Command, Complete, Credential, Fault, GetUnifyStatus, GetVerifyStatus, Product, Refusal,
    Session, Validate, request,
};
use handset_sandbox_store::{IdentityKey, RowChange, SessionKey};

use super::identity_changes::IdentityDecision;
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
    apply(sandbox, caller, request::validate(request)?, &Validate).await
}

/// `/v3/challenge`.
pub(crate) async fn challenge(
    sandbox: &Services,
    caller: &ApiClient,
    request: &ChallengeRequest,
) -> Result<ChallengeReply, AppError> {
    caller.credential.authorize(&[Product::Prefill])?;
    let (correlation_id, given) = request::challenge(request)?;
    apply(sandbox, caller, correlation_id, &CheckChallenge { given }).await
}

/// `/v3/complete`.
pub(crate) async fn complete(
    sandbox: &Services,
    caller: &ApiClient,
    request: CompleteRequest,
) -> Result<CompleteReply, AppError> {
    caller.credential.authorize(&[Product::Identity, Product::Prefill])?;
    let (correlation_id, individual) = request::complete(request)?;
    apply(sandbox, caller, &correlation_id, &Complete { individual }).await
}

/// `/v3/verify-status`.
pub(crate) async fn verify_status(
    sandbox: &Services,
    caller: &ApiClient,
    request: &VerifyStatusRequest,
) -> Result<VerifyStatusReply, AppError> {
    caller.credential.authorize(&[Product::VerifiedUsers])?;
    apply(sandbox, caller, request::verify_status(request)?, &GetVerifyStatus).await
}

/// `/v3/unify-status`.
pub(crate) async fn unify_status(
    sandbox: &Services,
    caller: &ApiClient,
    request: &UnifyStatusRequest,
) -> Result<UnifyStatusReply, AppError> {
    caller.credential.authorize(&[Product::Unify])?;
    apply(sandbox, caller, request::unify_status(request)?, &GetUnifyStatus).await
}

/// `/v3/unify-bind`.
pub(crate) async fn unify_bind(
    sandbox: &Services,
    caller: &ApiClient,
    request: &UnifyBindRequest,
) -> Result<UnifyStatusReply, AppError> {
    caller.credential.authorize(&[Product::Unify])?;
    let (correlation_id, phone) = request::unify_bind(request)?;
    apply(sandbox, caller, correlation_id, &BindUnify { phone }).await
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
    let found = sandbox.store.identities().get(&project.name, IdentityKey::Device(device_id)).await?;
    let Some(found) = found else { return Ok(SuccessReply { success: false }) };
    // Of two concurrent calls, exactly one succeeds.
    let success = sandbox
        .update_identities(&project.name, [&found.value.phone], |[old]| {
            let revoked = old.and_then(|old| old.revoke(device_id, now));
            let success = revoked.is_some();
            IdentityDecision::of([revoked.map_or(RowChange::Keep, RowChange::Put)], success)
        })
        .await?;
    Ok(SuccessReply { success })
}

/// Applies a command to the session of the caller's own credential and project.
///
/// # Errors
/// The caller has no such session: [`Refusal::UnknownCorrelationId`]; or the rules refuse the call.
async fn apply<C, T>(sandbox: &Services, caller: &ApiClient, correlation_id: &str, command: &C) -> Result<T, AppError>
where
    C: Command<Answer = Result<T, Refusal>>,
{
    let is_own =
        |session: &Session| session.client_id == caller.credential.client_id && session.project == caller.project.name;
    let row = sandbox.store.sessions().get(SessionKey::CorrelationId(correlation_id)).await?;
    let row = row.filter(|row| is_own(&row.value)).ok_or(Refusal::UnknownCorrelationId)?;
    let auth_id = row.value.auth_id.clone();
    let handle = SessionHandle { auth_id, project: caller.project.clone(), fault: caller.fault };
    let answer = sandbox.apply(&handle, row, command).await?.ok_or(Refusal::UnknownCorrelationId)?;
    Ok(answer?)
}
