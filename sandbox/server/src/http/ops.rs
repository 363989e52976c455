//! Endpoints for operators: liveness, readiness, metrics.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::app::Sandbox;
use crate::app::inspection::{self, Readiness};
use crate::http::shared::errors::ApiError;
use crate::http::shared::guard::same_origin_only;
use crate::http::shared::method::method_not_allowed;
use crate::http::shared::share::SharedLayer;
use crate::metrics::HttpRequestLabels;
use handset_sandbox_domain::Refusal;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/healthz` and `/readyz` are public: probes use the address of a container, so the `Host` check is skipped. `/metrics` has
/// the same guard as the inspection API.
pub(crate) fn router(sandbox: Sandbox) -> Router<Sandbox> {
    let counted = Router::new().route("/metrics", get(metrics)).layer((SharedLayer, same_origin_only(sandbox)));
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
#[derive(Clone)]
pub(super) struct CountLayer(pub(super) Sandbox);

impl<S> Layer<S> for CountLayer {
    type Service = CountService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CountService { sandbox: self.0.clone(), inner }
    }
}

/// The service of [`CountLayer`].
#[derive(Clone)]
pub(super) struct CountService<S> {
    sandbox: Sandbox,
    inner: S,
}

impl<S, B> Service<Request> for CountService<S>
where
    S: Service<Request, Response = Response<B>>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = CountFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let method = known(request.method());
        let route = request.extensions().get::<MatchedPath>().cloned();
        CountFuture { sandbox: self.sandbox.clone(), method, route, reply: self.inner.call(request) }
    }
}

pin_project! {
    /// A reply that is counted.
    pub(super) struct CountFuture<F> {
        sandbox: Sandbox,
        method: &'static str,
        // Without a route: a file of the page, or an unknown path.
        route: Option<MatchedPath>,
        #[pin]
        reply: F,
    }
}

impl<F, B, E> Future for CountFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let reply = ready!(this.reply.poll(context));
        if let Ok(response) = &reply {
            let route = this.route.as_ref().map_or("-", MatchedPath::as_str).to_owned();
            let status = response.status().as_u16();
            this.sandbox.metrics.answered(&HttpRequestLabels { method: this.method, route, status });
        }
        Poll::Ready(reply)
    }
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
