//! One request to a webhook: its headers, its signature, its outcome. Calls the webhook's URL only: a redirect is not followed.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::future::{Either, select};
use handset_protocol::UnixMillis;
use handset_protocol::server::webhooks::{AUTHORIZATION_HEADER, CORRELATION_HEADER, ISSUER};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use url::{Host, Position};

use super::network::{Network, NetworkStream};
use super::tls::WebhookTls;
use crate::config::{Webhook, WebhookSecret};
use handset_sandbox_domain::AttemptOutcome;

/// Lifetime of the token of a request.
const TOKEN_LIFETIME: Duration = Duration::from_secs(60);
/// Maximum size of a reply's body, in bytes. The body is read and ignored.
const REPLY_BYTES: usize = 64 * 1024;

/// Times are NumericDates, in seconds.
#[derive(Serialize)]
struct WebhookClaims {
    iss: &'static str,
    iat: i64,
    exp: i64,
}

/// The content of a request.
pub(crate) struct OutgoingRequest {
    pub(crate) body: Bytes,
    pub(crate) correlation_id: String,
    /// The time of the system clock, since the receiver judges the token by its own.
    pub(crate) now: UnixMillis,
}

/// The last stage that a request has reached.
enum Progress {
    /// No connection.
    Unconnected,
    /// A connection, whose peer is not verified yet.
    Connected,
    /// The webhook itself.
    Verified,
}

type RequestError = Box<dyn Error + Send + Sync>;

/// Posts a request and waits up to `timeout` for the reply. Returns the outcome, and the status of the reply if there is one.
pub(crate) async fn post(
    network: &dyn Network,
    tls: &WebhookTls,
    webhook: &Webhook,
    outgoing: OutgoingRequest,
    timeout: Duration,
) -> (AttemptOutcome, Option<u16>) {
    let mut progress = Progress::Unconnected;
    let mut status = None;
    let sending = async {
        let request = request(webhook, outgoing)?;
        let url = webhook.url.expose();
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(RequestError::from("no host")),
        };
        let mut stream = network.connect(&host, url.port_or_known_default().unwrap_or_default()).await?;
        progress = Progress::Connected;
        if url.scheme() == "https" {
            stream = tls.secure(&host, stream).await?;
        }
        progress = Progress::Verified;
        send(stream, request, &mut status).await
    };
    let sent = tokio::time::timeout(timeout, sending).await;
    let outcome = match (status, sent) {
        // Even if the rest of the reply is lost.
        (Some(status), _) if StatusCode::is_success(&status) => AttemptOutcome::Accepted,
        (Some(_), _) => AttemptOutcome::Rejected,
        (None, Err(_)) => AttemptOutcome::TimedOut,
        (None, Ok(_)) => match progress {
            Progress::Unconnected => AttemptOutcome::Unreachable,
            Progress::Connected => AttemptOutcome::TlsFailed,
            Progress::Verified => AttemptOutcome::ConnectionLost,
        },
    };
    (outcome, status.map(|status| status.as_u16()))
}

async fn send(
    stream: Box<dyn NetworkStream>,
    request: Request<Full<Bytes>>,
    status: &mut Option<StatusCode>,
) -> Result<(), RequestError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = pin!(async {
        let reply = sender.send_request(request).await?;
        *status = Some(reply.status());
        Limited::new(reply.into_body(), REPLY_BYTES).collect().await.map(drop)
    });
    // The exchange advances only while the connection is polled.
    match select(exchange, pin!(connection)).await {
        Either::Left((exchanged, _)) => exchanged,
        Either::Right((_, exchange)) => exchange.await,
    }
}

fn request(webhook: &Webhook, outgoing: OutgoingRequest) -> Result<Request<Full<Bytes>>, RequestError> {
    let url = webhook.url.expose();
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", sign(&webhook.secret, outgoing.now)?))?;
    authorization.set_sensitive(true);
    let request = Request::post(&url[Position::BeforePath..])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("handset-sandbox/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .header(AUTHORIZATION_HEADER, authorization)
        .header(CORRELATION_HEADER, outgoing.correlation_id);
    Ok(request.body(Full::new(outgoing.body))?)
}

/// The token of a request. The key is the whole text of the secret, with its prefix.
fn sign(secret: &WebhookSecret, now: UnixMillis) -> Result<String, RequestError> {
    let expires_at = now + TOKEN_LIFETIME;
    let claims = WebhookClaims { iss: ISSUER, iat: now.as_seconds(), exp: expires_at.as_seconds() };
    let key = EncodingKey::from_secret(secret.expose().as_bytes());
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)?)
}
