//! A wrong method on a path that is there: the answer names those that work. The router adds `Allow` outside of every layer
//! that a router can have, so the message cannot be made of it: a test holds both against each other on every path.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::MatchedPath;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::PathItem;

use super::errors::ApiError;
use super::server_api;
use crate::core::Refusal;

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

/// Those of the server API, as its document has them.
static OF_CALLS: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let of = |item: &PathItem| {
        let methods = [("GET", &item.get), ("POST", &item.post), ("DELETE", &item.delete)];
        let named: Vec<_> = methods.into_iter().filter_map(|(name, call)| call.as_ref().map(|_| name)).collect();
        named.join(" or ")
    };
    server_api::document().paths.paths.iter().map(|(path, item)| (path.as_str(), of(item))).collect()
});

/// Outside the server API.
pub(super) async fn method_not_allowed(path: MatchedPath) -> ApiError {
    let methods = METHODS.into_iter().find(|(beginning, _)| path.as_str().starts_with(beginning));
    elsewhere(methods.map_or("GET", |(_, methods)| methods))
}

/// In the server API, which has a code for it.
pub(super) async fn step_not_allowed(path: MatchedPath) -> ApiError {
    let methods = OF_CALLS.get(path.as_str().trim_end_matches('/')).map_or("POST", String::as_str);
    let message = format!("step not allowed: this path takes {methods}");
    ApiError::from(Refusal::NotAllowed).with_message(message).with_status(StatusCode::METHOD_NOT_ALLOWED)
}

/// A file, which is for reading.
pub(super) async fn not_for_writing() -> Response {
    let mut response = elsewhere("GET").into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

fn elsewhere(methods: &str) -> ApiError {
    ApiError::http(StatusCode::METHOD_NOT_ALLOWED, &format!("wrong method: this path takes {methods}"))
}
