//! A session as the inspection shows it, and its timeline as it grows.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse;
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{Stream, stream};
use handset_protocol::UnixMillis;
use serde::Serialize;

use super::sse::{KEEP_ALIVE, last_event_id};
use crate::app::watchers::Watch;
use crate::app::{AppError, Sandbox, inspection};
use crate::http::shared::errors::ApiError;
use crate::http::shared::scope::ProjectExt;
use crate::projects::Project;
use handset_sandbox_domain::{LinkState, Possession, SentLink, Session, TimelineEvent};

/// To be merged into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/sessions/{correlation_id}", get(show)).route("/sessions/{correlation_id}/stream", get(follow))
}

async fn find(sandbox: &Sandbox, project: &Project, correlation_id: &str) -> Result<Session, ApiError> {
    inspection::session(sandbox, project, correlation_id).await.map_err(|error| match error {
        AppError::Refused(refusal) => ApiError::from(refusal).with_status(StatusCode::NOT_FOUND),
        failed => failed.into(),
    })
}

async fn show(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    Path(correlation_id): Path<String>,
) -> Result<Json<SessionView>, ApiError> {
    Ok(Json(SessionView::from(find(&sandbox, &project, &correlation_id).await?)))
}

/// Server-sent events, one for each moment, with its id: a browser that reconnects goes on where it was.
async fn follow(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    Path(correlation_id): Path<String>,
    headers: HeaderMap,
) -> Result<sse::Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    let auth_id = find(&sandbox, &project, &correlation_id).await?.auth_id;
    let last_id = last_event_id(&headers).unwrap_or(0);
    let watch = sandbox.timeline_watchers.watch(&auth_id);
    let reader = TimelineReader { watch, sandbox, _project: project, auth_id, last_id, waiting: VecDeque::new() };
    let events = stream::unfold(reader, async |mut reader| {
        let moment = reader.next().await?;
        let event = sse::Event::default().id(moment.id.to_string()).json_data(&moment).unwrap_or_default();
        Some((Ok(event), reader))
    });
    Ok(sse::Sse::new(events).keep_alive(sse::KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Reads a timeline from where it was left.
struct TimelineReader {
    sandbox: Sandbox,
    /// One that somebody follows is not forgotten.
    _project: Arc<Project>,
    watch: Watch,
    auth_id: String,
    last_id: u32,
    waiting: VecDeque<TimelineEvent>,
}

impl TimelineReader {
    /// `None`: the sandbox is ending, or has forgotten the session.
    async fn next(&mut self) -> Option<TimelineEvent> {
        loop {
            if let Some(moment) = self.waiting.pop_front() {
                self.last_id = moment.id;
                return Some(moment);
            }
            let session = inspection::reload_session(&self.sandbox, &self.auth_id).await?;
            self.waiting = session.timeline.after(self.last_id).to_vec().into();
            if !self.waiting.is_empty() {
                continue;
            }
            tokio::select! {
                biased;
                () = self.sandbox.shutdown.cancelled() => return None,
                () = self.watch.changed() => {}
            }
        }
    }
}

/// A session without its secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionView {
    correlation_id: String,
    auth_id: String,
    client_id: String,
    flow_type: &'static str,
    /// `pending`, `passed` or `failed`.
    state: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'static str>,
    /// The step that is waited for, or `done`.
    step: &'static str,
    /// How far the relying party's server has come: `started`, `validated` or `ended`.
    journey: &'static str,
    numbers_given: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u8>,
    links: Vec<LinkView>,
    created_at: UnixMillis,
    expires_at: UnixMillis,
    /// When what was sent last is no longer good.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_expires_at: Option<UnixMillis>,
    timeline: Vec<TimelineEvent>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkView {
    /// `live`, `used` or `replaced`.
    state: &'static str,
    sent_at: UnixMillis,
    expires_at: UnixMillis,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        let (state, failure) = match session.possession {
            Possession::Passed => ("passed", None),
            Possession::Failed(failure) => ("failed", Some(failure.message())),
            _ => ("pending", None),
        };
        let attempts_left = match &session.possession {
            Possession::Otp(otp) => Some(session.policy.tries().saturating_sub(otp.wrong)),
            _ => None,
        };
        let link = |link: &SentLink| LinkView {
            state: match link.state {
                LinkState::Live => "live",
                LinkState::Used => "used",
                LinkState::Replaced => "replaced",
            },
            sent_at: link.sent_at,
            expires_at: link.expires_at,
        };
        Self {
            flow_type: session.flow_type.as_str(),
            state,
            failure,
            step: session.possession.step(),
            journey: session.stage.as_str(),
            numbers_given: session.numbers_given,
            attempts_left,
            links: session.links.iter().map(link).collect(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            sent_expires_at: session.challenge_expires_at(),
            timeline: session.timeline.events().to_vec(),
            correlation_id: session.correlation_id,
            auth_id: session.auth_id,
            client_id: session.client_id,
        }
    }
}
