//! Error replies of journeys: `{statusCode, status: "failure", error, errorCode}`, and what some of them add.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use handset_protocol::UnixMillis;
use handset_sandbox_domain::JourneyRefusal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::journeys::JourneyError;
use crate::http::shared::body::BodyError;
use crate::http::shared::errors::ApiError;

/// An error reply.
#[derive(Debug)]
pub(crate) struct JourneyErrorReply {
    status: StatusCode,
    body: Box<JourneyFailure>,
}

/// The body of an error reply.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JourneyFailure {
    /// The HTTP status.
    status_code: u16,
    /// `failure`.
    status: &'static str,
    /// What is wrong.
    error: String,
    /// The code, for programs.
    error_code: &'static str,
    /// The current revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// The module at which to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume_at: Option<String>,
    /// Tries left before the contact is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u32>,
    /// The wait until the next call, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

/// The status of a refusal.
fn status_of(refusal: &JourneyRefusal) -> StatusCode {
    match refusal {
        JourneyRefusal::Unauthorized | JourneyRefusal::TokenExpired | JourneyRefusal::AuthRequired => {
            StatusCode::UNAUTHORIZED
        }
        JourneyRefusal::AuthNotRequired
        | JourneyRefusal::InvalidBody(_)
        | JourneyRefusal::AuthModeConflict
        | JourneyRefusal::PossessionNotProved
        | JourneyRefusal::OtpInvalid { .. }
        | JourneyRefusal::OtpExpired
        | JourneyRefusal::ResetNotEnabled => StatusCode::BAD_REQUEST,
        JourneyRefusal::WorkflowNotFound
        | JourneyRefusal::TransactionNotFound
        | JourneyRefusal::HandoffNotFound
        | JourneyRefusal::StateNotFound => StatusCode::NOT_FOUND,
        JourneyRefusal::UniqueIdConflict
        | JourneyRefusal::RevisionConflict { .. }
        | JourneyRefusal::SessionSuperseded
        | JourneyRefusal::AlreadyProcessed
        | JourneyRefusal::StateReset { .. }
        | JourneyRefusal::NumberMismatch => StatusCode::CONFLICT,
        JourneyRefusal::SessionNotCurrent | JourneyRefusal::HandoffNotAllowed => StatusCode::FORBIDDEN,
        JourneyRefusal::HandoffGone => StatusCode::GONE,
        JourneyRefusal::StateTooLarge | JourneyRefusal::BodyTooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
        JourneyRefusal::TooManyOpen | JourneyRefusal::OtpLocked { .. } | JourneyRefusal::OtpRateLimited { .. } => {
            StatusCode::TOO_MANY_REQUESTS
        }
        JourneyRefusal::InvalidModule => StatusCode::UNPROCESSABLE_ENTITY,
        JourneyRefusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl JourneyErrorReply {
    fn new(status: StatusCode, error: &str, error_code: &'static str) -> Self {
        let body = Box::new(JourneyFailure {
            status_code: status.as_u16(),
            status: "failure",
            error: error.to_owned(),
            error_code,
            revision: None,
            resume_at: None,
            attempts_left: None,
            retry_after_seconds: None,
        });
        Self { status, body }
    }

    /// The reply to a failure at that time.
    pub(crate) fn of(error: JourneyError, now: UnixMillis) -> Self {
        match error {
            JourneyError::Refused(refusal) => Self::of_refusal(refusal, now),
            JourneyError::Store(error) => {
                tracing::error!(%error, "store operation failed");
                JourneyRefusal::Internal.into()
            }
        }
    }

    fn of_refusal(refusal: JourneyRefusal, now: UnixMillis) -> Self {
        let mut reply = Self::new(status_of(&refusal), refusal.message(), refusal.code());
        let body = &mut reply.body;
        match refusal {
            JourneyRefusal::RevisionConflict { revision } => body.revision = Some(revision),
            JourneyRefusal::StateReset { resume_at, revision } => {
                (body.resume_at, body.revision) = (resume_at, Some(revision));
            }
            JourneyRefusal::OtpInvalid { attempts_left } => body.attempts_left = Some(attempts_left),
            JourneyRefusal::OtpLocked { until } | JourneyRefusal::OtpRateLimited { until } => {
                body.retry_after_seconds = Some(until.since(now).as_millis().div_ceil(1000).try_into().unwrap_or(0));
            }
            _ => {}
        }
        reply
    }

    /// The app or the page sends too many requests.
    pub(crate) fn too_many_requests(seconds: u64) -> Self {
        let mut reply = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", "too_many_requests");
        reply.body.retry_after_seconds = Some(seconds);
        reply
    }

    /// A method that the path does not take.
    pub(crate) fn method_not_allowed(error: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, error, "method_not_allowed")
    }

    /// The reply of an injected fault.
    pub(crate) fn of_fault(status: u16, retry_after_seconds: Option<u32>) -> Self {
        let mut reply = match StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE) {
            StatusCode::UNAUTHORIZED => JourneyRefusal::Unauthorized.into(),
            StatusCode::INTERNAL_SERVER_ERROR => JourneyRefusal::Internal.into(),
            status => Self::new(status, "injected fault", "injected_fault"),
        };
        reply.body.retry_after_seconds = retry_after_seconds.map(Into::into);
        reply
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The code.
    pub(crate) fn code(&self) -> &'static str {
        self.body.error_code
    }

    /// The body, for an example.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self.body)
    }

    /// The text.
    pub(crate) fn error(&self) -> &str {
        &self.body.error
    }
}

impl From<JourneyRefusal> for JourneyErrorReply {
    fn from(refusal: JourneyRefusal) -> Self {
        Self::of_refusal(refusal, UnixMillis::MAX)
    }
}

/// An error of the shared rooms: a body that is too slow or packed, or too many projects.
impl From<ApiError> for JourneyErrorReply {
    fn from(error: ApiError) -> Self {
        let status = error.status();
        let code = match status {
            StatusCode::INTERNAL_SERVER_ERROR => return JourneyRefusal::Internal.into(),
            StatusCode::UNAUTHORIZED => return JourneyRefusal::Unauthorized.into(),
            StatusCode::REQUEST_TIMEOUT => "request_timeout",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
            StatusCode::SERVICE_UNAVAILABLE => "service_unavailable",
            _ => "invalid_request_body",
        };
        Self::new(status, &error.into_reply().message, code)
    }
}

impl From<BodyError> for JourneyErrorReply {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLong(most_bytes) => JourneyRefusal::body_too_long(most_bytes).into(),
            BodyError::Other(error) => error.into(),
        }
    }
}

impl IntoResponse for JourneyErrorReply {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self.body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.body.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate"));
        }
        response
    }
}
