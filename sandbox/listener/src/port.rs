//! The shared context of connections, and the slot of each connection.

use std::any::Any;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::limits::ConnectionLimits;
use crate::observer::ConnectionObserver;

/// The context that all connections share.
pub(crate) struct ListenerContext<S> {
    pub(crate) service: S,
    pub(crate) limits: ConnectionLimits,
    pub(crate) tls: Option<TlsAcceptor>,
    /// The https origin, for the reply to plain http on a TLS port.
    pub(crate) origin: String,
    pub(crate) observer: Arc<dyn ConnectionObserver>,
    pub(crate) stop: CancellationToken,
}

/// The slot of an open connection: its permit and the observer's guard. Dropping it frees the slot.
pub(crate) struct ConnectionSlot {
    pub(crate) _permit: OwnedSemaphorePermit,
    pub(crate) _open: Box<dyn Any + Send>,
}
