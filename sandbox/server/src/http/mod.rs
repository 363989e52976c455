//! Translates between HTTP and the core. No rule of the contract lives here but those about HTTP itself.

mod client;
mod demo;
mod fault_layer;
mod inspection;
mod links;
mod openapi;
mod ops;
mod server;
mod shared;
mod www;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::AppState;
use handset_sandbox_domain::Refusal;
use shared::detach::run_to_completion;
use shared::errors::ApiError;

pub use client::{Unauthorized, status_socket};

/// The whole sandbox. Nothing in it starts before a request comes.
///
/// `/sandbox/*` and `/demo/*` want a `Host` that is a loopback name or that of the configured origin, also in process.
pub fn app(state: AppState) -> Router {
    let sandbox = state.0;
    let faults = from_fn_with_state(sandbox.clone(), fault_layer::inject);
    // Layers come in one piece where they can: of each piece every request gets a copy in a box of its own, with all that
    // is inside.
    let acting = (faults.clone(), from_fn(run_to_completion));
    let server_api = server::router().layer(acting.clone());
    Router::new()
        .merge(server_api.clone())
        .merge(openapi::router())
        .merge(links::router().layer(acting))
        .merge(ops::router(sandbox.clone()))
        .nest("/v1/client", client::router(sandbox.clone()))
        .nest("/sandbox", inspection::router(sandbox.clone()))
        .nest("/demo", demo::router(sandbox.clone(), server_api.with_state(sandbox.clone())).layer(faults.clone()))
        .fallback_service(www::service(&sandbox).layer(faults))
        .with_state(sandbox.clone())
        .layer((
            TraceLayer::new_for_http().make_span_with(span),
            from_fn_with_state(sandbox, ops::count),
            CatchPanicLayer::custom(|_| ApiError::from(Refusal::Internal).into_response()),
            unless_said(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            unless_said(header::CACHE_CONTROL, "no-store"),
        ))
}

/// A header of every reply that does not say otherwise.
fn unless_said(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Nothing that a client chooses: a path can hold a link's secret, a query an authToken, and a method whatever it likes.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    tracing::info_span!("request", method = ops::known(request.method()), route)
}
