//! What a request has begun goes on when its client hangs up.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::http::shared::errors::ApiError;
use handset_sandbox_domain::Refusal;

/// A client that hangs up takes its request's future with it, perhaps between a write and what follows from it: an SMS
/// or a wake that would wait in the outbox for the next write. In a task of its own the request ends as it began.
pub(crate) async fn run_to_completion(request: Request, next: Next) -> Response {
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and this task with it.
            Err(_) => ApiError::from(Refusal::Internal).into_response(),
        },
    }
}
