//! Observer of connections, for the metrics of a server.

use std::any::Any;

use strum::{EnumIter, IntoStaticStr};

/// The reason for which a connection was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ConnectionRejection {
    /// The limit of open connections is reached.
    TooMany,
    /// Plain http on a TLS port.
    PlainHttp,
    /// The TLS handshake failed or timed out.
    TlsHandshake,
}

/// Observes opened and rejected connections. Called from the accept loop and from connection tasks: must not block.
pub trait ConnectionObserver: Send + Sync + 'static {
    /// A connection was accepted. The returned guard is dropped when the connection ends.
    fn opened(&self) -> Box<dyn Any + Send>;

    /// A connection was rejected.
    fn rejected(&self, reason: ConnectionRejection);
}
