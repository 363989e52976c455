//! `/sandbox/workflows`: lists, shows, sets and deletes the workflows of a project. Definitions are checked in `workflows`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields;
use super::views::WorkflowEntryView;
use crate::app::Sandbox;
use crate::http::shared::detach::RunToCompletion;
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{JsonBody, RequestBody};
use crate::http::shared::scope::ProjectExt;
use handset_sandbox_domain::Refusal;

/// Routes to merge into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    let of_one = get(show).put(set).delete(delete).layer(RunToCompletion);
    Router::new().route("/workflows", get(list)).route("/workflows/{workflow_id}", of_one)
}

/// The members as they were sent.
#[derive(Deserialize)]
struct WorkflowBody(Map<String, Value>);

impl RequestBody for WorkflowBody {
    const MAX_BYTES: usize = 64 * 1024;
}

async fn list(State(sandbox): State<Sandbox>, ProjectExt(project): ProjectExt) -> Json<Vec<WorkflowEntryView>> {
    Json(sandbox.list_workflows(&project).into_iter().map(WorkflowEntryView::from).collect())
}

/// The definition as it was written.
async fn show(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    Path(workflow_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let definition = sandbox.workflow_definition(&project, &workflow_id);
    definition.map(|definition| Json(definition.source.clone())).ok_or_else(|| not_found("no such workflow"))
}

/// `id` of the body may be absent: the path has it.
async fn set(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    Path(workflow_id): Path<String>,
    JsonBody(WorkflowBody(mut members)): JsonBody<WorkflowBody>,
) -> Result<Json<Value>, ApiError> {
    let id = members.entry(fields::WORKFLOW_ID.name).or_insert_with(|| workflow_id.clone().into());
    if id.as_str().is_some_and(|id| id != workflow_id) {
        return Err(Refusal::shape(fields::WORKFLOW_ID.name, "the id in the path, or absent").into());
    }
    let definition = sandbox.put_workflow(&project, Value::Object(members)).await?;
    Ok(Json(definition.source.clone()))
}

async fn delete(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    Path(workflow_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match sandbox.delete_workflow(&project, &workflow_id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(not_found("the project has no such workflow of its own")),
    }
}

fn not_found(message: &str) -> ApiError {
    ApiError::http(StatusCode::NOT_FOUND, message)
}
