//! `/sandbox/journeys`: the transactions of a project, and one of them whole, with its timeline.

use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};

use super::views::{JourneyListView, JourneyView};
use crate::app::journeys::JourneyRef;
use crate::app::{Sandbox, inspection};
use crate::http::shared::errors::ApiError;
use crate::http::shared::query;
use crate::http::shared::scope::ProjectExt;

/// The app of a request that names none.
const DEFAULT_APP: &str = "sandbox-app";
/// The parameter with the app.
const APP_ID: &str = "appId";

/// Routes to merge into `/sandbox`.
pub(super) fn router() -> Router<Sandbox> {
    Router::new().route("/journeys", get(list)).route("/journeys/{transaction_id}", get(show))
}

async fn list(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
) -> Result<Json<JourneyListView>, ApiError> {
    Ok(Json(JourneyListView::new(inspection::journeys(&sandbox, &project).await?)))
}

async fn show(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    OriginalUri(uri): OriginalUri,
    Path(transaction_id): Path<String>,
) -> Result<Json<JourneyView>, ApiError> {
    let given = query::of(&uri, &[APP_ID])?.into_iter().next();
    let app_id = given.map_or_else(|| DEFAULT_APP.to_owned(), |(_, app_id)| app_id);
    let at = JourneyRef { project, app_id, transaction_id };
    let found = inspection::journey(&sandbox, &at).await?;
    let (transaction, timeline) =
        found.ok_or_else(|| ApiError::http(StatusCode::NOT_FOUND, "no such transaction of the app"))?;
    Ok(Json(JourneyView::new(&transaction, &timeline)))
}
