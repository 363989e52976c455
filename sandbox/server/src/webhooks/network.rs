use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A connection.
pub trait NetworkStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> NetworkStream for T {}

/// How the sandbox reaches a webhook.
#[async_trait]
pub trait Network: Send + Sync + 'static {
    /// A connection to a host, which is a name or an address without brackets.
    async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn NetworkStream>>;
}

/// That of the machine.
pub(crate) struct TcpNetwork;

#[async_trait]
impl Network for TcpNetwork {
    async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn NetworkStream>> {
        let stream = TcpStream::connect((host, port)).await?;
        Ok(Box::new(stream))
    }
}
