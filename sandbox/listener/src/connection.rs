//! One connection, from its first byte to its last.

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
use tokio_io_timeout::TimeoutStream;
use tower::Service;

use crate::deadline::BodyDeadline;
use crate::observer::ConnectionRejection;
use crate::port::{ConnectionSlot, ListenerContext};
use crate::resettable::Connection;

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;
/// How long a client gets to read why it is turned away.
const LINGER: Duration = Duration::from_secs(2);

pub(crate) async fn serve<S, F>(port: Arc<ListenerContext<S>>, stream: TcpStream, place: ConnectionSlot)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = F>,
    S: Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
{
    // Messages are short and each is waited for.
    let _ = stream.set_nodelay(true);
    match &port.tls {
        None => {
            let (connection, stream) = Connection::split(stream, place);
            http(&port, connection, with_write_timeout(&port, stream)).await;
        }
        Some(acceptor) => {
            let begin = async {
                let mut first = [0];
                if stream.peek(&mut first).await? == 1 && first != [HANDSHAKE] {
                    return Ok(Err((stream, place)));
                }
                let (connection, stream) = Connection::split(stream, place);
                Ok::<_, io::Error>(Ok((connection, acceptor.accept(with_write_timeout(&port, stream)).await?)))
            };
            match timeout(port.limits.head, begin).await {
                Ok(Ok(Ok((connection, stream)))) => http(&port, connection, stream).await,
                Ok(Ok(Err((stream, _place)))) => {
                    port.observer.rejected(ConnectionRejection::PlainHttp);
                    reject_plain_http(&port, stream).await;
                }
                Ok(Err(error)) => {
                    port.observer.rejected(ConnectionRejection::TlsHandshake);
                    tracing::debug!(%error, "a TLS handshake failed");
                }
                Err(_) => {
                    port.observer.rejected(ConnectionRejection::TlsHandshake);
                    tracing::debug!("a TLS handshake took too long");
                }
            }
        }
    }
}

/// Whoever does not read what waits for it is cut off.
fn with_write_timeout<A, S: AsyncRead + AsyncWrite>(
    port: &ListenerContext<A>,
    stream: S,
) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(port.limits.write));
    Box::pin(stream)
}

/// `own`: what the requests on this connection see of it.
async fn http<A, F, S>(port: &ListenerContext<A>, own: Connection, stream: S)
where
    A: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = F>,
    A: Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let body_time = port.limits.body;
    let service = service_fn(|request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(own.clone());
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
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = port.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Tells a client that speaks plain http where to go.
async fn reject_plain_http<A>(port: &ListenerContext<A>, mut stream: TcpStream) {
    let body = format!(r#"{{"code":400,"message":"this port speaks https: {}"}}"#, port.origin);
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close";
    let reply = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let _ = timeout(LINGER, async {
        stream.write_all(reply.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing on what was not read would throw the reply away.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    })
    .await;
}
