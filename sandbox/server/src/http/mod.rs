//! Routes, extractors and replies, by audience. Rules of the contract are in the domain, use cases in `app`; only rules about
//! HTTP itself are here.

mod carrier;
mod client;
mod demo;
mod fault_layer;
mod inspection;
mod journeys;
mod links;
mod openapi;
mod ops;
mod server;
mod shared;
mod www;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use handset_protocol::client::paths;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::AppState;
use crate::app::Sandbox;
use fault_layer::FaultLayer;
use handset_sandbox_domain::Refusal;
use ops::CountLayer;
use shared::detach::RunToCompletion;
use shared::errors::ApiError;
use shared::share::SharedLayer;

pub use client::{Unauthorized, status_socket};

/// The router of the whole sandbox. It starts no task before the first request.
///
/// `/sandbox/*` and `/demo/*` require a `Host` that is a loopback name or the host of the configured origin, also in process.
pub fn app(state: AppState) -> Router {
    let sandbox = state.0;
    let faults = (SharedLayer, FaultLayer(sandbox.clone()));
    // Layers are combined where possible: axum boxes each separate layer per request.
    let acting = (faults.clone(), RunToCompletion);
    let server_api = server::router().layer(acting.clone());
    let router = Router::new()
        .merge(server_api.clone())
        .merge(journeys::server::router().layer(acting.clone()))
        .merge(journeys::page::router(sandbox.clone()))
        .merge(openapi::router())
        .merge(links::router().layer(acting))
        .merge(ops::router(sandbox.clone()))
        .nest(paths::ROOT, client::router(sandbox.clone()))
        .nest("/sandbox", inspection::router(sandbox.clone()))
        .nest("/demo", demo::router(sandbox.clone(), server_api.with_state(sandbox.clone())).layer(faults.clone()))
        .fallback_service(www::service(&sandbox).layer(faults))
        .with_state(sandbox.clone());
    observed(router, sandbox)
}

/// The router of the carrier that Mobile Auth visits. It belongs on an origin of its own: that of
/// [`Config::carrier_origin`](crate::Config::carrier_origin).
pub fn carrier(state: AppState) -> Router {
    let sandbox = state.0;
    observed(carrier::router().with_state(sandbox.clone()), sandbox)
}

/// The router with traces, metrics, a reply for a panic, and the headers of every reply.
fn observed(router: Router, sandbox: Sandbox) -> Router {
    router.layer((
        SharedLayer,
        TraceLayer::new_for_http().make_span_with(span),
        CountLayer(sandbox),
        CatchPanicLayer::custom(|_| ApiError::from(Refusal::Internal).into_response()),
        unless_said(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        unless_said(header::CACHE_CONTROL, "no-store"),
    ))
}

/// A header for every reply that does not set it itself.
fn unless_said(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// A span without client data: a path can hold the secret of a link, a query an authToken, and a method any text.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    tracing::info_span!("request", method = ops::known(request.method()), route)
}
