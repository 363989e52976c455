//! Applies a command of a page and maps the answer to a reply.

use axum::Json;
use handset_protocol::client::Reply;
use handset_sandbox_domain::{ClientAnswer, Command};

use crate::app::Sandbox;
use crate::app::client_calls;
use crate::http::shared::errors::{ApiError, refused_with};
use crate::http::shared::extract::AuthenticatedSession;

/// The result of a client handler.
pub(super) type ClientResult = Result<Json<Reply>, ApiError>;

/// Applies the command to the page's session.
pub(super) async fn apply<C>(sandbox: &Sandbox, session: AuthenticatedSession, command: &C) -> ClientResult
where
    C: Command<Answer = ClientAnswer>,
{
    match client_calls::apply(sandbox, session.0, command).await? {
        ClientAnswer::Reply(reply) => Ok(Json(reply)),
        ClientAnswer::HttpError { status, retry_after_seconds } => Err(refused_with(status, retry_after_seconds)),
    }
}
