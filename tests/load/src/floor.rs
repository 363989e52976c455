//! The floor: axum as the sandbox uses it, without a sandbox behind it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::error::LoadError;

/// Size of the read buffer, in bytes, as in the sandbox: the library's default costs 128 KiB per socket.
const READ_AHEAD_BYTES: usize = 64;

/// The waiting sockets, by number.
type WaitingSockets = Arc<Mutex<HashMap<u64, oneshot::Sender<()>>>>;

/// Prints its address, as the sandbox does, and serves until it is killed.
pub(crate) async fn serve() -> Result<(), LoadError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("floor listening on http://{}", listener.local_addr()?);
    let app = Router::new()
        .route("/echo", post(async |body: Bytes| body))
        .route("/socket/{number}", get(upgrade))
        .route("/wake/{number}", get(wake))
        .with_state(WaitingSockets::default());
    let listener = listener.tap_io(|stream| {
        // As the sandbox does. A failure only makes the connection slower.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

async fn upgrade(
    State(waiting): State<WaitingSockets>,
    Path(number): Path<u64>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.read_buffer_size(READ_AHEAD_BYTES).on_upgrade(move |socket| hold(waiting, number, socket))
}

/// Echoes messages until the socket is woken.
async fn hold(waiting: WaitingSockets, number: u64, mut socket: WebSocket) {
    let (waker, mut woken) = oneshot::channel();
    waiting.lock().insert(number, waker);
    loop {
        tokio::select! {
            biased;
            _ = &mut woken => {
                let _ = socket.send(Message::text("{}")).await;
                return;
            }
            message = socket.recv() => match message {
                Some(Ok(message @ Message::Text(_))) => {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                _ => return,
            },
        }
    }
}

async fn wake(State(waiting): State<WaitingSockets>, Path(number): Path<u64>) -> StatusCode {
    match waiting.lock().remove(&number) {
        Some(waker) => {
            // The waiting socket may be closed.
            let _ = waker.send(());
            StatusCode::OK
        }
        None => StatusCode::NOT_FOUND,
    }
}
