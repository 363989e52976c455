//! How much of everything a client gets.

use std::time::Duration;

/// What a connection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Time until the head of a connection's next request is whole; so also how long a connection may idle, and how long
    /// a TLS handshake may take. Then it is closed.
    pub head: Duration,
    /// Longest head of a request, in bytes; then 431.
    pub head_bytes: usize,
    /// Time until the body of a request is whole: [`BodyDeadline`](crate::BodyDeadline).
    pub body: Duration,
    /// Time in which a client reads nothing of a reply; then the connection is closed.
    pub write: Duration,
    /// Open connections; one more is closed at once.
    pub connections: usize,
}
