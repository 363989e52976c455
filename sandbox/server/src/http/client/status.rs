//! How a flow stands: asked by POST, or told through a socket.

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{Extensions, StatusCode};
use axum::response::Response;
use futures_util::{Sink, Stream};
use handset_protocol::Secret;
use handset_protocol::client::Empty;

use super::act::{ClientResult, apply_event};
use super::socket::{SocketFaults, serve};
use crate::app::client_calls::authenticate;
use crate::app::{AppState, Sandbox};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{AuthenticatedSession, JsonBody};
use crate::http::shared::request::{SocketLifetime, SocketQuery, fault_of};
use handset_sandbox_domain::{Refusal, SessionEvent};

/// Longest message of a client, in bytes: all it has to say is `ping`.
const MESSAGE_BYTES: usize = 1024;
/// What is read ahead, in bytes. The library's 128 KiB for each socket would be for nothing.
const READ_AHEAD_BYTES: usize = 256;
/// Most that waits to be written, in bytes: a pong, a ping, and how the flow ended. The library has no bound of its own.
const UNWRITTEN_BYTES: usize = 4096;

/// `POST /v1/client/status`.
pub(crate) async fn ask(
    State(sandbox): State<Sandbox>,
    flow: AuthenticatedSession,
    JsonBody(Empty {}): JsonBody<Empty>,
) -> ClientResult {
    apply_event(&sandbox, &flow, &SessionEvent::Status).await
}

/// `GET /v1/client/status?token=…`. The query is the only credential: a page cannot set a socket's headers.
pub(crate) async fn upgrade(
    State(sandbox): State<Sandbox>,
    credentials: Result<Query<SocketQuery>, QueryRejection>,
    extensions: Extensions,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let token = credentials.ok().and_then(|Query(credentials)| credentials.token).ok_or(Refusal::Unauthorized)?;
    let subject = authenticate(&sandbox, token.expose()).await?;
    let upgrade = upgrade.map_err(|rejection| {
        let expected = "a WebSocket handshake is needed here";
        match rejection.status() {
            StatusCode::BAD_REQUEST => Refusal::BadRequest(expected.to_owned()).into(),
            status => ApiError::http(status, expected),
        }
    })?;
    let upgrade = upgrade
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .read_buffer_size(READ_AHEAD_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(UNWRITTEN_BYTES);
    // Taken before the reply, so that handshakes at once are not more than there are places.
    let place = sandbox.free_sockets.clone().try_acquire_owned().map_err(|_| ApiError::too_many_sockets())?;
    let open = sandbox.metrics.socket();
    // Before the reply: whoever sees the socket open and then posts a fault must hit it.
    let lifetime = extensions.get::<SocketLifetime>().map(|lifetime| lifetime.0);
    let faults = SocketFaults { at_once: fault_of(&extensions), lifetime, posted: subject.project.faults.subscribe() };
    let sockets = sandbox.sockets.clone();
    let serve = async move |socket| {
        serve(&sandbox, &subject, socket, faults).await;
        drop((place, open));
    };
    Ok(upgrade.on_upgrade(move |socket| sockets.track_future(serve(socket))))
}

/// The authToken is bad or expired, or its session gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unauthorized;

/// Serves the status socket on any stream of messages, as `GET /v1/client/status` does after the handshake.
pub async fn status_socket<S, E>(state: &AppState, auth_token: &Secret, socket: S) -> Result<(), Unauthorized>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let subject = authenticate(&state.0, auth_token.expose()).await.map_err(|_| Unauthorized)?;
    let faults = SocketFaults { at_once: None, lifetime: None, posted: subject.project.faults.subscribe() };
    serve(&state.0, &subject, socket, faults).await;
    Ok(())
}
