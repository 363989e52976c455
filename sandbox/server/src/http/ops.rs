//! Endpoints for operators: liveness, readiness, metrics.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::Sandbox;
use crate::app::inspection::{self, Readiness};
use crate::http::shared::errors::ApiError;
use crate::http::shared::guard::same_origin_only;
use crate::http::shared::method::method_not_allowed;
use crate::metrics::HttpRequestLabels;
use handset_sandbox_domain::Refusal;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/healthz` and `/readyz` are public: probes use the address of a container, so the `Host` check is skipped. `/metrics` has
/// the same guard as the inspection API.
pub(crate) fn router(sandbox: Sandbox) -> Router<Sandbox> {
    let counted = Router::new().route("/metrics", get(metrics)).layer(from_fn_with_state(sandbox, same_origin_only));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .merge(counted)
        .method_not_allowed_fallback(method_not_allowed)
}

/// Readiness: the store accepts writes, and no shutdown is in progress.
async fn ready(State(sandbox): State<Sandbox>) -> Result<&'static str, ApiError> {
    let not_ready = |why| Err(ApiError::http(StatusCode::SERVICE_UNAVAILABLE, why));
    match inspection::readiness(&sandbox).await {
        Readiness::Ready => Ok("ready\n"),
        Readiness::Ending => not_ready("the sandbox is shutting down"),
        Readiness::StoreFails => not_ready("the store fails"),
        Readiness::StoreSilent => not_ready("the store does not answer"),
    }
}

async fn metrics(State(sandbox): State<Sandbox>) -> Result<Response, ApiError> {
    let text = sandbox.metrics.text().ok_or(Refusal::Internal)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

/// The layer that counts every reply.
pub(crate) async fn count(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let method = known(request.method());
    // Without a route: a file of the page, or an unknown path.
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    sandbox.metrics.answered(&HttpRequestLabels { method, route, status: response.status().as_u16() });
    response
}

/// A known method, or `other`, since a client may send any text.
pub(crate) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
