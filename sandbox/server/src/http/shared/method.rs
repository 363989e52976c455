//! 405 outside the server API: the message names the allowed methods. axum adds `Allow` outside every layer of a router, so the
//! message cannot be derived from it; a test compares both on every path.

use axum::extract::MatchedPath;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use handset_protocol::client::ClientCall;

use super::errors::ApiError;
use super::link_url;

/// Allowed methods by path prefix, outside the client API; the first match wins.
const METHODS: [(&str, &str); 13] = [
    (link_url::PREFIX, "GET or POST"),
    ("/demo/", "POST"),
    ("/sandbox/clock", "POST"),
    ("/sandbox/reset", "POST"),
    ("/sandbox/faults", "GET, POST or DELETE"),
    ("/sandbox/settings", "GET or PUT"),
    ("/sandbox/apps/", "GET or PUT"),
    ("/sandbox/workflows/", "GET, PUT or DELETE"),
    ("/sandbox/webhook/events", "POST"),
    ("/sandbox/webhook/deliveries", "GET"),
    ("/sandbox/webhook", "GET, PUT or DELETE"),
    ("/sandbox/", "GET"),
    ("/", "GET"),
];

/// 405 outside the server API.
pub(crate) async fn method_not_allowed(path: MatchedPath) -> ApiError {
    let of_client = ClientCall::all().filter(|call| call.path() == path.as_str()).map(ClientCall::method);
    let of_client: Vec<&str> = of_client.collect();
    if !of_client.is_empty() {
        return elsewhere(&of_client.join(" or "));
    }
    let methods = METHODS.into_iter().find(|(beginning, _)| path.as_str().starts_with(beginning));
    elsewhere(methods.map_or("GET", |(_, methods)| methods))
}

/// 405 of a file of the page.
pub(crate) async fn not_for_writing() -> Response {
    let mut response = elsewhere("GET").into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

fn elsewhere(methods: &str) -> ApiError {
    ApiError::http(StatusCode::METHOD_NOT_ALLOWED, &format!("wrong method: this path takes {methods}"))
}
