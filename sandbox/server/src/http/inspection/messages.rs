//! `/sandbox/messages`: every SMS and e-mail that the sandbox would have sent, by query, long poll or event stream.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use handset_sandbox_domain::Contact;

use super::fields;
use super::sse::{self, Feed, last_event_id};
use super::views::MessageView;
use crate::app::{Sandbox, Watch};
use crate::http::shared::errors::ApiError;
use crate::http::shared::query;
use crate::http::shared::scope::ProjectExt;
use crate::projects::Project;

/// Maximum duration of a long poll, in seconds.
const LONGEST_WAIT: u64 = 30;

/// Routes to merge into `/sandbox`.
pub(super) fn router() -> Router<Sandbox> {
    Router::new().route("/messages", get(messages)).route("/messages/stream", get(message_stream))
}

/// The query.
#[derive(Default)]
struct MessagesParams {
    /// Only messages to this number or e-mail address, in any notation.
    to: Option<Contact>,
    /// Only messages after this id.
    since: u64,
    /// The time to wait for the first message, in seconds.
    wait: u64,
}

/// Refuses unknown parameters and invalid values, because such a query would wait in vain.
impl<S: Sync> FromRequestParts<S> for MessagesParams {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut params = Self::default();
        for (name, text) in query::of(&parts.uri, &["to", "since", "wait"])? {
            match name.as_str() {
                "to" => params.to = Some(fields::recipient(&text).ok_or_else(|| query::wrong(&fields::TO))?),
                "since" => params.since = query::number(&fields::SINCE, &text)?,
                "wait" => params.wait = query::number(&fields::WAIT, &text)?,
                _ => {}
            }
        }
        Ok(params)
    }
}

/// The messages after `since`. With `wait`, waits up to that time for the first message.
async fn messages(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    MessagesParams { to, since, wait }: MessagesParams,
) -> Result<Json<Vec<MessageView>>, ApiError> {
    let wait = Duration::from_secs(wait.min(LONGEST_WAIT));
    let deadline = tokio::time::Instant::now() + wait;
    let mut arrived = sandbox.watch_messages(&project);
    loop {
        let list = sandbox.messages(&project, to.as_ref(), since).await?;
        if !list.is_empty() || wait.is_zero() {
            return Ok(Json(list.into_iter().map(|stored| MessageView::new(stored.id, stored.message)).collect()));
        }
        tokio::select! {
            biased;
            () = sandbox.shutdown.cancelled() => return Ok(Json(Vec::new())),
            () = arrived.changed() => {}
            () = tokio::time::sleep_until(deadline) => return Ok(Json(Vec::new())),
        }
    }
}

/// The messages as server-sent events.
async fn message_stream(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    headers: HeaderMap,
    MessagesParams { to, since, .. }: MessagesParams,
) -> impl IntoResponse {
    let since = last_event_id(&headers).unwrap_or(since);
    let arrived = sandbox.watch_messages(&project);
    let feed = MessageFeed { arrived, sandbox: sandbox.clone(), project, to, since };
    sse::events(sandbox, feed)
}

/// The messages of a project after `since`, which advances with each read.
struct MessageFeed {
    sandbox: Sandbox,
    project: Arc<Project>,
    arrived: Watch,
    to: Option<Contact>,
    since: u64,
}

impl Feed for MessageFeed {
    type View = MessageView;

    async fn read(&mut self) -> Option<Vec<(u64, MessageView)>> {
        let new = self.sandbox.messages(&self.project, self.to.as_ref(), self.since).await.ok()?;
        self.since = new.last().map_or(self.since, |stored| stored.id);
        Some(new.into_iter().map(|stored| (stored.id, MessageView::new(stored.id, stored.message))).collect())
    }

    async fn changed(&mut self) -> Option<()> {
        self.arrived.changed().await;
        Some(())
    }
}
