//! A wrong method on a path that is there: the answer names those that work. The router adds `Allow` outside of every layer
//! that a router can have, so the message cannot be made of it: a test holds both against each other on every path.

use axum::extract::MatchedPath;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::errors::ApiError;

/// Methods outside the server API, by the beginning of a path: the first that fits.
const METHODS: [(&str, &str); 12] = [
    ("/v1/client/status", "GET or POST"),
    ("/v1/client/", "POST"),
    ("/l/", "GET or POST"),
    ("/demo/", "POST"),
    ("/sandbox/clock", "POST"),
    ("/sandbox/reset", "POST"),
    ("/sandbox/faults", "GET, POST or DELETE"),
    ("/sandbox/webhook/events", "POST"),
    ("/sandbox/webhook/deliveries", "GET"),
    ("/sandbox/webhook", "GET, PUT or DELETE"),
    ("/sandbox/", "GET"),
    ("/", "GET"),
];

/// Outside the server API.
pub(crate) async fn method_not_allowed(path: MatchedPath) -> ApiError {
    let methods = METHODS.into_iter().find(|(beginning, _)| path.as_str().starts_with(beginning));
    elsewhere(methods.map_or("GET", |(_, methods)| methods))
}

/// A file, which is for reading.
pub(crate) async fn not_for_writing() -> Response {
    let mut response = elsewhere("GET").into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

fn elsewhere(methods: &str) -> ApiError {
    ApiError::http(StatusCode::METHOD_NOT_ALLOWED, &format!("wrong method: this path takes {methods}"))
}
