//! The accept loop: one task per connection, up to the limit.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::connection;
use crate::limits::ConnectionLimits;
use crate::observer::{ConnectionObserver, ConnectionRejection};
use crate::peer::PeerAddress;
use crate::port::{ConnectionSlot, ListenerContext};
use crate::tls::TlsServer;

/// Serves `service` on a port until `stop` is cancelled and the last connection has ended. `origin` is the port's origin as
/// clients see it.
///
/// # Cancel safety
/// Dropping the future stops accepting connections; open connections continue.
pub async fn serve<S, F>(
    mut listener: TcpListener,
    service: S,
    tls: Option<TlsServer>,
    limits: ConnectionLimits,
    origin: String,
    observer: Arc<dyn ConnectionObserver>,
    stop: CancellationToken,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = F>,
    S: Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
{
    let limit = limits.connections.min(Semaphore::MAX_PERMITS);
    let free = Arc::new(Semaphore::new(limit));
    let tls = tls.map(|tls| TlsAcceptor::from(tls.config));
    let port = Arc::new(ListenerContext { service, limits, tls, origin, observer, stop: stop.clone() });
    let connections = TaskTracker::new();
    loop {
        let (stream, peer): (TcpStream, SocketAddr) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            // Retries after an error.
            accepted = Listener::accept(&mut listener) => accepted,
        };
        let Ok(permit) = free.clone().try_acquire_owned() else {
            port.observer.rejected(ConnectionRejection::TooMany);
            tracing::warn!(limit, "connection limit reached; closing");
            continue;
        };
        let slot = ConnectionSlot { _permit: permit, _open: port.observer.opened() };
        connections.spawn(connection::serve(port.clone(), stream, PeerAddress(peer), slot));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}
