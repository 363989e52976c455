//! Translates between HTTP and the core. No rule of the contract lives here but those about HTTP itself.

mod carry_through;
mod client_api;
mod demo;
mod errors;
mod extract;
mod fault_layer;
mod faults;
mod guard;
mod identities;
mod inspect;
mod links;
mod numbers;
mod openapi;
mod ops;
mod scope;
mod server_api;
mod sessions;
mod socket;
mod status;
mod unify;
mod verify;
mod webhook;
mod www;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::AppState;
use crate::core::Refusal;
use carry_through::carry_through;
use errors::ApiError;

pub use status::{Unauthorized, status_socket};

/// The whole sandbox. Nothing in it starts before a request comes.
///
/// `/sandbox/*` and `/demo/*` want a `Host` that is a loopback name or that of the configured origin, also in process.
pub fn app(state: AppState) -> Router {
    let sandbox = state.0;
    let faults = from_fn_with_state(sandbox.clone(), fault_layer::inject);
    let server_api = server_api::router().layer(from_fn(carry_through)).layer(faults.clone());
    Router::new()
        .merge(server_api.clone())
        .merge(openapi::router())
        .merge(links::router().layer(from_fn(carry_through)).layer(faults.clone()))
        .merge(ops::router(sandbox.clone()))
        .nest("/v1/client", client_api::router(sandbox.clone()))
        .nest("/sandbox", inspect::router(sandbox.clone()))
        .nest("/demo", demo::router(sandbox.clone(), server_api.with_state(sandbox.clone())).layer(faults.clone()))
        .fallback_service(www::service(&sandbox).layer(faults))
        .with_state(sandbox.clone())
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(CatchPanicLayer::custom(|_| ApiError::from(Refusal::Internal).into_response()))
        .layer(from_fn_with_state(sandbox, ops::count))
        .layer(TraceLayer::new_for_http().make_span_with(span))
}

/// The route only: a path can hold a link's secret, and a query an authToken.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    tracing::info_span!("request", method = %request.method(), route)
}
