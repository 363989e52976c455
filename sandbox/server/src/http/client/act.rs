//! Applies an event of a page and maps the result to a reply.

use axum::Json;
use handset_protocol::client::Reply;
use handset_sandbox_domain::SessionEvent;

use crate::app::Sandbox;
use crate::app::client_calls::{self, ClientAnswer};
use crate::http::shared::errors::{ApiError, refused_with};
use crate::http::shared::extract::AuthenticatedSession;

/// The result of a client handler.
pub(super) type ClientResult = Result<Json<Reply>, ApiError>;

/// Applies the event to the page's session.
pub(super) async fn apply_event(sandbox: &Sandbox, flow: &AuthenticatedSession, event: &SessionEvent) -> ClientResult {
    match client_calls::apply_event(sandbox, &flow.0, event).await? {
        ClientAnswer::Reply(reply) => Ok(Json(reply)),
        ClientAnswer::HttpError { status, retry_after_seconds } => Err(refused_with(status, retry_after_seconds)),
    }
}
