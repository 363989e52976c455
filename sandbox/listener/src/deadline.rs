//! The deadline for a request's body: a client that sends byte by byte must not hold a connection for ever.

use axum::body::Body;
use axum::http::Request;
use tokio::time::{Instant, timeout_at};

/// Request extension: the time by which the body must be complete. A request without a connection has none.
#[derive(Clone, Copy, Debug)]
pub struct BodyDeadline(pub(crate) Instant);

/// The body was not complete by the deadline.
#[derive(Clone, Copy, Debug)]
pub struct BodyTimeout;

impl BodyDeadline {
    /// The deadline of the request.
    pub fn of(request: &Request<Body>) -> Option<Self> {
        request.extensions().get().copied()
    }

    /// Runs `reading`, which reads the body, until the deadline.
    ///
    /// # Errors
    /// The deadline passed; `reading` is dropped.
    pub async fn hold<T>(this: Option<Self>, reading: impl Future<Output = T>) -> Result<T, BodyTimeout> {
        match this {
            Some(Self(deadline)) => timeout_at(deadline, reading).await.map_err(|_| BodyTimeout),
            None => Ok(reading.await),
        }
    }
}
