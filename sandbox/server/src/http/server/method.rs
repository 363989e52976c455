//! 405 in the server API: the message names the methods of the OpenAPI document.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::MatchedPath;
use axum::http::StatusCode;
use utoipa::openapi::path::PathItem;

use super::calls::document;
use crate::http::shared::errors::ApiError;
use handset_sandbox_domain::Refusal;

/// Allowed methods by path, from the document.
static OF_CALLS: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let of = |item: &PathItem| {
        let methods = [("GET", &item.get), ("POST", &item.post), ("DELETE", &item.delete)];
        let named: Vec<_> = methods.into_iter().filter_map(|(name, call)| call.as_ref().map(|_| name)).collect();
        named.join(" or ")
    };
    document().paths.paths.iter().map(|(path, item)| (path.as_str(), of(item))).collect()
});

/// 405 with the code of the contract.
pub(crate) async fn step_not_allowed(path: MatchedPath) -> ApiError {
    let methods = OF_CALLS.get(path.as_str().trim_end_matches('/')).map_or("POST", String::as_str);
    let message = format!("step not allowed: this path takes {methods}");
    ApiError::from(Refusal::NotAllowed).with_message(message).with_status(StatusCode::METHOD_NOT_ALLOWED)
}
