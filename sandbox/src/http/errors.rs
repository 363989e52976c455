use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use handset_protocol::server::ErrorReply;

use crate::core::Refusal;
use crate::store::StoreError;

/// A refusal on its way out: always `{"code": …, "message": …}`.
///
/// Where the contract has a code, it is that one. What it leaves open (404, 405 outside the server API, 429, 503)
/// carries the HTTP status as its code.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    reply: ErrorReply,
    retry_after_seconds: Option<u64>,
}

impl ApiError {
    /// A refusal that the contract has no code for.
    pub(super) fn http(status: StatusCode, message: &str) -> Self {
        let reply = ErrorReply { code: status.as_u16(), message: message.to_owned() };
        Self { status, reply, retry_after_seconds: None }
    }

    pub(super) fn too_many_requests(retry_after_seconds: u64) -> Self {
        let error = Self::http(StatusCode::TOO_MANY_REQUESTS, "too many requests");
        Self { retry_after_seconds: Some(retry_after_seconds), ..error }
    }

    pub(super) fn with_retry_after(self, seconds: Option<u32>) -> Self {
        Self { retry_after_seconds: seconds.map(Into::into), ..self }
    }

    /// Whether the sandbox is at fault.
    pub(super) fn is_internal(&self) -> bool {
        self.status.is_server_error()
    }

    /// In words.
    pub(super) fn message(&self) -> &str {
        &self.reply.message
    }

    /// As many sockets as are allowed are open.
    pub(super) fn too_many_sockets() -> Self {
        let error = Self::http(StatusCode::SERVICE_UNAVAILABLE, "too many open sockets");
        Self { retry_after_seconds: Some(1), ..error }
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
            Refusal::NotAllowed | Refusal::OtherProduct => StatusCode::FORBIDDEN,
            Refusal::BadRequest(_) | Refusal::NoTestUser | Refusal::UnknownCorrelationId => StatusCode::BAD_REQUEST,
            Refusal::UnknownIdentity => StatusCode::NOT_FOUND,
        };
        Self { status, reply: refusal.to_reply(), retry_after_seconds: None }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Refusal::Internal.into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.reply)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// No such path.
pub(super) async fn not_found() -> ApiError {
    ApiError::http(StatusCode::NOT_FOUND, "no such path")
}

/// A wrong method, outside the server API.
pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::http(StatusCode::METHOD_NOT_ALLOWED, "wrong method")
}

/// A wrong method in the server API, which has a code for it.
pub(super) async fn step_not_allowed() -> ApiError {
    Refusal::NotAllowed.into()
}
