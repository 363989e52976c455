//! TCP, TLS, the local CA, limits and timeouts, for any tower service. No routes.
//!
//! `axum::serve` has no TLS and no limit for connections or slow clients. The listener therefore runs hyper's HTTP/1.1 for
//! plain and TLS connections; WebSockets require 1.1 anyway.
//!
//! Each request has three extensions: [`Connection`], with which a handler can reset its connection, [`BodyDeadline`] and
//! [`PeerAddress`].

mod connection;
mod deadline;
mod error;
mod limits;
mod local_ca;
mod observer;
mod peer;
mod port;
mod resettable;
mod serve;
mod tls;

pub use deadline::{BodyDeadline, BodyTimeout};
pub use error::TlsError;
pub use limits::ConnectionLimits;
pub use observer::{ConnectionObserver, ConnectionRejection};
pub use peer::PeerAddress;
pub use resettable::Connection;
pub use serve::serve;
pub use tls::{LocalCaFile, PemFile, TlsServer};
