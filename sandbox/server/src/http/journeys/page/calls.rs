//! Every call, with its part of the document.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::MatchedPath;
use axum::http::Method;
use handset_protocol::journey::paths;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::{handoff, resume_code, state};
use crate::app::Sandbox;
use crate::http::fault_layer::FaultLayer;
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::shared::cors;
use crate::http::shared::detach::RunToCompletion;
use crate::http::shared::share::SharedLayer;

/// The routes.
pub(crate) fn router(sandbox: Sandbox) -> Router<Sandbox> {
    CALLS
        .0
        .clone()
        .method_not_allowed_fallback(method_not_allowed)
        // Faults inside CORS, so that a page can read the status of a fault and preflights pass.
        .layer((SharedLayer, cors::any_origin([Method::GET, Method::POST]), FaultLayer(sandbox), RunToCompletion))
}

/// The OpenAPI document of the handlers.
pub(crate) fn document() -> &'static OpenApi {
    &CALLS.1
}

/// Routes and their documentation from one list. Built once per process, since tests create many sandboxes.
static CALLS: LazyLock<(Router<Sandbox>, OpenApi)> = LazyLock::new(|| {
    let calls: Vec<UtoipaMethodRouter<Sandbox>> = vec![
        routes!(state::get),
        routes!(state::put),
        routes!(state::check_session),
        routes!(resume_code::send),
        routes!(resume_code::verify),
        routes!(handoff::open),
        routes!(handoff::redeem),
        routes!(handoff::confirm),
        routes!(handoff::status),
    ];
    calls.into_iter().fold(OpenApiRouter::new(), OpenApiRouter::routes).split_for_parts()
});

/// 405.
async fn method_not_allowed(path: MatchedPath) -> JourneyErrorReply {
    let method = if path.as_str() == paths::HANDOFF_STATUS { "GET" } else { "POST" };
    JourneyErrorReply::method_not_allowed(&format!("wrong method: this path takes {method}"))
}
