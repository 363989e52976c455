//! Connections: who gets one, how long they may take, and TLS.
//!
//! `axum::serve` has no limit for connections or slow clients, and no TLS. This is hyper's HTTP/1.1, for plain and
//! encrypted connections alike; sockets need 1.1 anyway.

pub(crate) mod breakable;
mod connection;
pub(crate) mod deadline;
mod local_ca;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Limits, Origin};
use crate::metrics::{Open, Refused};
use crate::state::Sandbox;
use crate::{AppState, app};

pub use tls::{TlsError, TlsServer, tls_server};

/// What every connection shares.
struct Port {
    app: Router,
    sandbox: Sandbox,
    limits: Limits,
    tls: Option<TlsAcceptor>,
    origin: Origin,
    stop: CancellationToken,
}

/// What a connection takes up for as long as it is open.
struct Place {
    _permit: OwnedSemaphorePermit,
    _open: Open,
}

/// Serves [`app`] on a port until `stop` is cancelled and the last connection has ended.
pub async fn serve(mut listener: TcpListener, state: AppState, tls: Option<TlsServer>, stop: CancellationToken) {
    let limits = state.0.config.limits;
    let free = Arc::new(Semaphore::new(count(limits.connections)));
    let port = Arc::new(Port {
        app: app(state.clone()),
        limits,
        tls: tls.map(|tls| TlsAcceptor::from(tls.config)),
        origin: state.0.origin.clone(),
        sandbox: state.0,
        stop: stop.clone(),
    });
    let connections = TaskTracker::new();
    loop {
        let stream: TcpStream = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            // Goes on after an error.
            (stream, _) = Listener::accept(&mut listener) => stream,
        };
        let Ok(permit) = free.clone().try_acquire_owned() else {
            port.sandbox.metrics.refused(Refused::TooMany);
            tracing::warn!(limit = limits.connections, "a connection too many was closed");
            continue;
        };
        let place = Place { _permit: permit, _open: port.sandbox.metrics.connection() };
        connections.spawn(connection::serve(port.clone(), stream, place));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS)
}

fn seconds(limit: u32) -> Duration {
    Duration::from_secs(limit.into())
}
