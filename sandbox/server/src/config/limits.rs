//! Limits of a connection.

use super::section::section;

section! {
    /// The limits of a connection.
    pub struct Limits {
        /// Time limit for the head of a request, in seconds; also for an idle connection and for the TLS handshake. Then the
        /// connection is closed.
        head_seconds: u32 = 30, at least 1;
        /// Maximum size of the head of a request, in bytes; then 431.
        head_bytes: u32 = 16 * 1024, at least 1;
        /// Time limit for the body of a request, in seconds; then 408.
        body_seconds: u32 = 10, at least 1;
        /// Time limit for a client that does not read its reply, in seconds; then the connection is closed.
        write_seconds: u32 = 30, at least 1;
        /// Maximum number of open connections, sockets included; further ones are closed at once.
        connections: u32 = 30_000, at least 1;
        /// Maximum number of open status sockets; further handshakes are answered 503.
        sockets: u32 = 20_000, at least 1;
    }
}
