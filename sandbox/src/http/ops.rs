//! What whoever runs the sandbox asks: does it live, is it ready, what has it done.

use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::time::timeout;

use super::errors::ApiError;
use super::guard::own_site_only;
use super::method::method_not_allowed;
use crate::core::Refusal;
use crate::metrics::Answered;
use crate::state::Sandbox;

/// How long the store gets to answer.
const STORE_PATIENCE: Duration = Duration::from_secs(2);
/// What is written to see whether anything can be.
const READINESS: &str = "readiness";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Anyone may ask for life and readiness, which tell nothing: who watches a container calls it by its address. What was
/// counted is for those who may look into the sandbox.
pub(super) fn router(sandbox: Sandbox) -> Router<Sandbox> {
    let counted = Router::new().route("/metrics", get(metrics)).layer(from_fn_with_state(sandbox, own_site_only));
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .merge(counted)
        .method_not_allowed_fallback(method_not_allowed)
}

/// Whether it takes new flows: the store writes, and it is not ending.
async fn ready(State(sandbox): State<Sandbox>) -> Result<&'static str, ApiError> {
    let not_ready = |why| ApiError::http(StatusCode::SERVICE_UNAVAILABLE, why);
    if sandbox.closing.is_cancelled() {
        return Err(not_ready("the sandbox is ending"));
    }
    // Never the same again: SQLite writes nothing where nothing changes, and would not see that it cannot.
    let mut value = [0; 16];
    sandbox.random.fill(&mut value);
    match timeout(STORE_PATIENCE, sandbox.store.set_fact(None, READINESS, &value)).await {
        Ok(Ok(_)) => Ok("ready\n"),
        Ok(Err(error)) => {
            tracing::error!(%error, "the store failed");
            Err(not_ready("the store fails"))
        }
        Err(_) => Err(not_ready("the store does not answer")),
    }
}

async fn metrics(State(sandbox): State<Sandbox>) -> Result<Response, ApiError> {
    let text = sandbox.metrics.text().ok_or(Refusal::Internal)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

/// To be laid around everything.
pub(super) async fn count(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let method = known(request.method());
    // What has no route is a file of the page, or nothing.
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    sandbox.metrics.answered(&Answered { method, route, status: response.status().as_u16() });
    response
}

/// A client may call its method what it likes.
pub(super) fn known(method: &Method) -> &'static str {
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
