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

#[cfg(test)]
mod tests {
    use std::any::Any;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tower::service_fn;

    use super::*;

    struct IdleObserver;

    impl ConnectionObserver for IdleObserver {
        fn opened(&self) -> Box<dyn Any + Send> {
            Box::new(())
        }

        fn rejected(&self, _: ConnectionRejection) {}
    }

    #[tokio::test]
    async fn a_request_has_the_address_of_its_client() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let service = service_fn(async |request: Request<Body>| {
            let peer = request.extensions().get::<PeerAddress>().map(|peer| peer.0.to_string());
            Ok(Response::new(Body::from(peer.unwrap_or_default())))
        });
        let second = Duration::from_secs(1);
        let limits = ConnectionLimits { head: second, head_bytes: 9000, body: second, write: second, connections: 1 };
        let (observer, stop) = (Arc::new(IdleObserver), CancellationToken::new());
        let server = tokio::spawn(serve(listener, service, None, limits, String::new(), observer, stop.clone()));
        let mut client = TcpStream::connect(address).await?;
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await?;
        let mut reply = String::new();
        client.read_to_string(&mut reply).await?;
        assert!(reply.ends_with(&format!("\r\n\r\n{}", client.local_addr()?)), "{reply}");
        stop.cancel();
        server.await?;
        Ok(())
    }
}
