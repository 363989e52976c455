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

use crate::app::Sandbox;
use crate::http::server::document as document_of_calls;
use crate::http::shared::method::method_not_allowed;

/// As it is served: it is the same for every sandbox.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| document::make(document_of_calls()));

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/openapi.json", get(document))
        .merge(viewer::router())
        .method_not_allowed_fallback(method_not_allowed)
}

async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
