//! Extractors: the API client, the session of an authToken, JSON bodies.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use handset_protocol::{client, limits, server};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body::{read, text};
use super::errors::ApiError;
use super::request::{bearer, fault_of};
use super::scope;
use super::wire_value::WireValue;
use crate::app::client_calls::authenticate;
use crate::app::{ApiClient, LoadedSession, Sandbox};
use handset_sandbox_domain::Refusal;
use handset_sandbox_domain::request::{Field, FieldKind, expected_at, fields};

/// Maximum size of a body of a page's request, in bytes.
const CLIENT_BODY_BYTES: usize = 16 * 1024;

/// The refusal of another content type.
pub(crate) const NOT_JSON_TYPE: &str = "header 'Content-Type' must be application/json";

impl FromRequestParts<Sandbox> for ApiClient {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, ApiError> {
        let name = scope::project_name(&parts.headers, &parts.uri)?;
        let now = sandbox.projects.now_in(&name);
        let token = bearer(&parts.headers).ok_or(Refusal::Unauthorized)?;
        let credential = sandbox.keys.credential(token, now).ok_or(Refusal::Unauthorized)?;
        // Only after authorization, so that an unauthorized request creates no project.
        let project = scope::get_or_create_project(sandbox, &name).await?;
        project.limiter.pass(credential.client_id, now).map_err(ApiError::too_many_requests)?;
        Ok(Self { credential, project, fault: fault_of(&parts.extensions) })
    }
}

/// The session of a page: its authToken is valid and the session exists.
pub(crate) struct AuthenticatedSession(pub(crate) LoadedSession);

impl FromRequestParts<Sandbox> for AuthenticatedSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).ok_or(Refusal::Unauthorized)?;
        let mut session = authenticate(sandbox, token).await?;
        session.handle.fault = fault_of(&parts.extensions);
        Ok(Self(session))
    }
}

/// A JSON body of the contract, with the definitions of its members, its required members and its size limit.
pub(crate) trait RequestBody: DeserializeOwned {
    const FIELDS: &'static [Field] = &[];
    const REQUIRED: &'static [&'static str] = &[];
    const MAX_BYTES: usize = CLIENT_BODY_BYTES;
}

/// Bodies of the server API. The domain checks their members.
macro_rules! of_server {
    ($($body:ident: $most_bytes:expr),* $(,)?) => {
        $(impl RequestBody for server::$body {
            const FIELDS: &'static [Field] = fields::REQUEST;
            const MAX_BYTES: usize = $most_bytes;
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

impl RequestBody for client::Empty {}
impl RequestBody for client::OtpStart {}
impl RequestBody for client::OtpFinish {
    const REQUIRED: &'static [&'static str] = &["otp"];
}
impl RequestBody for client::LinkStart {
    const FIELDS: &'static [Field] = &[Field::new("isMobile", FieldKind::Flag { default: None })];
}
impl RequestBody for client::InstantStart {}
impl RequestBody for client::InstantFinish {
    const REQUIRED: &'static [&'static str] = &["vfp"];
}
impl RequestBody for client::Report {
    const FIELDS: &'static [Field] =
        &[Field::new("code", FieldKind::Number { noun: "a whole number", min: None, max: None, default: None })];
}

/// The extractor of a JSON object.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: RequestBody, S: Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !has_type(request.headers(), "application/json") {
            return Err(Refusal::BadRequest(NOT_JSON_TYPE.to_owned()).into());
        }
        let bytes = read(request, T::MAX_BYTES).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// The extractor of a JSON object or an empty body.
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<T: RequestBody + Default, S: Sync> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let is_json = has_type(request.headers(), "application/json");
        let bytes = read(request, T::MAX_BYTES).await?;
        match bytes.is_empty() {
            true => Ok(Self(T::default())),
            false if !is_json => Err(Refusal::BadRequest(NOT_JSON_TYPE.to_owned()).into()),
            false => Ok(Self(parse(&bytes)?)),
        }
    }
}

/// Whether `Content-Type` is that type, ignoring parameters.
pub(crate) fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(expected)
}

/// Parses a body. Errors never repeat a value, which may be a secret.
fn parse<T: RequestBody>(bytes: &[u8]) -> Result<T, Refusal> {
    let body: Value =
        serde_json::from_str(text(bytes)?).map_err(|_| Refusal::BadRequest("the body is not JSON".to_owned()))?;
    members_of(body)
}

/// A message from a JSON object. Errors never repeat a value.
pub(crate) fn members_of<T: RequestBody>(body: Value) -> Result<T, Refusal> {
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
        Refusal::shape(&field, &expected_at(T::FIELDS, &field))
    })
}
