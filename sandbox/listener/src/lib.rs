//! Connections: who gets one, how long they may take, and TLS. Serves any tower service, and knows no route.
//!
//! `axum::serve` has no limit for connections or slow clients, and no TLS. This is hyper's HTTP/1.1, for plain and
//! encrypted connections alike; WebSockets need 1.1 anyway.
//!
//! What a connection tells its requests is in their extensions: [`Connection`], by which a handler can reset it, and
//! [`BodyDeadline`].

mod connection;
mod deadline;
mod error;
mod limits;
mod local_ca;
mod observer;
mod port;
mod resettable;
mod serve;
mod tls;

pub use deadline::{BodyDeadline, BodyTimeout};
pub use error::TlsError;
pub use limits::ConnectionLimits;
pub use observer::{ConnectionObserver, ConnectionRejection};
pub use resettable::Connection;
pub use serve::serve;
pub use tls::{LocalCaFile, PemFile, TlsServer};
