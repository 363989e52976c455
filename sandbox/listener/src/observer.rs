//! What a server wants to count.

use std::any::Any;

use strum::{EnumIter, IntoStaticStr};

/// Why a connection was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ConnectionRejection {
    /// As many connections as are allowed are open.
    TooMany,
    /// Plain http where https is spoken.
    PlainHttp,
    /// The TLS handshake failed, or took too long.
    TlsHandshake,
}

/// Hears of connections.
pub trait ConnectionObserver: Send + Sync + 'static {
    /// A connection has begun; what is returned is dropped when it ends.
    fn opened(&self) -> Box<dyn Any + Send>;

    /// A connection was turned away.
    fn rejected(&self, reason: ConnectionRejection);
}
