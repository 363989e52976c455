//! `/sandbox/apps`: lists, shows and sets the apps of a project, whose servers call about journeys. A key is never returned.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use handset_protocol::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields;
use super::views::AppView;
use crate::app::Sandbox;
use crate::http::shared::detach::RunToCompletion;
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{JsonBody, RequestBody};
use crate::http::shared::scope::ProjectExt;
use crate::projects::{Allowlist, App};
use handset_sandbox_domain::Refusal;
use handset_sandbox_domain::request::expected_at;

/// Routes to merge into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/apps", get(list)).route("/apps/{app_id}", get(show).put(set).layer(RunToCompletion))
}

/// The members as they were sent.
#[derive(Deserialize)]
struct AppBody(Map<String, Value>);

impl RequestBody for AppBody {
    const REQUIRED: &'static [&'static str] = &["appKey", "allowlist"];
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppRequest {
    app_key: Secret,
    name: Option<String>,
    allowlist: Vec<String>,
}

async fn list(State(_): State<Sandbox>, ProjectExt(project): ProjectExt) -> Json<Vec<AppView>> {
    Json(project.apps.list().iter().map(|app| AppView::from(&**app)).collect())
}

async fn show(ProjectExt(project): ProjectExt, Path(app_id): Path<String>) -> Result<Json<AppView>, ApiError> {
    let app = project.apps.get(&app_id).ok_or_else(|| ApiError::http(StatusCode::NOT_FOUND, "no such app"))?;
    Ok(Json(AppView::from(&*app)))
}

async fn set(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    Path(app_id): Path<String>,
    JsonBody(AppBody(members)): JsonBody<AppBody>,
) -> Result<Json<AppView>, ApiError> {
    let app = sandbox.put_app(&project, read(app_id, members)?).await?;
    Ok(Json(AppView::from(&*app)))
}

/// Reads an app. Unknown members are refused, because a typo would silently change the test.
fn read(id: String, members: Map<String, Value>) -> Result<App, Refusal> {
    if !fields::APP_ID.accepts(&id) {
        return Err(Refusal::BadRequest(format!("the id in the path must be {}", fields::APP_ID.expected())));
    }
    if let Some(unknown) = members.keys().find(|member| fields::APP.iter().all(|field| field.name != *member)) {
        return Err(Refusal::BadRequest(format!("field '{unknown}' is unknown")));
    }
    let request = serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let member = error.path().to_string();
        Refusal::shape(&member, &expected_at(fields::APP, &member))
    });
    let AppRequest { app_key, name, allowlist } = request?;
    if !fields::APP_KEY.accepts(app_key.expose()) {
        return Err(fields::APP_KEY.refusal());
    }
    if name.as_deref().is_some_and(|name| !fields::APP_NAME.accepts(name)) {
        return Err(fields::APP_NAME.refusal());
    }
    if !fields::ALLOWLIST.accepts_length(allowlist.len()) {
        return Err(fields::ALLOWLIST.refusal());
    }
    let allowlist = Allowlist::parse(&allowlist)
        .map_err(|place| Refusal::shape(&format!("{}[{place}]", fields::ALLOWLIST.name), Allowlist::ENTRY))?;
    Ok(App { name: name.unwrap_or_else(|| id.clone()), id, key: app_key, allowlist })
}
