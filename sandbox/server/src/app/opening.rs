//! The calls that open a session: Start, Verify and Unify. Calls about an open session are in `server_calls`.

use handset_protocol::Secret;
use handset_protocol::server::{
    StartReply, StartRequest, UnifyReply, UnifyRequest, VerificationReply, VerifyAnswer, VerifyReply, VerifyRequest,
    next_is, paths,
};
use handset_sandbox_domain::{
    Effect, FlowType, Refusal, Session, SessionIds, open, open_unify, open_verify, request, verify_v2,
};

use super::{ApiClient, AppError, Services};
use crate::projects::Project;
use crate::random::{unguessable, uuid};

/// `/v3/start`.
pub(crate) async fn start(
    sandbox: &Services,
    caller: &ApiClient,
    request: &StartRequest,
) -> Result<StartReply, AppError> {
    let ApiClient { credential, project, .. } = caller;
    let session = open(
        request,
        *credential,
        generate_ids(sandbox, project),
        sandbox.config.session_policy(),
        project.clock.now(),
    )?;
    let auth_token = mint(sandbox, &session)?;
    save_session(sandbox, project, &session, &[]).await?;
    let next = next_is("v3-validate", paths::VALIDATE);
    Ok(StartReply { auth_token, correlation_id: session.correlation_id, next })
}

/// `/v3/verify`.
pub(crate) async fn verify(
    sandbox: &Services,
    caller: &ApiClient,
    request: &VerifyRequest,
) -> Result<VerifyAnswer, AppError> {
    Ok(match request::is_second_generation(request) {
        true => VerifyAnswer::Second(Box::new(evaluate_v2(sandbox, caller, request).await?)),
        false => VerifyAnswer::First(open_v1(sandbox, caller, request).await?),
    })
}

async fn open_v1(sandbox: &Services, caller: &ApiClient, request: &VerifyRequest) -> Result<VerifyReply, AppError> {
    let ApiClient { credential, project, .. } = caller;
    let (policy, now) = (sandbox.config.session_policy(), project.clock.now());
    let identity_id = uuid(&*sandbox.random);
    let (session, effects, reply) =
        open_verify(request, *credential, generate_ids(sandbox, project), identity_id, policy, now)?;
    let auth_token = match session.flow_type {
        FlowType::None => None,
        _ => Some(mint(sandbox, &session)?),
    };
    save_session(sandbox, project, &session, &effects).await?;
    Ok(VerifyReply { auth_token, ..reply })
}

async fn evaluate_v2(
    sandbox: &Services,
    caller: &ApiClient,
    request: &VerifyRequest,
) -> Result<VerificationReply, AppError> {
    let ApiClient { credential, project, .. } = caller;
    let ids = [uuid(&*sandbox.random), uuid(&*sandbox.random)];
    let (reply, enrollment) =
        verify_v2(request, *credential, &project.name, ids, sandbox.config.session_policy(), project.clock.now())?;
    let prove_id = match enrollment {
        Some(enrollment) => Some(sandbox.enroll(&enrollment).await?.id),
        None => None,
    };
    Ok(VerificationReply { prove_id, ..reply })
}

/// `/v3/unify`.
pub(crate) async fn unify(
    sandbox: &Services,
    caller: &ApiClient,
    request: &UnifyRequest,
) -> Result<UnifyReply, AppError> {
    let (policy, now) = (sandbox.config.session_policy(), caller.project.clock.now());
    let ids = [uuid(&*sandbox.random), uuid(&*sandbox.random)];
    let (session, effects, reply) =
        open_unify(request, caller.credential, generate_ids(sandbox, &caller.project), ids, policy, now)?;
    // Also if the relying party checks possession itself: the page's flow then ends at once.
    let auth_token = Some(mint(sandbox, &session)?);
    save_session(sandbox, &caller.project, &session, &effects).await?;
    Ok(UnifyReply { auth_token, ..reply })
}

/// The random ids and the challenge of a new session.
fn generate_ids(sandbox: &Services, project: &Project) -> SessionIds {
    let random = &*sandbox.random;
    SessionIds {
        project: project.name.clone(),
        auth_id: uuid(random),
        correlation_id: uuid(random),
        request_id: uuid(random),
        challenge: unguessable(random),
    }
}

/// The authToken of a session.
fn mint(sandbox: &Services, session: &Session) -> Result<Secret, AppError> {
    let claims = session.claims(&sandbox.origin.to_string());
    Ok(sandbox.keys.mint_auth(&claims).ok_or(Refusal::Internal)?)
}

/// Saves a new session and carries out its effects. Deletes expired sessions first.
async fn save_session(
    sandbox: &Services,
    project: &Project,
    session: &Session,
    effects: &[Effect],
) -> Result<(), AppError> {
    sandbox.expire_sessions(project).await?;
    sandbox.store.update(&session.auth_id, &|_| (Some(session.clone()), effects.to_vec())).await?;
    Ok(sandbox.drain_outbox().await?)
}
