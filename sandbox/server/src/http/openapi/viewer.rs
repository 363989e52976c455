//! The viewer of the document: Swagger UI, embedded, without external requests.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_swagger_ui::Config;

use crate::app::Sandbox;
use crate::http::shared::errors::{ApiError, not_found};
use handset_sandbox_domain::Refusal;

/// The Content-Security-Policy: this origin only. Images of Swagger UI are `data:` URLs in its style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/docs", get(page))
        .route("/docs/", get(page))
        .route("/docs/{file}", get(file))
        .layer(SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
}

async fn page() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], include_str!("page/index.html"))
}

async fn file(Path(name): Path<String>) -> Response {
    let own = match name.as_str() {
        "docs.js" => ("text/javascript; charset=utf-8", include_str!("page/docs.js")),
        "docs.css" => ("text/css; charset=utf-8", include_str!("page/docs.css")),
        "swagger-ui.css" | "swagger-ui-bundle.js" => return built_in(&name),
        _ => return not_found().await.into_response(),
    };
    ([(header::CONTENT_TYPE, own.0)], own.1).into_response()
}

fn built_in(name: &str) -> Response {
    match utoipa_swagger_ui::serve(name, Arc::new(Config::default())) {
        Ok(Some(file)) => ([(header::CONTENT_TYPE, file.content_type)], file.bytes).into_response(),
        _ => ApiError::from(Refusal::Internal).into_response(),
    }
}
