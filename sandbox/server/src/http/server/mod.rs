//! The server API of a relying party.

mod calls;
mod flow;
mod identities;
mod method;
pub(crate) mod tags;
pub(crate) mod token;
mod unify;
mod verify;

use axum::Router;
use axum::routing::any;

use crate::app::Sandbox;
use crate::http::shared::errors::not_found;
pub(crate) use calls::document;

pub(crate) fn router() -> Router<Sandbox> {
    calls::router()
        .method_not_allowed_fallback(method::step_not_allowed)
        // Every method, before the fallback to the files of the demo page.
        .route("/v3/{*rest}", any(not_found))
}
