//! The status of a flow: by POST, or through a WebSocket.

use std::future::ready;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{Extensions, StatusCode};
use axum::response::Response;
use futures_util::{Sink, Stream};
use handset_protocol::Secret;
use handset_protocol::client::Empty;

use super::act::{ClientResult, apply};
use super::socket::{SocketFaults, serve};
use crate::app::client_calls::authenticate;
use crate::app::{AppState, Sandbox};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{AuthenticatedSession, JsonBody};
use crate::http::shared::request::{SocketLifetime, SocketQuery, fault_of};
use handset_sandbox_domain::{PollStatus, Refusal};

/// Maximum size of a client message, in bytes. Clients only send `ping`.
const MESSAGE_BYTES: usize = 1024;
/// Read buffer, in bytes: a ping and a close frame. The default of the library is 128 KiB per socket.
const READ_AHEAD_BYTES: usize = 64;
/// Maximum write buffer, in bytes: a pong, a ping and the result. The library has no default limit.
const UNWRITTEN_BYTES: usize = 4096;

/// `POST /v1/client/status`.
pub(crate) async fn ask(
    State(sandbox): State<Sandbox>,
    session: AuthenticatedSession,
    JsonBody(Empty {}): JsonBody<Empty>,
) -> ClientResult {
    apply(&sandbox, session, &PollStatus).await
}

/// `GET /v1/client/status?token=…`. The credential is in the query, since a page cannot set headers of a WebSocket.
pub(crate) async fn upgrade(
    State(sandbox): State<Sandbox>,
    credentials: Result<Query<SocketQuery>, QueryRejection>,
    extensions: Extensions,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let token = credentials.ok().and_then(|Query(credentials)| credentials.token).ok_or(Refusal::Unauthorized)?;
    let subject = authenticate(&sandbox, token.expose()).await?.handle;
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
    // Acquired before the reply, so that concurrent handshakes cannot exceed the limit.
    let place = sandbox.free_sockets.clone().try_acquire_owned().map_err(|_| ApiError::too_many_sockets())?;
    let open = sandbox.metrics.socket();
    // Before the reply: a fault that is set once the socket is open must apply to it.
    let lifetime = extensions.get::<SocketLifetime>().map(|lifetime| lifetime.0);
    let mut faults =
        SocketFaults { at_once: fault_of(&extensions), lifetime, posted: subject.project.faults.subscribe() };
    Ok(upgrade.on_upgrade(move |mut socket| {
        // A task of its own, no larger than a waiting socket needs; the task of the upgrade ends here.
        let sockets = sandbox.sockets.clone();
        sockets.spawn(async move {
            serve(&sandbox, &subject, &mut socket, &mut faults).await;
            drop((place, open));
        });
        ready(())
    }))
}

/// The authToken is invalid or expired, or its session is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unauthorized;

/// Serves the status socket on any stream of messages, like `GET /v1/client/status` after the handshake.
///
/// # Errors
/// The authToken is invalid or expired, or its session is gone.
pub async fn status_socket<S, E>(state: &AppState, auth_token: &Secret, mut socket: S) -> Result<(), Unauthorized>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let subject = authenticate(&state.0, auth_token.expose()).await.map_err(|_| Unauthorized)?.handle;
    let mut faults = SocketFaults { at_once: None, lifetime: None, posted: subject.project.faults.subscribe() };
    serve(&state.0, &subject, &mut socket, &mut faults).await;
    Ok(())
}
