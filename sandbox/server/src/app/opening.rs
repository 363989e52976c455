//! The calls that open a session: Start, Verify and Unify. Calls about an open session are in `server_calls`.

use handset_protocol::server::{
    StartReply, StartRequest, UnifyReply, UnifyRequest, VerificationReply, VerifyAnswer, VerifyRequest,
};
use handset_sandbox_domain::{OpenInput, OpenSession, SessionIds, open, open_unify, open_verify, request, verify_v2};
use handset_sandbox_store::RowChange;

use super::identity_changes::IdentityDecision;
use super::{ApiClient, AppError, Services};
use crate::projects::Project;
use crate::random::{unguessable, uuid};

/// `/v3/start`.
pub(crate) async fn start(
    sandbox: &Services,
    caller: &ApiClient,
    request: &StartRequest,
) -> Result<StartReply, AppError> {
    let opening = open(request, caller.credential, sandbox.session_policy(&caller.project))?;
    open_session(sandbox, caller, &opening).await
}

/// `/v3/verify`.
pub(crate) async fn verify(
    sandbox: &Services,
    caller: &ApiClient,
    request: &VerifyRequest,
) -> Result<VerifyAnswer, AppError> {
    if request::is_second_generation(request) {
        return Ok(VerifyAnswer::Second(Box::new(evaluate_v2(sandbox, caller, request).await?)));
    }
    let identity_id = uuid(&*sandbox.random);
    let opening = open_verify(request, caller.credential, identity_id, sandbox.session_policy(&caller.project))?;
    Ok(VerifyAnswer::First(open_session(sandbox, caller, &opening).await?))
}

async fn evaluate_v2(
    sandbox: &Services,
    caller: &ApiClient,
    request: &VerifyRequest,
) -> Result<VerificationReply, AppError> {
    let ApiClient { credential, project, .. } = caller;
    let ids = [uuid(&*sandbox.random), uuid(&*sandbox.random)];
    let verified =
        verify_v2(request, *credential, &project.name, ids, sandbox.session_policy(project), project.clock.now())?;
    let Some(phone) = verified.phone() else { return Ok(verified.answer(None).0) };
    let reply = sandbox.update_identities(&project.name, [phone], |[old]| {
        let (reply, enrolled) = verified.answer(old);
        IdentityDecision::of([enrolled.map_or(RowChange::Keep, RowChange::Put)], reply)
    });
    Ok(reply.await?)
}

/// `/v3/unify`.
pub(crate) async fn unify(
    sandbox: &Services,
    caller: &ApiClient,
    request: &UnifyRequest,
) -> Result<UnifyReply, AppError> {
    let ids = [uuid(&*sandbox.random), uuid(&*sandbox.random)];
    let opening = open_unify(request, caller.credential, ids, sandbox.session_policy(&caller.project))?;
    open_session(sandbox, caller, &opening).await
}

/// Opens and writes a session. Frees the memory of ended sessions first.
async fn open_session<R: Send>(
    sandbox: &Services,
    caller: &ApiClient,
    opening: &OpenSession<R>,
) -> Result<R, AppError> {
    let ApiClient { project, .. } = caller;
    sandbox.collect_garbage(project).await?;
    let (now, origin) = (project.clock.now(), sandbox.origin.to_string());
    loop {
        let rows = sandbox.number_rows(&project.name, opening.phone().cloned(), false, opening.product()).await?;
        let input = OpenInput {
            ids: generate_ids(sandbox, project),
            identity: rows.identity(),
            now,
            origin: &origin,
            sign: &|claims| sandbox.keys.mint_auth(claims),
        };
        let transition = opening.open(input)?;
        if let Some(reply) = sandbox.write_transition(None, rows, transition, now).await? {
            return Ok(reply);
        }
    }
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
