//! Every call, with its part of the document.

use std::sync::LazyLock;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::{generate_auth, module_codes, output, server_facts, state_reset};
use crate::app::Sandbox;
use crate::http::journeys::errors::JourneyErrorReply;

/// The routes.
pub(crate) fn router() -> Router<Sandbox> {
    CALLS.0.clone().method_not_allowed_fallback(method_not_allowed)
}

/// The OpenAPI document of the handlers.
pub(crate) fn document() -> &'static OpenApi {
    &CALLS.1
}

/// Routes and their documentation from one list. Built once per process, since tests create many sandboxes.
static CALLS: LazyLock<(Router<Sandbox>, OpenApi)> = LazyLock::new(|| {
    let calls: Vec<UtoipaMethodRouter<Sandbox>> = vec![
        routes!(generate_auth::generate_auth),
        routes!(server_facts::contact),
        routes!(server_facts::outcome),
        routes!(server_facts::erase),
        routes!(output::output),
        routes!(state_reset::state_reset),
        routes!(state_reset::options),
        routes!(module_codes::send_mobile),
        routes!(module_codes::verify_mobile),
        routes!(module_codes::resend_mobile),
        routes!(module_codes::send_email),
        routes!(module_codes::verify_email),
        routes!(module_codes::retry_email),
    ];
    calls.into_iter().fold(OpenApiRouter::new(), OpenApiRouter::routes).split_for_parts()
});

/// 405: every call is a POST.
async fn method_not_allowed() -> JourneyErrorReply {
    JourneyErrorReply::method_not_allowed("wrong method: this path takes POST")
}
