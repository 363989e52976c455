//! The successful reply of a page's call: `{statusCode, status: "success", result}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// A successful reply.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JourneyReply<T> {
    /// The HTTP status.
    status_code: u16,
    /// `success`.
    status: &'static str,
    /// The result of the call.
    result: T,
}

impl<T> JourneyReply<T> {
    /// 200.
    pub(super) fn ok(result: T) -> Self {
        Self::with_status(StatusCode::OK, result)
    }

    /// 202: the call is to be repeated.
    pub(super) fn accepted(result: T) -> Self {
        Self::with_status(StatusCode::ACCEPTED, result)
    }

    fn with_status(status: StatusCode, result: T) -> Self {
        Self { status_code: status.as_u16(), status: "success", result }
    }
}

impl<T: Serialize> IntoResponse for JourneyReply<T> {
    fn into_response(self) -> Response {
        (StatusCode::from_u16(self.status_code).unwrap_or_default(), Json(self)).into_response()
    }
}
