//! Every call of the server API, with its part of the document.

use std::sync::LazyLock;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::{flow, identities, token, unify, verify};
use crate::app::Sandbox;

/// The routes.
pub(super) fn router() -> Router<Sandbox> {
    CALLS.0.clone()
}

/// The OpenAPI document of the handlers.
pub(crate) fn document() -> &'static OpenApi {
    &CALLS.1
}

/// Routes and their documentation from one list. Built once per process, since tests create many sandboxes.
static CALLS: LazyLock<(Router<Sandbox>, OpenApi)> = LazyLock::new(|| documented().split_for_parts());

fn documented() -> OpenApiRouter<Sandbox> {
    let token: Vec<UtoipaMethodRouter<Sandbox>> = vec![routes!(token::token)];
    let calls =
        token.into_iter().chain(flow::calls()).chain(verify::calls()).chain(unify::calls()).chain(identities::calls());
    calls.fold(OpenApiRouter::new(), |router, call| {
        // With and without a trailing slash, since SDKs differ.
        let with_slash = call.1.paths.keys().next().map(|path| format!("{path}/"));
        let methods = call.2.clone();
        let router = router.routes(call);
        match with_slash {
            Some(path) => router.route(&path, methods),
            None => router,
        }
    })
}
