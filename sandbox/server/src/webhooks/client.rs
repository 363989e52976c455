//! One request to a webhook. Nothing but its URL is ever called: a redirect is a reply like any other.

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

/// How long the token of a request is good.
const TOKEN_LIFETIME: Duration = Duration::from_secs(60);
/// How much of a reply is read, in bytes: it is for nobody.
const REPLY_BYTES: usize = 64 * 1024;

/// Times are NumericDates, in seconds.
#[derive(Serialize)]
struct WebhookClaims {
    iss: &'static str,
    iat: i64,
    exp: i64,
}

/// What a request has to say.
pub(crate) struct OutgoingRequest {
    pub(crate) body: Bytes,
    pub(crate) correlation_id: String,
    /// The time of the machine, by which a receiver judges.
    pub(crate) now: UnixMillis,
}

/// How far a request has come.
enum Progress {
    Nobody,
    /// Whether it is the right one is not known yet.
    Somebody,
    Webhook,
}

type RequestError = Box<dyn Error + Send + Sync>;

/// Posts it, and waits for the reply that long. What came of it, and the status of the reply.
pub(crate) async fn post(
    network: &dyn Network,
    trust: &WebhookTls,
    webhook: &Webhook,
    parcel: OutgoingRequest,
    patience: Duration,
) -> (AttemptOutcome, Option<u16>) {
    let mut reached = Progress::Nobody;
    let mut status = None;
    let sending = async {
        let request = request(webhook, parcel)?;
        let url = webhook.url.expose();
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(RequestError::from("no host")),
        };
        let mut stream = network.connect(&host, url.port_or_known_default().unwrap_or_default()).await?;
        reached = Progress::Somebody;
        if url.scheme() == "https" {
            stream = trust.secure(&host, stream).await?;
        }
        reached = Progress::Webhook;
        send(stream, request, &mut status).await
    };
    let sent = tokio::time::timeout(patience, sending).await;
    let answer = match (status, sent) {
        // Whatever became of the rest of the reply.
        (Some(status), _) if StatusCode::is_success(&status) => AttemptOutcome::Accepted,
        (Some(_), _) => AttemptOutcome::Rejected,
        (None, Err(_)) => AttemptOutcome::TimedOut,
        (None, Ok(_)) => match reached {
            Progress::Nobody => AttemptOutcome::Unreachable,
            Progress::Somebody => AttemptOutcome::TlsFailed,
            Progress::Webhook => AttemptOutcome::ConnectionLost,
        },
    };
    (answer, status.map(|status| status.as_u16()))
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
    // The exchange goes on for as long as someone drives the connection.
    match select(exchange, pin!(connection)).await {
        Either::Left((exchanged, _)) => exchanged,
        Either::Right((_, exchange)) => exchange.await,
    }
}

fn request(webhook: &Webhook, parcel: OutgoingRequest) -> Result<Request<Full<Bytes>>, RequestError> {
    let url = webhook.url.expose();
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", sign(&webhook.secret, parcel.now)?))?;
    authorization.set_sensitive(true);
    let request = Request::post(&url[Position::BeforePath..])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("handset-sandbox/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .header(AUTHORIZATION_HEADER, authorization)
        .header(CORRELATION_HEADER, parcel.correlation_id);
    Ok(request.body(Full::new(parcel.body))?)
}

/// The whole text of the secret signs, its beginning too.
fn sign(secret: &WebhookSecret, now: UnixMillis) -> Result<String, RequestError> {
    let expires_at = now + TOKEN_LIFETIME;
    let claims = WebhookClaims { iss: ISSUER, iat: now.as_seconds(), exp: expires_at.as_seconds() };
    let key = EncodingKey::from_secret(secret.expose().as_bytes());
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)?)
}
