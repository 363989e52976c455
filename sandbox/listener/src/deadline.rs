//! How long a request's body may take: a client that sends a byte now and then must not hold a connection for ever.

use axum::body::Body;
use axum::http::Request;
use tokio::time::{Instant, timeout_at};

/// In a request: when its body has to be whole. None in process.
#[derive(Clone, Copy, Debug)]
pub struct BodyDeadline(pub(crate) Instant);

/// It came too slowly.
#[derive(Clone, Copy, Debug)]
pub struct BodyTimeout;

impl BodyDeadline {
    /// The deadline of that request.
    pub fn of(request: &Request<Body>) -> Option<Self> {
        request.extensions().get().copied()
    }

    /// Waits for what reads the body, until the deadline.
    pub async fn hold<T>(this: Option<Self>, reading: impl Future<Output = T>) -> Result<T, BodyTimeout> {
        match this {
            Some(Self(deadline)) => timeout_at(deadline, reading).await.map_err(|_| BodyTimeout),
            None => Ok(reading.await),
        }
    }
}
