//! CORS of the calls of pages.

use std::time::Duration;

use axum::http::{Method, header};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

/// CORS for any origin, without cookies. Every requested header is allowed, since tracing SDKs add their own.
pub(crate) fn any_origin<const N: usize>(methods: [Method; N]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(methods)
        .allow_headers(AllowHeaders::mirror_request())
        .allow_private_network(true)
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}
