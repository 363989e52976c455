//! The document of the server API, made from its handlers and messages, and pages that show it.

mod document;
mod examples;
mod members;
mod refusals;
mod viewer;

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use super::method::method_not_allowed;
use super::server_api;
use crate::state::Sandbox;

/// What the calls are sorted under, in the order of the document.
pub(super) mod tags {
    pub(in crate::http) const CREDENTIALS: &str = "Credentials";
    pub(in crate::http) const FLOW: &str = "Prove Identity and Pre-Fill";
    pub(in crate::http) const VERIFIED_USERS: &str = "Verified Users";
    pub(in crate::http) const UNIFY: &str = "Unify";
    pub(in crate::http) const IDENTITY_MANAGER: &str = "Identity Manager";
}

/// As it is served: it is the same for every sandbox.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| document::make(server_api::document()));

pub(super) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/openapi.json", get(document))
        .merge(viewer::router())
        .method_not_allowed_fallback(method_not_allowed)
}

async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
