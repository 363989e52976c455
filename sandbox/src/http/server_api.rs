//! What a relying party's server calls.

use std::sync::LazyLock;

use axum::extract::State;
use axum::routing::any;
use axum::{Json, Router};
use handset_protocol::Secret;
use handset_protocol::server::{
    ChallengeReply, ChallengeRequest, CompleteReply, CompleteRequest, StartReply, StartRequest, ValidateReply,
    ValidateRequest, next_is, paths,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::errors::{ApiError, not_found};
use super::extract::{Body, Caller};
use super::method::step_not_allowed;
use super::openapi::tags;
use super::{identities, token, unify, verify};
use crate::core::{Drawn, Effect, Event, Identity, Product, Refusal, Session, open, request};
use crate::project::Project;
use crate::random::{unguessable, uuid};
use crate::state::{Sandbox, Subject};
use crate::store::{IdentityLookup, Lookup};

pub(super) fn router() -> Router<Sandbox> {
    CALLS
        .0
        .clone()
        .method_not_allowed_fallback(step_not_allowed)
        // Of any method: the demo page's files, which come next, are for reading only.
        .route("/v3/{*rest}", any(not_found))
}

/// What the handlers say of themselves.
pub(super) fn document() -> &'static OpenApi {
    &CALLS.1
}

/// Every call with its part of the document: what is served and what is documented is one list. Made once, for many a
/// test has a sandbox of its own.
static CALLS: LazyLock<(Router<Sandbox>, OpenApi)> = LazyLock::new(|| documented().split_for_parts());

fn documented() -> OpenApiRouter<Sandbox> {
    let own = [routes!(token::token), routes!(start), routes!(validate), routes!(challenge), routes!(complete)];
    let calls = own.into_iter().chain(verify::calls()).chain(unify::calls()).chain(identities::calls());
    calls.fold(OpenApiRouter::new(), |router, call| {
        // With and without a slash at the end: the SDKs differ.
        let with_slash = call.1.paths.keys().next().map(|path| format!("{path}/"));
        let methods = call.2.clone();
        let router = router.routes(call);
        match with_slash {
            Some(path) => router.route(&path, methods),
            None => router,
        }
    })
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
    caller: Caller,
    Body(request): Body<StartRequest>,
) -> Result<Json<StartReply>, ApiError> {
    let Caller { credential, project, .. } = caller;
    let session = open(&request, credential, draw(&sandbox, &project), sandbox.config.rules(), project.clock.now())?;
    let auth_token = mint(&sandbox, &session)?;
    begin(&sandbox, &project, &session, &[]).await?;
    let next = next_is("v3-validate", paths::VALIDATE);
    Ok(Json(StartReply { auth_token, correlation_id: session.correlation_id, next }))
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
    caller: Caller,
    Body(request): Body<ValidateRequest>,
) -> Result<Json<ValidateReply>, ApiError> {
    caller.credential.admit(&[Product::Identity, Product::Prefill])?;
    let correlation_id = request::validate(&request)?;
    match act(&sandbox, &caller, correlation_id, &Event::Validate).await? {
        Effect::Validated(reply) => Ok(Json(reply)),
        other => Err(refusal(other)),
    }
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
    caller: Caller,
    Body(request): Body<ChallengeRequest>,
) -> Result<Json<ChallengeReply>, ApiError> {
    caller.credential.admit(&[Product::Prefill])?;
    let (correlation_id, given) = request::challenge(&request)?;
    match act(&sandbox, &caller, correlation_id, &Event::Challenge { given }).await? {
        Effect::Challenged(reply) => Ok(Json(reply)),
        other => Err(refusal(other)),
    }
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
    caller: Caller,
    Body(request): Body<CompleteRequest>,
) -> Result<Json<CompleteReply>, ApiError> {
    caller.credential.admit(&[Product::Identity, Product::Prefill])?;
    let (correlation_id, individual) = request::complete(request)?;
    let event = Event::Complete { individual: Box::new(individual) };
    match act(&sandbox, &caller, &correlation_id, &event).await? {
        Effect::Completed(reply) => Ok(Json(reply)),
        other => Err(refusal(other)),
    }
}

/// What a session of that project begins with.
pub(super) fn draw(sandbox: &Sandbox, project: &Project) -> Drawn {
    let random = &*sandbox.random;
    Drawn {
        project: project.name.clone(),
        auth_id: uuid(random),
        correlation_id: uuid(random),
        request_id: uuid(random),
        challenge: unguessable(random),
    }
}

/// The authToken of a session.
pub(super) fn mint(sandbox: &Sandbox, session: &Session) -> Result<Secret, ApiError> {
    let claims = session.claims(&sandbox.origin.to_string());
    Ok(sandbox.keys.mint_auth(&claims).ok_or(Refusal::Internal)?)
}

/// Keeps a session that was opened.
pub(super) async fn begin(
    sandbox: &Sandbox,
    project: &Project,
    session: &Session,
    effects: &[Effect],
) -> Result<(), ApiError> {
    sandbox.forget_old(project).await?;
    sandbox.store.update(&session.auth_id, &|_| (Some(session.clone()), effects.to_vec())).await?;
    Ok(sandbox.deliver().await?)
}

/// A session of another credential or project is as good as unknown.
pub(super) async fn own_session(sandbox: &Sandbox, caller: &Caller, correlation_id: &str) -> Result<Session, ApiError> {
    let found = sandbox.store.find(Lookup::CorrelationId(correlation_id)).await?;
    let auth_id = found.ok_or(Refusal::UnknownCorrelationId)?;
    let is_own =
        |session: &Session| session.client_id == caller.credential.client_id && session.project == caller.project.name;
    let session = sandbox.store.get(&auth_id).await?.filter(is_own);
    Ok(session.ok_or(Refusal::UnknownCorrelationId)?)
}

pub(super) async fn act(
    sandbox: &Sandbox,
    caller: &Caller,
    correlation_id: &str,
    event: &Event,
) -> Result<Effect, ApiError> {
    let auth_id = own_session(sandbox, caller, correlation_id).await?.auth_id;
    let subject = Subject { auth_id, project: caller.project.clone(), fault: caller.fault, behaviour: None };
    let answer = sandbox.act(&subject, event).await?;
    Ok(answer.ok_or(Refusal::UnknownCorrelationId)?)
}

/// The identity of the number in force.
pub(super) async fn identity_of(
    sandbox: &Sandbox,
    caller: &Caller,
    correlation_id: &str,
) -> Result<Option<Identity>, ApiError> {
    match own_session(sandbox, caller, correlation_id).await?.phone {
        Some(phone) => Ok(sandbox.store.identity(&caller.project.name, IdentityLookup::Number(&phone)).await?),
        None => Ok(None),
    }
}

pub(super) fn refusal(effect: Effect) -> ApiError {
    match effect {
        Effect::Refused(refusal) => refusal.into(),
        _ => Refusal::Internal.into(),
    }
}
