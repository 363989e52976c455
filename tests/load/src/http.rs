//! An HTTP client with one connection, kept open as an SDK or a browser keeps it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};

use crate::error::LoadError;

/// Connections from one address before the next is taken: ephemeral ports run short at some 28,000.
const OF_ONE_ADDRESS: usize = 10_000;

/// Connects as the `index`-th of many.
pub(crate) async fn connect(to: SocketAddr, index: usize) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // Elsewhere 127.0.0.1 is all there is without setting up more.
    if cfg!(target_os = "linux")
        && let Ok(other @ 1..=200) = u8::try_from(index / OF_ONE_ADDRESS)
    {
        socket.bind((IpAddr::V4(Ipv4Addr::new(127, 0, 0, other + 1)), 0).into())?;
    }
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A client with a connection of its own.
pub(crate) struct Http {
    requests: SendRequest<Full<Bytes>>,
    host: String,
}

/// The body of a request.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    None,
    Json(&'a str),
    Form(&'a str),
}

impl Http {
    pub(crate) async fn open(to: SocketAddr) -> Result<Self, LoadError> {
        let (requests, connection) = http1::handshake(TokioIo::new(connect(to, 0).await?)).await?;
        // What breaks the connection, breaks the request that waits for it.
        tokio::spawn(connection);
        Ok(Self { requests, host: to.to_string() })
    }

    /// The status and the whole body of the reply.
    pub(crate) async fn ask(
        &mut self,
        method: Method,
        path: &str,
        bearer: Option<&str>,
        body: Body<'_>,
    ) -> Result<(StatusCode, Bytes), LoadError> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let (kind, text) = match body {
            Body::None => (None, ""),
            Body::Json(text) => (Some("application/json"), text),
            Body::Form(text) => (Some("application/x-www-form-urlencoded"), text),
        };
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.requests.ready().await?;
        let reply = self.requests.send_request(request.body(Bytes::copy_from_slice(text.as_bytes()).into())?).await?;
        let status = reply.status();
        Ok((status, reply.into_body().collect().await?.to_bytes()))
    }

    /// The JSON of a reply, which has to be 200.
    pub(crate) async fn json(
        &mut self,
        method: Method,
        path: &str,
        bearer: Option<&str>,
        body: Body<'_>,
    ) -> Result<Value, LoadError> {
        let (status, bytes) = self.ask(method, path, bearer, body).await?;
        if status != StatusCode::OK {
            return Err(format!("{path}: HTTP {status}").into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// A member of a reply that has to be a text.
pub(crate) fn text<'a>(reply: &'a Value, member: &str) -> Result<&'a str, LoadError> {
    reply.get(member).and_then(Value::as_str).ok_or_else(|| format!("a reply without a text '{member}'").into())
}
