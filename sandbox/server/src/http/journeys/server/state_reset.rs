//! State Reset, and the modules that it can name.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use handset_protocol::journey::limits::SERVER_BODY_BYTES;
use handset_protocol::journey::paths;
use handset_sandbox_domain::{JourneyRefusal, ListResetOptions, ResetAction, ResetState};
use serde_json::{Map, Value};

use super::app_caller::{AppCaller, CallOrigin};
use super::messages::{DoneResult, ResetOption, ResetOptionsResult, StateResetRequest};
use super::plain_failure::PlainFailure;
use super::{headers, joi, tags};
use crate::app::Sandbox;
use crate::app::journeys::JourneyRef;
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::reply::JourneyReply;
use crate::http::journeys::shared::run;
use crate::http::shared::body::{read, text};
use crate::http::shared::extract::has_type;
use crate::http::shared::guard;
use crate::http::shared::request::bearer;
use crate::random::uuid;

/// Resets the state of the workflow that the transaction used last: a module with all later ones, or everything.
///
/// The header `appkey` is checked when it is sent, and required of an app that may call from any address.
#[utoipa::path(
    post,
    path = paths::STATE_RESET,
    tag = tags::STATE_RESET,
    operation_id = "stateReset",
    security((), ("appKey" = [])),
    params(
        ("appid" = String, Header, description = "The app."),
        ("transactionid" = String, Header, description = "The transaction."),
    ),
    request_body(content = StateResetRequest),
    responses((status = OK, body = JourneyReply<DoneResult>, description = "The state is reset."))
)]
pub(super) async fn state_reset(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<JourneyReply<DoneResult>, PlainFailure> {
    let refused = |message: &str| PlainFailure::Own(StatusCode::FORBIDDEN, message.to_owned());
    guard::check_same_origin(&sandbox, &request).map_err(refused)?;
    let all = request.headers();
    for name in [headers::APP_ID, headers::TRANSACTION] {
        match all.get(name) {
            None => return Err(PlainFailure::invalid(joi::required(name))),
            Some(value) if value.is_empty() => return Err(PlainFailure::invalid(joi::empty(name))),
            Some(_) => {}
        }
    }
    let origin = CallOrigin::of(&sandbox, &request)?;
    // A key that is not a text is a wrong key.
    let key = all.get(headers::APP_KEY).map(|key| key.to_str().unwrap_or_default());
    let caller = origin.authorize(&sandbox, headers::text(all, headers::APP_ID), key).await?;
    let transaction_id = headers::transaction_id(all).map(str::to_owned);
    let (action, reviewer_id) = read_reset(request).await?;
    let transaction = caller.transaction(&transaction_id?);
    let command =
        ResetState { action, reviewer_id, new_journey_id: uuid(&*sandbox.random), event_id: uuid(&*sandbox.random) };
    run(&sandbox, &transaction, &command).await?;
    Ok(JourneyReply::ok(DoneResult { message: "State reset successfully" }))
}

/// What is reset, and by whom.
async fn read_reset(request: Request) -> Result<(ResetAction, String), PlainFailure> {
    let is_json = has_type(request.headers(), "application/json");
    let bytes = read(request, SERVER_BODY_BYTES).await.map_err(JourneyErrorReply::from)?;
    let body = match text(&bytes) {
        _ if bytes.is_empty() => Value::Object(Map::new()),
        Ok(text) if is_json => serde_json::from_str(text).unwrap_or_default(),
        _ => Value::Null,
    };
    joi::state_reset(&body).map_err(PlainFailure::invalid)
}

/// Lists the modules that State Reset can name.
///
/// The caller is a server with the header `appkey`, or a page with its token for that transaction.
#[utoipa::path(
    post,
    path = paths::STATE_RESET_OPTIONS,
    tag = tags::STATE_RESET,
    operation_id = "stateResetOptions",
    security(("appKey" = []), ("journeyToken" = [])),
    params(
        ("appid" = String, Header, description = "The app."),
        ("transactionid" = String, Header, description = "The transaction."),
        ("workflowid" = String, Header, description = "The workflow."),
    ),
    responses((status = OK, body = JourneyReply<ResetOptionsResult>, description = "The modules."))
)]
pub(super) async fn options(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<JourneyReply<ResetOptionsResult>, JourneyErrorReply> {
    let origin = CallOrigin::of(&sandbox, &request)?;
    let (transaction, command) = options_command(&sandbox, &origin, request.headers()).await?;
    let modules = run(&sandbox, &transaction, &command).await?.into_iter();
    let modules = modules.map(|(module_id, is_saved)| ResetOption { module_id, is_saved }).collect();
    Ok(JourneyReply::ok(ResetOptionsResult { modules }))
}

async fn options_command(
    sandbox: &Sandbox,
    origin: &CallOrigin,
    all: &HeaderMap,
) -> Result<(JourneyRef, ListResetOptions), JourneyErrorReply> {
    if all.contains_key(headers::APP_KEY) {
        let caller = AppCaller::of_headers(sandbox, origin, all).await?;
        let transaction = caller.transaction(headers::transaction_id(all)?);
        let workflow_id = headers::workflow_id(all)?.to_owned();
        return Ok((transaction, ListResetOptions { workflow_id, caller: None }));
    }
    let (caller, transaction) = sandbox.page_caller(bearer(all), None)?;
    let is_own = own(all, headers::APP_ID, &transaction.app_id)
        && own(all, headers::TRANSACTION, &transaction.transaction_id)
        && own(all, headers::WORKFLOW, &caller.token.workflow_id);
    if !is_own {
        return Err(JourneyRefusal::Unauthorized.into());
    }
    let now = transaction.project.clock.now();
    transaction.project.limiter.pass_app(&transaction.app_id, now).map_err(JourneyErrorReply::too_many_requests)?;
    Ok((transaction, ListResetOptions { workflow_id: caller.token.workflow_id.clone(), caller: Some(caller) }))
}

/// Whether a header has that value.
fn own(all: &HeaderMap, name: &str, expected: &str) -> bool {
    headers::text(all, name) == Some(expected)
}
