//! The address of a connection's other end, for the requests of the connection.

use std::net::SocketAddr;

/// Request extension: the address of the connection's other end, a client or a proxy. A request without a connection has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);
