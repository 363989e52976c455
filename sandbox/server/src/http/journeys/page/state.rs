//! The state of a journey: read, saved, and whether the page's session is still the current one.

use std::collections::BTreeMap;

use axum::extract::State;
use handset_protocol::journey::{limits, paths};
use handset_sandbox_domain::{
    CheckSession, GetState, GetStateBody, JourneyRefusal, ModuleChange, ModuleOutcome, PageStatus, PutState,
    PutStateBody, SavedModule, StateAnswer, StateView,
};
use serde_json::{Map, Value};

use super::body::PageBody;
use super::caller::AuthenticatedPage;
use super::fields::{self, MODULES_AT_ONCE, checked, required};
use super::messages::{
    AuthRequiredReply, CheckSessionRequest, EmptyResult, GetStateRequest, GetStateResult, JourneyStateReply,
    ModuleChangeRequest, ModuleReply, ProcessedReply, PutStateRequest, PutStateResult, SavedModuleReply,
    SavedStateReply, SupersededReply,
};
use super::{PageResult, values};
use crate::app::Sandbox;
use crate::http::journeys::reply::JourneyReply;
use crate::http::journeys::server::tags;
use crate::random::uuid;

/// Returns the state of the journey, and where to go on.
///
/// Where the code is owed, or another session has taken over, the reply holds nothing else.
#[utoipa::path(
    post,
    path = paths::STATE_GET,
    tag = tags::JOURNEYS,
    operation_id = "getState",
    security(("journeyToken" = [])),
    params(("x-cpr-session-id" = Option<String>, Header, description = "The session of the page.")),
    request_body(content = GetStateRequest),
    responses((status = OK, body = JourneyReply<GetStateResult>, description = "The state, or why there is none."))
)]
pub(super) async fn get(
    State(sandbox): State<Sandbox>,
    page: AuthenticatedPage,
    body: PageBody,
) -> PageResult<GetStateResult> {
    let command =
        GetState { caller: page.caller.clone(), body: read_get(body), new_session_id: uuid(&*sandbox.random) };
    let transaction_id = page.transaction.transaction_id.clone();
    Ok(JourneyReply::ok(match page.run(&sandbox, &command).await? {
        StateAnswer::State(view) => GetStateResult::State(state_reply(view, transaction_id)),
        StateAnswer::AlreadyProcessed { status } => GetStateResult::Processed(ProcessedReply {
            state: None,
            status: status.as_str(),
            transaction_id,
            transaction_already_processed: true,
        }),
        StateAnswer::AuthRequired { channels, masked_contact } => GetStateResult::AuthRequired(AuthRequiredReply {
            auth_required: true,
            channels: channels.into_iter().map(|channel| channel.as_str()).collect(),
            masked_contact,
        }),
        StateAnswer::Superseded => GetStateResult::Superseded(SupersededReply { superseded: true }),
    }))
}

fn read_get(body: PageBody) -> Result<GetStateBody, JourneyRefusal> {
    let request: GetStateRequest = body.members()?;
    let inputs = request.inputs.ok_or_else(|| JourneyRefusal::missing(fields::INPUTS.name))?;
    let version = &fields::WORKFLOW_VERSION;
    Ok(GetStateBody {
        inputs: values::inputs(inputs)?,
        workflow_version: checked(version, version.name, request.workflow_version)?,
        take_over: request.take_over.unwrap_or(false),
    })
}

fn state_reply(view: StateView, transaction_id: String) -> JourneyStateReply {
    let module = |(id, saved, outcome): (String, SavedModule, Option<ModuleOutcome>)| {
        let saved = SavedModuleReply {
            variables: saved.variables.iter().map(|(name, text)| (name.clone(), values::value(text))).collect(),
            client_asserted: outcome.as_ref().map(|outcome| outcome.is_client_asserted),
            outcome: outcome.map(|outcome| outcome.value),
            saved_at: saved.saved_at.as_millis(),
        };
        (id, saved)
    };
    let modules: BTreeMap<String, SavedModuleReply> = view.saved.into_iter().map(module).collect();
    let state = SavedStateReply { status: view.status.as_str(), modules };
    let in_order = view.modules.into_iter();
    JourneyStateReply {
        state: Some(state).filter(|state| !state.modules.is_empty()),
        modules: in_order
            .map(|(id, skips_save)| ModuleReply { id, skip_cpr_put: skips_save.then_some("yes") })
            .collect(),
        resume_at: view.resume_at,
        revision: view.revision,
        session_id: view.session_id,
        transaction_id,
        refreshed: view.refreshed,
    }
}

/// Saves modules, in one step: a refused save changes nothing.
///
/// A save is a delta: modules that it does not name stay as they are.
#[utoipa::path(
    post,
    path = paths::STATE_PUT,
    tag = tags::JOURNEYS,
    operation_id = "putState",
    security(("journeyToken" = [])),
    params(("x-cpr-session-id" = Option<String>, Header, description = "The session of the page.")),
    request_body(content = PutStateRequest),
    responses((status = OK, body = JourneyReply<PutStateResult>, description = "The save is done."))
)]
pub(super) async fn put(
    State(sandbox): State<Sandbox>,
    page: AuthenticatedPage,
    body: PageBody,
) -> PageResult<PutStateResult> {
    // Judged before the rest of the body.
    let revision = body.0.as_ref().ok().and_then(|members| members.get(fields::REVISION.name)).and_then(Value::as_u64);
    let command =
        PutState { caller: page.caller.clone(), revision, body: read_put(body), event_id: uuid(&*sandbox.random) };
    let saved = page.run(&sandbox, &command).await?;
    Ok(JourneyReply::ok(PutStateResult {
        revision: saved.revision,
        status: saved.status.as_str(),
        resume_at: saved.resume_at,
    }))
}

fn read_put(body: PageBody) -> Result<PutStateBody, JourneyRefusal> {
    if let Ok(members) = &body.0 {
        check_modules(members)?;
    }
    let request: PutStateRequest = body.members()?;
    if request.revision.is_none() {
        return Err(JourneyRefusal::missing(fields::REVISION.name));
    }
    let modules = request.modules.ok_or_else(|| JourneyRefusal::missing(fields::MODULES.name))?;
    let modules = modules.into_iter().map(|(id, change)| Ok((id.clone(), read_change(&id, change)?)));
    let status = match checked(&fields::STATUS, fields::STATUS.name, request.status)?.as_deref() {
        Some("user_cancelled") => Some(PageStatus::UserCancelled),
        Some(_) => Some(PageStatus::Error),
        None => None,
    };
    let resume_from = &fields::MODULE_TO_RESUME_FROM;
    Ok(PutStateBody {
        modules: modules.collect::<Result<_, JourneyRefusal>>()?,
        status,
        resume_from: checked(resume_from, resume_from.name, request.module_to_resume_from)?,
    })
}

/// Checks the ids of the modules, so that an error can name them.
fn check_modules(members: &Map<String, Value>) -> Result<(), JourneyRefusal> {
    let Some(Value::Object(modules)) = members.get(fields::MODULES.name) else { return Ok(()) };
    let is_plain = |id: &String| fields::MODULE_TO_RESUME_FROM.accepts(id);
    if modules.len() > MODULES_AT_ONCE || !modules.keys().all(is_plain) {
        let expected = format!(
            "an object of at most {MODULES_AT_ONCE} members with names of 1 to {} visible ASCII characters",
            limits::ID_CHARS
        );
        return Err(JourneyRefusal::shape(fields::MODULES.name, &expected));
    }
    match modules.iter().find(|(_, change)| !change.is_object()) {
        Some((id, _)) => Err(JourneyRefusal::shape(&format!("{}.{id}", fields::MODULES.name), "an object")),
        None => Ok(()),
    }
}

fn read_change(id: &str, change: ModuleChangeRequest) -> Result<ModuleChange, JourneyRefusal> {
    let place = format!("{}.{id}", fields::MODULES.name);
    let action = required(&fields::ACTION, &format!("{place}.action"), change.action)?;
    let variables = change.variables.map(|given| values::variables(&place, given)).transpose()?;
    let outcome = checked(&fields::OUTCOME, &format!("{place}.outcome"), change.outcome)?;
    Ok(if action == "delete" { ModuleChange::Delete } else { ModuleChange::Put { variables, outcome } })
}

/// Returns whether the page's session is still the current one.
#[utoipa::path(
    post,
    path = paths::CHECK_SESSION,
    tag = tags::JOURNEYS,
    operation_id = "checkSession",
    security(("journeyToken" = [])),
    params(("x-cpr-session-id" = Option<String>, Header, description = "The session of the page.")),
    request_body(content = Option<CheckSessionRequest>),
    responses((status = OK, body = JourneyReply<EmptyResult>, description = "The session is the current one."))
)]
pub(super) async fn check_session(
    State(sandbox): State<Sandbox>,
    page: AuthenticatedPage,
    body: PageBody,
) -> PageResult<EmptyResult> {
    let body = body.members().map(|CheckSessionRequest {}| ());
    page.run(&sandbox, &CheckSession { caller: page.caller.clone(), body }).await?;
    Ok(JourneyReply::ok(EmptyResult {}))
}
