//! What handlers ask of a request before they look at it, in the order of their arguments.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use handset_protocol::{client, limits, server};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body::{read, text};
use super::errors::ApiError;
use super::fault_layer::Mark;
use super::scope;
use super::wire_value::WireValue;
use crate::core::{Credential, Fault, Refusal, request::shape_of};
use crate::project::Project;
use crate::state::{Sandbox, Subject};

/// Longest body of a page's request, in bytes.
const CLIENT_BODY_BYTES: usize = 16 * 1024;

const NOT_JSON_TYPE: &str = "header 'Content-Type' must be application/json";

/// The relying party's server that calls: its access token is good and its rate within the limit.
pub(super) struct Caller {
    pub(super) credential: Credential,
    pub(super) project: Arc<Project>,
    /// What is done to the request.
    pub(super) fault: Option<Fault>,
}

impl FromRequestParts<Sandbox> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, ApiError> {
        let name = scope::name(&parts.headers, &parts.uri)?;
        let now = sandbox.projects.now_in(&name);
        let token = bearer(&parts.headers).ok_or(Refusal::Unauthorized)?;
        let credential = sandbox.keys.credential(token, now).ok_or(Refusal::Unauthorized)?;
        // Not before: whoever may not call begins nothing.
        let project = scope::begin(sandbox, &name).await?;
        project.limiter.pass(credential.client_id, now).map_err(ApiError::too_many_requests)?;
        Ok(Self { credential, project, fault: fault_of(&parts.extensions) })
    }
}

/// The page's flow: its authToken is good and its session there.
pub(super) struct Flow(pub(super) Subject);

impl FromRequestParts<Sandbox> for Flow {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).ok_or(Refusal::Unauthorized)?;
        Ok(Self(Subject { fault: fault_of(&parts.extensions), ..flow_of(sandbox, token).await? }))
    }
}

/// The flow of an authToken that is good.
pub(super) async fn flow_of(sandbox: &Sandbox, token: &str) -> Result<Subject, ApiError> {
    let holder = sandbox.keys.holder(token).ok_or(Refusal::Unauthorized)?;
    // The session of a good token can be gone after a reset.
    let subject = sandbox.subject(&holder.auth_id).await?.ok_or(Refusal::Unauthorized)?;
    if holder.is_alive(subject.project.clock.now()) { Ok(subject) } else { Err(Refusal::Unauthorized.into()) }
}

/// What is done to the request.
pub(super) fn fault_of(extensions: &Extensions) -> Option<Fault> {
    extensions.get::<Mark>().map(|mark| mark.0)
}

pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// A body that the contract knows, and the members without which it cannot be read.
pub(super) trait Wire: DeserializeOwned {
    const REQUIRED: &'static [&'static str] = &[];
    const MOST_BYTES: usize = CLIENT_BODY_BYTES;
}

/// Bodies of the server API. Which members they require is judged by the core.
macro_rules! of_server {
    ($($body:ident: $most_bytes:expr),* $(,)?) => {
        $(impl Wire for server::$body {
            const MOST_BYTES: usize = $most_bytes;
        })*
    };
}

of_server! {
    StartRequest: limits::SERVER_BODY_BYTES,
    ValidateRequest: limits::SERVER_BODY_BYTES,
    ChallengeRequest: limits::SERVER_BODY_BYTES,
    CompleteRequest: limits::SERVER_BODY_BYTES,
    VerifyRequest: limits::SERVER_BODY_BYTES,
    VerifyStatusRequest: limits::SERVER_BODY_BYTES,
    UnifyRequest: limits::SERVER_BODY_BYTES,
    UnifyStatusRequest: limits::SERVER_BODY_BYTES,
    UnifyBindRequest: limits::SERVER_BODY_BYTES,
    RevokeRequest: limits::SERVER_BODY_BYTES,
    EnrollRequest: limits::SERVER_BODY_BYTES,
    BatchEnrollRequest: limits::BATCH_BODY_BYTES,
    IdentityActionRequest: limits::SERVER_BODY_BYTES,
}

impl Wire for client::Empty {}
impl Wire for client::OtpStart {}
impl Wire for client::OtpFinish {
    const REQUIRED: &'static [&'static str] = &["otp"];
}
impl Wire for client::LinkStart {}
impl Wire for client::InstantStart {}
impl Wire for client::InstantFinish {
    const REQUIRED: &'static [&'static str] = &["vfp"];
}
impl Wire for client::Report {}

/// A JSON object of the right shape.
pub(super) struct Body<T>(pub(super) T);

impl<T: Wire, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !has_type(request.headers(), "application/json") {
            return Err(Refusal::BadRequest(NOT_JSON_TYPE.to_owned()).into());
        }
        let bytes = read(request, T::MOST_BYTES).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// The same, which may be left out.
pub(super) struct OptionalBody<T>(pub(super) T);

impl<T: Wire + Default, S: Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let is_json = has_type(request.headers(), "application/json");
        let bytes = read(request, T::MOST_BYTES).await?;
        match bytes.is_empty() {
            true => Ok(Self(T::default())),
            false if !is_json => Err(Refusal::BadRequest(NOT_JSON_TYPE.to_owned()).into()),
            false => Ok(Self(parse(&bytes)?)),
        }
    }
}

/// Whether the body is said to be of that type, parameters aside.
pub(super) fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(expected)
}

/// Never repeats what was sent: it may be a secret.
fn parse<T: Wire>(bytes: &[u8]) -> Result<T, Refusal> {
    let body: Value =
        serde_json::from_str(text(bytes)?).map_err(|_| Refusal::BadRequest("the body is not JSON".to_owned()))?;
    let Value::Object(members) = &body else {
        return Err(Refusal::BadRequest("the body must be a JSON object".to_owned()));
    };
    for field in T::REQUIRED {
        if members.get(*field).is_none_or(Value::is_null) {
            return Err(Refusal::missing(field));
        }
    }
    serde_path_to_error::deserialize(WireValue(body)).map_err(|error| {
        let field = error.path().to_string();
        Refusal::shape(&field, shape_of(&field))
    })
}
