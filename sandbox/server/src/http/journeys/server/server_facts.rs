//! What a client's server tells about a journey: a proved contact, an outcome, and that it is to be forgotten.

use axum::extract::{Request, State};
use handset_protocol::journey::paths;
use handset_sandbox_domain::{EraseTransaction, ProveContact, SetOutcome};

use super::messages::{
    DoneResult, EraseJourneyRequest, LinkContactRequest, LinkContactResult, SetOutcomeRequest, SetOutcomeResult,
};
use super::{app_caller, body, fields, tags};
use crate::app::{AppError, Sandbox, inspection};
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::reply::JourneyReply;
use crate::http::journeys::shared::{run, with_scheme};
use crate::http::shared::errors::ApiError;
use crate::random::uuid;

/// Links a possession check to a journey: its number counts as proved.
#[utoipa::path(
    post,
    path = paths::CONTACT,
    tag = tags::JOURNEYS,
    operation_id = "linkContact",
    security(()),
    request_body(content = LinkContactRequest),
    responses((status = OK, body = JourneyReply<LinkContactResult>, description = "The contact is proved."))
)]
pub(super) async fn contact(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<JourneyReply<LinkContactResult>, JourneyErrorReply> {
    let (caller, request) = app_caller::of_body::<LinkContactRequest>(&sandbox, request).await?;
    let transaction_id = body::required(&fields::TRANSACTION_ID, request.transaction_id.as_deref())?;
    let workflow_id = body::required(&fields::WORKFLOW_ID, request.workflow_id.as_deref())?;
    let id = request.correlation_id.as_deref().filter(|id| !id.trim().is_empty());
    let id = id.ok_or_else(|| handset_sandbox_domain::JourneyRefusal::missing(fields::CORRELATION_ID.name))?;
    // A malformed id is that of no session, as everywhere.
    let phone = match inspection::session(&sandbox, &caller.project, id).await {
        Ok(session) => session.proved_phone().cloned(),
        Err(AppError::Refused(_)) => None,
        Err(AppError::Store(error)) => return Err(ApiError::from(AppError::Store(error)).into()),
    };
    let command = ProveContact { workflow_id: workflow_id.to_owned(), phone, jti: uuid(&*sandbox.random) };
    let token = run(&sandbox, &caller.transaction(transaction_id), &command).await?;
    Ok(JourneyReply::ok(LinkContactResult { auth_token: token.as_ref().map(with_scheme) }))
}

/// Sets the outcome of a module whose outcome comes from the server.
#[utoipa::path(
    post,
    path = paths::OUTCOME,
    tag = tags::JOURNEYS,
    operation_id = "setOutcome",
    security(()),
    request_body(content = SetOutcomeRequest),
    responses((status = OK, body = JourneyReply<SetOutcomeResult>, description = "The outcome is set."))
)]
pub(super) async fn outcome(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<JourneyReply<SetOutcomeResult>, JourneyErrorReply> {
    let (caller, request) = app_caller::of_body::<SetOutcomeRequest>(&sandbox, request).await?;
    let transaction_id = body::required(&fields::TRANSACTION_ID, request.transaction_id.as_deref())?;
    let command = SetOutcome {
        workflow_id: body::required(&fields::WORKFLOW_ID, request.workflow_id.as_deref())?.to_owned(),
        module_id: body::required(&fields::MODULE_ID, request.module_id.as_deref())?.to_owned(),
        outcome: body::required(&fields::OUTCOME, request.outcome.as_deref())?.to_owned(),
        event_id: uuid(&*sandbox.random),
    };
    let status = run(&sandbox, &caller.transaction(transaction_id), &command).await?;
    Ok(JourneyReply::ok(SetOutcomeResult { status: status.as_str() }))
}

/// Forgets the state and the messages of a transaction at once.
#[utoipa::path(
    post,
    path = paths::ERASE,
    tag = tags::JOURNEYS,
    operation_id = "eraseJourney",
    security(()),
    request_body(content = EraseJourneyRequest),
    responses((status = OK, body = JourneyReply<DoneResult>, description = "The transaction is forgotten."))
)]
pub(super) async fn erase(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<JourneyReply<DoneResult>, JourneyErrorReply> {
    let (caller, request) = app_caller::of_body::<EraseJourneyRequest>(&sandbox, request).await?;
    let transaction_id = body::required(&fields::TRANSACTION_ID, request.transaction_id.as_deref())?;
    run(&sandbox, &caller.transaction(transaction_id), &EraseTransaction).await?;
    Ok(JourneyReply::ok(DoneResult { message: "The transaction is forgotten" }))
}
