//! What connections share, and what each takes up.

use std::any::Any;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::limits::ConnectionLimits;
use crate::observer::ConnectionObserver;

/// What every connection shares.
pub(crate) struct ListenerContext<S> {
    pub(crate) service: S,
    pub(crate) limits: ConnectionLimits,
    pub(crate) tls: Option<TlsAcceptor>,
    /// Where a client that speaks plain http to a port with TLS is sent.
    pub(crate) origin: String,
    pub(crate) observer: Arc<dyn ConnectionObserver>,
    pub(crate) stop: CancellationToken,
}

/// What a connection takes up for as long as it is open.
pub(crate) struct ConnectionSlot {
    pub(crate) _permit: OwnedSemaphorePermit,
    pub(crate) _open: Box<dyn Any + Send>,
}
