//! What a developer or a test asks the sandbox itself. No CORS, and only from this machine's own names.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::sse;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::carry_through::carry_through;
use super::errors::{ApiError, not_found};
use super::extract::{Body, Wire};
use super::guard::own_site_only;
use super::method::method_not_allowed;
use super::scope::Scope;
use super::{faults, numbers, query, sessions, webhook};
use crate::core::{Phone, Refusal, request::shape_of};
use crate::inbox::{Filter, Shown};
use crate::project::Project;
use crate::state::Sandbox;

/// Longest long poll, in s.
const LONGEST_WAIT: u64 = 30;
/// How often an idle event stream shows that it is alive.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Furthest jump of the clock at once, in s: a year.
const FURTHEST_ADVANCE: u32 = 31_536_000;

/// To be nested at `/sandbox`.
pub(super) fn router(sandbox: Sandbox) -> Router<Sandbox> {
    Router::new()
        .route("/messages", get(messages))
        .route("/messages/stream", get(message_stream))
        .route("/clock", post(advance).layer(from_fn(carry_through)))
        .merge(faults::router())
        .merge(numbers::router())
        .merge(sessions::router())
        .merge(webhook::router().layer(from_fn(carry_through)))
        .route("/reset", post(reset).layer(from_fn(carry_through)))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer((from_fn_with_state(sandbox, own_site_only), from_fn(query::known_only)))
}

/// Which messages are asked for, and how long they may be waited for.
#[derive(Default)]
struct Wanted {
    filter: Filter,
    wait: u64,
}

/// What is asked for by a name or a number that cannot be is refused: whoever waits for it would wait in vain.
impl<S: Sync> FromRequestParts<S> for Wanted {
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
    Scope(project): Scope,
    Wanted { filter, wait }: Wanted,
) -> Result<Json<Vec<Shown>>, ApiError> {
    let wait = Duration::from_secs(wait.min(LONGEST_WAIT));
    let deadline = tokio::time::Instant::now() + wait;
    let mut arrived = project.inbox.subscribe();
    loop {
        let list = sandbox.messages(&project, &filter).await?;
        if !list.is_empty() || wait.is_zero() {
            return Ok(Json(list));
        }
        tokio::select! {
            biased;
            () = sandbox.closing.cancelled() => return Ok(Json(list)),
            _ = arrived.changed() => {}
            () = tokio::time::sleep_until(deadline) => return Ok(Json(list)),
        }
    }
}

/// Server-sent events, one for each message, with its id: a browser that reconnects goes on where it was.
async fn message_stream(
    State(sandbox): State<Sandbox>,
    Scope(project): Scope,
    headers: HeaderMap,
    Wanted { mut filter, .. }: Wanted,
) -> Result<sse::Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    filter.since = last_event_id(&headers).unwrap_or(filter.since);
    let reader = Reader { arrived: project.inbox.subscribe(), sandbox, project, filter, waiting: VecDeque::new() };
    let events = stream::unfold(reader, async |mut reader| {
        let message = reader.next().await?;
        let event = sse::Event::default().id(message.id.to_string()).json_data(&message).unwrap_or_default();
        Some((Ok(event), reader))
    });
    Ok(sse::Sse::new(events).keep_alive(sse::KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Where a stream that is opened again was left.
pub(super) fn last_event_id<T: FromStr>(headers: &HeaderMap) -> Option<T> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// Reads the inbox from where it was left.
struct Reader {
    sandbox: Sandbox,
    project: Arc<Project>,
    arrived: watch::Receiver<()>,
    filter: Filter,
    waiting: VecDeque<Shown>,
}

impl Reader {
    async fn next(&mut self) -> Option<Shown> {
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
                () = self.sandbox.closing.cancelled() => return None,
                changed = self.arrived.changed() => changed.ok()?,
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Advance {
    advance_seconds: u32,
}

impl Wire for Advance {
    const REQUIRED: &'static [&'static str] = &["advanceSeconds"];
}

#[derive(Serialize)]
struct Now {
    /// Epoch ms.
    now: i64,
}

/// Moves the clock that every lifetime runs on.
async fn advance(
    State(sandbox): State<Sandbox>,
    Scope(project): Scope,
    Body(body): Body<Advance>,
) -> Result<Json<Now>, ApiError> {
    if body.advance_seconds > FURTHEST_ADVANCE {
        return Err(Refusal::shape("advanceSeconds", shape_of("advanceSeconds")).into());
    }
    sandbox.advance_clock(&project, body.advance_seconds).await?;
    Ok(Json(Now { now: project.clock.now() }))
}

/// Forgets sessions, messages and faults, and goes back to the machine's time.
async fn reset(State(sandbox): State<Sandbox>, Scope(project): Scope) -> Result<StatusCode, ApiError> {
    sandbox.reset(&project).await?;
    Ok(StatusCode::NO_CONTENT)
}
