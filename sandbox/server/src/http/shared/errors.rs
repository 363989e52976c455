//! Error replies.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use handset_protocol::server::ErrorReply;
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::AppError;
use handset_sandbox_domain::Refusal;

/// The `WWW-Authenticate` challenge for a client that used HTTP Basic.
pub(crate) const BASIC_CHALLENGE: &str = "Basic realm=\"handset-sandbox\"";

/// An error reply: `{"code": …, "message": …}`.
///
/// The code is that of the contract; where the contract has none (404, 405 outside the server API, 429, 503), it is the HTTP
/// status.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    reply: ErrorReply,
    retry_after_seconds: Option<u64>,
    /// The members of RFC 6749; only for the token call.
    oauth: Option<OAuth>,
}

/// Additional members of error replies of the token call.
#[derive(Clone, Copy, Debug)]
struct OAuth {
    error: &'static str,
    used_basic: bool,
}

/// An error reply of the token call: the members of the contract and those of RFC 6749, section 5.2.
#[derive(Serialize)]
pub(crate) struct TokenErrorReply {
    /// The error code of RFC 6749.
    error: &'static str,
    /// The same text as `message`.
    error_description: String,
    #[serde(flatten)]
    reply: ErrorReply,
}

impl TokenErrorReply {
    pub(crate) const NAME: &str = "TokenErrorReply";

    pub(crate) fn new(error: &'static str, reply: ErrorReply) -> Self {
        Self { error, error_description: reply.message.clone(), reply }
    }

    /// The schema, from the schema of an error reply.
    pub(crate) fn schema(of_reply: &Value) -> Value {
        let mut schema = of_reply.clone();
        let more = json!({
            "error": {"type": "string", "description": "The error code of RFC 6749, section 5.2."},
            "error_description": {"type": "string", "description": "The same text as `message`."},
        });
        if let (Some(Value::Object(members)), Value::Object(more)) = (schema.get_mut("properties"), more) {
            members.extend(more);
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.extend(["error".into(), "error_description".into()]);
        }
        if let Some(schema) = schema.as_object_mut() {
            schema.insert(
                "description".to_owned(),
                "An error reply with the members that OAuth 2.0 client libraries read.".into(),
            );
        }
        schema
    }
}

impl ApiError {
    /// An error without a code in the contract.
    pub(crate) fn http(status: StatusCode, message: &str) -> Self {
        let reply = ErrorReply { code: status.as_u16(), message: message.to_owned() };
        Self { status, reply, retry_after_seconds: None, oauth: None }
    }

    /// The content encoding of the body is not supported.
    pub(crate) fn unknown_encoding() -> Self {
        let message = "header 'Content-Encoding' must be gzip, deflate or absent";
        Self::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// The same with the members of RFC 6749; `error` is its error code.
    pub(crate) fn of_token(self, error: &'static str, used_basic: bool) -> Self {
        Self { oauth: Some(OAuth { error, used_basic }), ..self }
    }

    pub(crate) fn with_message(mut self, message: String) -> Self {
        self.reply.message = message;
        self
    }

    pub(crate) fn into_reply(self) -> ErrorReply {
        self.reply
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn too_many_requests(retry_after_seconds: u64) -> Self {
        let error = Self::http(StatusCode::TOO_MANY_REQUESTS, "too many requests");
        Self { retry_after_seconds: Some(retry_after_seconds), ..error }
    }

    pub(crate) fn with_retry_after(self, seconds: Option<u32>) -> Self {
        Self { retry_after_seconds: seconds.map(Into::into), ..self }
    }

    /// The limit of open sockets is reached.
    pub(crate) fn too_many_sockets() -> Self {
        let error = Self::http(StatusCode::SERVICE_UNAVAILABLE, "too many open sockets");
        Self { retry_after_seconds: Some(1), ..error }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
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
        Self { status, reply: refusal.to_reply(), retry_after_seconds: None, oauth: None }
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refusal) => refusal.into(),
            AppError::Store(error) => {
                tracing::error!(%error, "store operation failed");
                Refusal::Internal.into()
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = match self.oauth {
            Some(OAuth { error, .. }) => (self.status, Json(TokenErrorReply::new(error, self.reply))).into_response(),
            None => (self.status, Json(self.reply)).into_response(),
        };
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let used_basic = self.oauth.is_some_and(|oauth| oauth.used_basic);
            let scheme = if used_basic { BASIC_CHALLENGE } else { "Bearer" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        if self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// 404.
pub(crate) async fn not_found() -> ApiError {
    ApiError::http(StatusCode::NOT_FOUND, "no such path")
}

/// The error reply of an injected fault.
pub(crate) fn refused_with(status: u16, retry_after_seconds: Option<u32>) -> ApiError {
    let error = match StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE) {
        StatusCode::UNAUTHORIZED => Refusal::Unauthorized.into(),
        StatusCode::INTERNAL_SERVER_ERROR => Refusal::Internal.into(),
        status => ApiError::http(status, "injected fault"),
    };
    error.with_retry_after(retry_after_seconds)
}
