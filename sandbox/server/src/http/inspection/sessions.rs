//! `/sandbox/sessions`: a session, and its timeline as an event stream.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use super::sse::{self, Feed, last_event_id};
use super::views::{SessionView, TimelineEventView};
use crate::app::{AppError, Sandbox, Watch, inspection};
use crate::http::shared::errors::ApiError;
use crate::http::shared::scope::ProjectExt;
use crate::projects::Project;
use handset_sandbox_domain::Session;

/// Routes to merge into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/sessions/{correlation_id}", get(show)).route("/sessions/{correlation_id}/stream", get(follow))
}

async fn find(sandbox: &Sandbox, project: &Project, correlation_id: &str) -> Result<Arc<Session>, ApiError> {
    inspection::session(sandbox, project, correlation_id).await.map_err(not_found)
}

/// A refusal of an unknown session has the status 404 here.
fn not_found(error: AppError) -> ApiError {
    match error {
        AppError::Refused(refusal) => ApiError::from(refusal).with_status(StatusCode::NOT_FOUND),
        failed => failed.into(),
    }
}

async fn show(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    Path(correlation_id): Path<String>,
) -> Result<Json<SessionView>, ApiError> {
    let auth_id = find(&sandbox, &project, &correlation_id).await?.auth_id.clone();
    let timeline = inspection::timeline(&sandbox, &auth_id, 0).await.map_err(not_found)?;
    // Read last, so that the state is not older than the events.
    let session = find(&sandbox, &project, &correlation_id).await?;
    Ok(Json(SessionView::new(&session, &timeline)))
}

/// The timeline as server-sent events.
async fn follow(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    Path(correlation_id): Path<String>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let auth_id = find(&sandbox, &project, &correlation_id).await?.auth_id.clone();
    let last_id = last_event_id(&headers).unwrap_or(0);
    let watch = sandbox.watch_timeline(&auth_id);
    let feed = TimelineFeed { watch, sandbox: sandbox.clone(), _project: project, auth_id, last_id };
    Ok(sse::events(sandbox, feed))
}

/// The events of a timeline after `last_id`, which advances with each read. Ends when the session is deleted.
struct TimelineFeed {
    sandbox: Sandbox,
    /// Held so that the project is not evicted while the stream is open.
    _project: Arc<Project>,
    watch: Watch,
    auth_id: String,
    last_id: u32,
}

impl Feed for TimelineFeed {
    type View = TimelineEventView;

    async fn read(&mut self) -> Option<Vec<(u64, TimelineEventView)>> {
        let new = inspection::timeline(&self.sandbox, &self.auth_id, self.last_id).await.ok()?;
        self.last_id = new.last().map_or(self.last_id, |event| event.id);
        Some(new.iter().map(|event| (event.id.into(), event.into())).collect())
    }

    async fn changed(&mut self) -> Option<()> {
        self.watch.changed().await;
        Some(())
    }
}
