//! The network to webhooks, which a test can replace. No TLS and no HTTP.

use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A connection.
pub trait NetworkStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> NetworkStream for T {}

/// The network to webhooks.
#[async_trait]
pub trait Network: Send + Sync + 'static {
    /// Connects to a host: a name, or an address without brackets.
    ///
    /// # Errors
    /// The host is unknown or unreachable.
    async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn NetworkStream>>;
}

/// The network of the operating system.
pub(crate) struct TcpNetwork;

#[async_trait]
impl Network for TcpNetwork {
    async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn NetworkStream>> {
        let stream = TcpStream::connect((host, port)).await?;
        Ok(Box::new(stream))
    }
}
