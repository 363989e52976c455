//! One connection: TLS handshake, HTTP/1.1, and the reply to plain http on a TLS port.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, timeout};
use tokio_io_timeout::TimeoutWriter;
use tower::Service;

use crate::deadline::BodyDeadline;
use crate::observer::ConnectionRejection;
use crate::peer::PeerAddress;
use crate::port::{ConnectionSlot, ListenerContext};
use crate::resettable::Connection;

/// The first byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;
/// Time limit for a rejected client to read the reply.
const REJECTION_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves one connection until it ends.
pub(crate) async fn serve<S, F>(
    port: Arc<ListenerContext<S>>,
    stream: TcpStream,
    peer: PeerAddress,
    slot: ConnectionSlot,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = F>,
    S: Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
{
    // Messages are short and latency matters.
    let _ = stream.set_nodelay(true);
    match &port.tls {
        None => {
            let (connection, stream) = Connection::split(stream, slot);
            http(&port, connection, peer, with_write_timeout(&port, stream)).await;
        }
        Some(acceptor) => {
            let handshake = async {
                let mut first = [0];
                if stream.peek(&mut first).await? == 1 && first != [TLS_HANDSHAKE] {
                    return Ok(Err((stream, slot)));
                }
                let (connection, stream) = Connection::split(stream, slot);
                Ok::<_, io::Error>(Ok((connection, acceptor.accept(with_write_timeout(&port, stream)).await?)))
            };
            match timeout(port.limits.head, handshake).await {
                Ok(Ok(Ok((connection, stream)))) => http(&port, connection, peer, stream).await,
                Ok(Ok(Err((stream, _slot)))) => {
                    port.observer.rejected(ConnectionRejection::PlainHttp);
                    reject_plain_http(&port, stream).await;
                }
                Ok(Err(error)) => {
                    port.observer.rejected(ConnectionRejection::TlsHandshake);
                    tracing::debug!(%error, "TLS handshake failed");
                }
                Err(_) => {
                    port.observer.rejected(ConnectionRejection::TlsHandshake);
                    tracing::debug!("TLS handshake timed out");
                }
            }
        }
    }
}

/// The stream with a time limit for writes, which ends a connection whose client does not read.
fn with_write_timeout<A, S: AsyncRead + AsyncWrite>(
    port: &ListenerContext<A>,
    stream: S,
) -> Pin<Box<TimeoutWriter<S>>> {
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(port.limits.write));
    Box::pin(stream)
}

/// Serves HTTP/1.1 on a stream. Each request gets `handle` and `peer` as extensions.
async fn http<A, F, S>(port: &ListenerContext<A>, handle: Connection, peer: PeerAddress, stream: S)
where
    A: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = F>,
    A: Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let body_time = port.limits.body;
    let service = service_fn(|request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(handle.clone());
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(BodyDeadline(Instant::now() + body_time));
        port.service.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(port.limits.head)
        .max_header_size(port.limits.head_bytes)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let result = tokio::select! {
        biased;
        result = connection.as_mut() => result,
        () = port.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection failed");
    }
}

/// Answers plain http on a TLS port with 400 and the https origin.
async fn reject_plain_http<A>(port: &ListenerContext<A>, mut stream: TcpStream) {
    let body = format!(r#"{{"code":400,"message":"this port speaks https: {}"}}"#, port.origin);
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close";
    let reply = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let _ = timeout(REJECTION_TIMEOUT, async {
        stream.write_all(reply.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing a socket with unread bytes sends a reset, which discards the reply.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    })
    .await;
}
