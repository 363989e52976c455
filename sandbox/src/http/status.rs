//! How a flow stands: asked by POST, or told through a socket.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use handset_protocol::client::{Empty, Reply};
use handset_protocol::{Secret, steps};
use serde::Deserialize;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::client_api::act;
use super::errors::ApiError;
use super::extract::{Body, Flow, flow_of};
use crate::AppState;
use crate::core::{Effect, Event, Outcome, Refusal, Sight, What};
use crate::state::{Sandbox, Shared};

/// How often the server pings, so that nothing in between takes the connection for dead.
const PING: Duration = Duration::from_secs(30);
/// How long a client may be silent: hidden tabs throttle a ping of every 30 s.
const SILENCE: Duration = Duration::from_secs(150);
/// How long a client may take to answer a close.
const LINGER: Duration = Duration::from_secs(2);
/// Longest message of a client, in bytes: all it has to say is `ping`.
const MESSAGE_BYTES: usize = 1024;
/// What is read ahead, in bytes. The library's 128 KiB for each socket would be for nothing.
const READ_AHEAD_BYTES: usize = 4096;

#[derive(Deserialize)]
pub(super) struct Credentials {
    token: Option<Secret>,
}

/// `POST /v1/client/status`.
pub(super) async fn ask(
    State(sandbox): State<Sandbox>,
    flow: Flow,
    Body(Empty {}): Body<Empty>,
) -> Result<Json<Reply>, ApiError> {
    act(&sandbox, &flow, &Event::Status).await
}

/// `GET /v1/client/status?token=…`. The query is the only credential: a page cannot set a socket's headers.
pub(super) async fn upgrade(
    State(sandbox): State<Sandbox>,
    credentials: Result<Query<Credentials>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let token = credentials.ok().and_then(|Query(credentials)| credentials.token).ok_or(Refusal::Unauthorized)?;
    let auth_id = flow_of(&sandbox, token.expose()).await?;
    let upgrade = upgrade.map_err(|rejection| {
        let expected = "a WebSocket handshake is needed here";
        match rejection.status() {
            StatusCode::BAD_REQUEST => Refusal::BadRequest(expected.to_owned()).into(),
            status => ApiError::http(status, expected),
        }
    })?;
    let upgrade =
        upgrade.max_message_size(MESSAGE_BYTES).max_frame_size(MESSAGE_BYTES).read_buffer_size(READ_AHEAD_BYTES);
    let sockets = sandbox.sockets.clone();
    Ok(upgrade.on_upgrade(move |socket| sockets.track_future(async move { serve(&sandbox, &auth_id, socket).await })))
}

/// The authToken is bad or expired, or its session gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unauthorized;

/// Serves the status socket on any stream of messages, as `GET /v1/client/status` does after the handshake.
pub async fn status_socket<S, E>(state: &AppState, auth_token: &Secret, socket: S) -> Result<(), Unauthorized>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let auth_id = flow_of(&state.0, auth_token.expose()).await.map_err(|_| Unauthorized)?;
    serve(&state.0, &auth_id, socket).await;
    Ok(())
}

/// Tells how the flow ends, once, then closes.
async fn serve<S, E>(sandbox: &Shared, auth_id: &str, mut socket: S)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let open = [Sight::of_module(What::SocketOpen, None), Sight::to_module(What::SocketOpen, Some(Outcome::Accepted))];
    sandbox.note(auth_id, &open).await;
    let end = converse(sandbox, auth_id, &mut socket).await;
    let seen = |sight| async move { sandbox.note(auth_id, &[sight]).await };
    match end {
        End::Settled(text, outcome) => {
            seen(Sight::to_module(What::SocketDone, Some(outcome))).await;
            if socket.send(Message::Text(text)).await.is_ok() {
                close(&mut socket, close_code::NORMAL).await;
            }
        }
        End::Closed(code, outcome) => {
            seen(Sight::to_module(What::SocketClosed, Some(outcome))).await;
            close(&mut socket, code).await;
        }
        End::Unreadable => {
            let frame = CloseFrame { code: close_code::POLICY, reason: Utf8Bytes::default() };
            if socket.send(Message::Close(Some(frame))).await.is_ok() {
                seen(Sight::to_module(What::SocketClosed, Some(Outcome::BadFrame))).await;
                drain(&mut socket).await;
            } else {
                seen(Sight::of_module(What::SocketClosed, Some(Outcome::Dropped))).await;
            }
        }
        End::ClosedByPage => {
            seen(Sight::of_module(What::SocketClosed, None)).await;
            // Its close is answered by reading on.
            drain(&mut socket).await;
        }
        End::Gone => seen(Sight::of_module(What::SocketClosed, Some(Outcome::Dropped))).await,
    }
}

/// Why a socket ends.
enum End {
    /// The flow did: this is told.
    Settled(Utf8Bytes, Outcome),
    /// From here, with that code.
    Closed(u16, Outcome),
    /// The page has closed it.
    ClosedByPage,
    /// The connection is no more.
    Gone,
    /// What came was too long, or no WebSocket at all, or the connection broke.
    Unreadable,
}

/// Answers pings until there is a reason to end.
async fn converse<S, E>(sandbox: &Shared, auth_id: &str, socket: &mut S) -> End
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let mut watch = sandbox.watchers.watch(auth_id);
    let mut pings = interval_at(Instant::now() + PING, PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent_at = Instant::now() + SILENCE;
    loop {
        let lapses_at = match standing(sandbox, auth_id).await {
            Ok(Standing::Pending { lapses_at }) => lapses_at,
            Ok(Standing::Settled(text, outcome)) => return End::Settled(text, outcome),
            Err(code) => return End::Closed(code, Outcome::Ending),
        };
        // Runs until the session may have changed.
        loop {
            let sent = tokio::select! {
                biased;
                () = sandbox.closing.cancelled() => return End::Closed(close_code::AWAY, Outcome::Ending),
                () = watch.changed() => break,
                () = sandbox.clock.sleep_until(lapses_at) => break,
                message = socket.next() => {
                    silent_at = Instant::now() + SILENCE;
                    match message {
                        Some(Ok(Message::Text(text))) if text.as_str() == "ping" => {
                            let ping = Sight::of_module(What::SocketPing, None);
                            sandbox.note(auth_id, &[ping, Sight::to_module(What::SocketPong, None)]).await;
                            socket.send(Message::Text(Utf8Bytes::from_static("pong"))).await
                        }
                        Some(Ok(Message::Binary(_))) => {
                            return End::Closed(close_code::UNSUPPORTED, Outcome::BadFrame);
                        }
                        Some(Ok(Message::Close(_))) => return End::ClosedByPage,
                        None => return End::Gone,
                        Some(Ok(_)) => Ok(()),
                        Some(Err(_)) => return End::Unreadable,
                    }
                }
                _ = pings.tick() => socket.send(Message::Ping(Default::default())).await,
                () = sleep_until(silent_at) => return End::Closed(close_code::AWAY, Outcome::Silent),
            };
            if sent.is_err() {
                return End::Gone;
            }
        }
    }
}

enum Standing {
    Pending { lapses_at: i64 },
    Settled(Utf8Bytes, Outcome),
}

/// How the flow stands now, or with which code to close where that cannot be said.
async fn standing(sandbox: &Shared, auth_id: &str) -> Result<Standing, u16> {
    let answer = sandbox.act(auth_id, &Event::Standing).await.map_err(|_| close_code::ERROR)?;
    let Some(Effect::Reply(reply)) = answer else {
        return Err(close_code::AWAY);
    };
    if reply.next.as_deref() != Some(steps::ENDED) {
        let outcome = if reply.error.is_none() { Outcome::Passed } else { Outcome::Failed };
        let told = Reply { next: reply.next, error: reply.error, ..Reply::default() };
        let text = serde_json::to_string(&told).map_err(|_| close_code::ERROR)?;
        return Ok(Standing::Settled(text.into(), outcome));
    }
    let session = sandbox.store.get(auth_id).await.map_err(|_| close_code::ERROR)?.ok_or(close_code::AWAY)?;
    // Settled in between: there is a wake-up waiting.
    Ok(Standing::Pending { lapses_at: session.lapses_at().unwrap_or(i64::MAX) })
}

/// Closes, and waits a moment for the other side to do the same: dropping the connection could lose what was sent.
async fn close<S, E>(socket: &mut S, code: u16)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let frame = CloseFrame { code, reason: Utf8Bytes::default() };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        drain(socket).await;
    }
}

async fn drain<S, E>(socket: &mut S)
where
    S: Stream<Item = Result<Message, E>> + Unpin,
{
    // Whoever does not end in time is cut off.
    let _ = timeout(LINGER, async { while let Some(Ok(_)) = socket.next().await {} }).await;
}
