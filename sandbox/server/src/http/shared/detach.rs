//! Middleware that runs the handler in a task of its own, so that a client that disconnects does not cancel it half-way.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::http::shared::errors::ApiError;
use handset_sandbox_domain::Refusal;

/// Spawns the handler. Without it, a disconnect could drop the future between a write and the entries of the outbox that
/// follow from it.
///
/// # Cancel safety
/// Dropping the returned future leaves the handler running.
pub(crate) async fn run_to_completion(request: Request, next: Next) -> Response {
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => ApiError::from(Refusal::Internal).into_response(),
        },
    }
}
