//! Limits of a connection.

use std::time::Duration;

/// Limits of a connection, and the limit of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Time limit for the head of a request; also for an idle connection and for the TLS handshake. Then the connection is
    /// closed.
    pub head: Duration,
    /// Maximum size of the head of a request, in bytes; then 431.
    pub head_bytes: usize,
    /// Time limit for the body of a request: [`BodyDeadline`](crate::BodyDeadline).
    pub body: Duration,
    /// Time limit for a client that does not read its reply; then the connection is closed.
    pub write: Duration,
    /// Maximum number of open connections; further ones are closed at once.
    pub connections: usize,
}
