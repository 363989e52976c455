//! `/sandbox/messages`: every SMS that would have been sent.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::sse;
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{Stream, stream};
use handset_sandbox_domain::Phone;
use tokio::sync::watch;

use super::sse::{KEEP_ALIVE, last_event_id};
use crate::app::Sandbox;
use crate::http::shared::errors::ApiError;
use crate::http::shared::query;
use crate::http::shared::scope::ProjectExt;
use crate::projects::{MessageQuery, MessageView, Project};

/// Longest long poll, in s.
const LONGEST_WAIT: u64 = 30;

/// To be merged into `/sandbox`.
pub(super) fn router() -> Router<Sandbox> {
    Router::new().route("/messages", get(messages)).route("/messages/stream", get(message_stream))
}

/// Which messages are asked for, and how long they may be waited for.
#[derive(Default)]
struct MessagesParams {
    filter: MessageQuery,
    wait: u64,
}

/// What is asked for by a name or a number that cannot be is refused: whoever waits for it would wait in vain.
impl<S: Sync> FromRequestParts<S> for MessagesParams {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut wanted = Self::default();
        for (name, text) in query::of(&parts.uri, &["to", "since", "wait"])? {
            match name.as_str() {
                // In a query, the `+` of a number that was not percent-encoded has become a blank.
                "to" => {
                    let to = text.strip_prefix(' ').map_or(text.clone(), |digits| format!("+{digits}"));
                    let number = Phone::parse(&to.as_str().into());
                    wanted.filter.to = Some(number.ok_or_else(|| query::wrong("to", Phone::SHAPE))?);
                }
                "since" => wanted.filter.since = query::whole(&name, &text, "the id of a message")?,
                "wait" => wanted.wait = query::whole(&name, &text, "seconds")?,
                _ => {}
            }
        }
        Ok(wanted)
    }
}

/// The messages after `since`; with `wait`, it waits that long for the first.
async fn messages(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    MessagesParams { filter, wait }: MessagesParams,
) -> Result<Json<Vec<MessageView>>, ApiError> {
    let wait = Duration::from_secs(wait.min(LONGEST_WAIT));
    let deadline = tokio::time::Instant::now() + wait;
    let mut arrived = project.messages.subscribe();
    loop {
        let list = sandbox.messages(&project, &filter).await?;
        if !list.is_empty() || wait.is_zero() {
            return Ok(Json(list));
        }
        tokio::select! {
            biased;
            () = sandbox.shutdown.cancelled() => return Ok(Json(list)),
            _ = arrived.changed() => {}
            () = tokio::time::sleep_until(deadline) => return Ok(Json(list)),
        }
    }
}

/// Server-sent events, one for each message, with its id: a browser that reconnects goes on where it was.
async fn message_stream(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    headers: HeaderMap,
    MessagesParams { mut filter, .. }: MessagesParams,
) -> Result<sse::Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    filter.since = last_event_id(&headers).unwrap_or(filter.since);
    let reader =
        MessageReader { arrived: project.messages.subscribe(), sandbox, project, filter, waiting: VecDeque::new() };
    let events = stream::unfold(reader, async |mut reader| {
        let message = reader.next().await?;
        let event = sse::Event::default().id(message.id.to_string()).json_data(&message).unwrap_or_default();
        Some((Ok(event), reader))
    });
    Ok(sse::Sse::new(events).keep_alive(sse::KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Reads the inbox from where it was left.
struct MessageReader {
    sandbox: Sandbox,
    project: Arc<Project>,
    arrived: watch::Receiver<()>,
    filter: MessageQuery,
    waiting: VecDeque<MessageView>,
}

impl MessageReader {
    async fn next(&mut self) -> Option<MessageView> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            self.waiting = self.sandbox.messages(&self.project, &self.filter).await.ok()?.into();
            if let Some(newest) = self.waiting.back() {
                self.filter.since = newest.id;
                continue;
            }
            tokio::select! {
                biased;
                () = self.sandbox.shutdown.cancelled() => return None,
                changed = self.arrived.changed() => changed.ok()?,
            }
        }
    }
}
