//! The outputs of a journey.

use axum::extract::{Request, State};
use handset_protocol::journey::paths;
use handset_sandbox_domain::{GetOutput, JourneyOutput, JourneyRefusal};

use super::app_caller::{AppCaller, CallOrigin};
use super::messages::{OutcomeView, OutputDebugInfo, OutputRequest, OutputResult};
use super::plain_failure::PlainFailure;
use super::{body, fields, tags};
use crate::app::Sandbox;
use crate::http::journeys::reply::JourneyReply;
use crate::http::journeys::shared::{members, run};

/// Returns the outputs of a journey: variables, outcomes and status.
#[utoipa::path(
    post,
    path = paths::OUTPUT,
    tag = tags::JOURNEYS,
    operation_id = "output",
    security(("appKey" = [])),
    params(("appid" = String, Header, description = "The app.")),
    request_body(content = OutputRequest),
    responses((status = OK, body = JourneyReply<OutputResult>, description = "The outputs."))
)]
pub(super) async fn output(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<JourneyReply<OutputResult>, PlainFailure> {
    let origin = CallOrigin::of(&sandbox, &request)?;
    let caller = AppCaller::of_headers(&sandbox, &origin, request.headers()).await?;
    let request: OutputRequest = members(body::read_object(request).await?)?;
    let transaction_id = body::required(&fields::TRANSACTION_ID, request.transaction_id.as_deref())?;
    let workflow_id = body::text(&fields::WORKFLOW_ID, request.workflow_id.as_deref())?;
    let sends_debug_info = body::text(&fields::SEND_DEBUG_INFO, request.send_debug_info.as_deref())? == Some("yes");
    let command = GetOutput { workflow_id: workflow_id.map(str::to_owned) };
    let mut output = run(&sandbox, &caller.transaction(transaction_id), &command).await?;
    let latest_module = output.latest_module.take();
    let mut result = result(output)?;
    result.debug_info = sends_debug_info.then_some(OutputDebugInfo { latest_module });
    Ok(JourneyReply::ok(result))
}

/// The outputs on the wire, without the part for a developer.
pub(super) fn result(output: JourneyOutput) -> Result<OutputResult, JourneyRefusal> {
    let JourneyOutput { transaction_id, workflow_id, status, variables, outcomes, latest_module: _ } = output;
    let value = |text: &str| serde_json::from_str(text).map_err(|_| JourneyRefusal::Internal);
    let variables = variables.into_iter().map(|(name, text)| Ok((name, value(text.expose())?)));
    let outcomes = outcomes.into_iter().map(|(module_id, outcome)| {
        let view = OutcomeView { outcome: outcome.value, client_asserted: outcome.is_client_asserted };
        (module_id, view)
    });
    Ok(OutputResult {
        status: status.as_str(),
        transaction_id,
        workflow_id,
        variables: variables.collect::<Result<_, JourneyRefusal>>()?,
        outcomes: outcomes.collect(),
        debug_info: None,
    })
}
