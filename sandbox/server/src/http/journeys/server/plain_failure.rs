//! The failures of State Reset and of the outputs: exactly `status`, `statusCode` and `error`, as the vendor's have them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::journeys::errors::JourneyErrorReply;
use handset_sandbox_domain::JourneyRefusal;

/// A failure without an `errorCode`.
#[derive(Debug)]
pub(super) enum PlainFailure {
    /// That of another call, without its `errorCode`.
    OfJourney(JourneyErrorReply),
    /// One of State Reset alone.
    Own(StatusCode, String),
}

/// The body of a failure without an `errorCode`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlainFailureReply {
    /// `failure`.
    status: &'static str,
    /// The HTTP status.
    status_code: u16,
    /// What is wrong.
    error: String,
}

impl PlainFailureReply {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status: "failure", status_code: status.as_u16(), error: error.into() }
    }
}

impl PlainFailure {
    /// A header or a member that is wrong.
    pub(super) fn invalid(text: String) -> Self {
        Self::Own(StatusCode::UNPROCESSABLE_ENTITY, text)
    }
}

impl From<JourneyErrorReply> for PlainFailure {
    fn from(reply: JourneyErrorReply) -> Self {
        Self::OfJourney(reply)
    }
}

impl From<JourneyRefusal> for PlainFailure {
    fn from(refusal: JourneyRefusal) -> Self {
        Self::OfJourney(refusal.into())
    }
}

impl IntoResponse for PlainFailure {
    fn into_response(self) -> Response {
        match self {
            Self::Own(status, error) => (status, Json(PlainFailureReply::new(status, error))).into_response(),
            Self::OfJourney(reply) => {
                let (status, error) = (reply.status(), reply.error().to_owned());
                // Keeps the headers, as `Retry-After`.
                let (mut parts, _) = reply.into_response().into_parts();
                parts.headers.remove(axum::http::header::CONTENT_LENGTH);
                let body = Json(PlainFailureReply::new(status, error)).into_response().into_body();
                Response::from_parts(parts, body)
            }
        }
    }
}
