//! Connections that a handler can reset, as a network fault would.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use crate::port::ConnectionSlot;

/// An interim reply, sent before a reset so that the browser reports a network error. Without any byte of a reply, browsers
/// repeat a request on a reused connection, even a POST. On a TLS connection the bytes are an invalid record, which has the
/// same result.
const INTERIM: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";

/// Delay between the interim reply and the reset: on some systems a reset discards unread bytes.
const RESET_DELAY: Duration = Duration::from_millis(20);

/// Request extension: the handle of a connection, with which a handler can reset it.
#[derive(Clone, Debug)]
pub struct Connection(Arc<Mutex<Option<TcpStream>>>);

impl Connection {
    /// The handle of a connection, and the stream for the server.
    pub(crate) fn split(stream: TcpStream, slot: ConnectionSlot) -> (Self, Stream) {
        let connection = Self(Arc::new(Mutex::new(Some(stream))));
        (connection.clone(), Stream { connection, _slot: slot })
    }

    /// Resets the connection: the client gets no reply. Idempotent. `is_handshake`: the request is a WebSocket handshake,
    /// which browsers never repeat, so no interim reply is sent.
    pub async fn reset(&self, is_handshake: bool) {
        let Some(mut stream) = self.0.lock().take() else { return };
        // Errors are ignored: the stream is dropped in any case.
        let _ = stream.set_zero_linger();
        if !is_handshake {
            let _ = stream.write_all(INTERIM).await;
            tokio::time::sleep(RESET_DELAY).await;
        }
    }
}

/// The stream of a connection for the server. After an upgrade the socket keeps it.
pub(crate) struct Stream {
    connection: Connection,
    _slot: ConnectionSlot,
}

impl Stream {
    /// Polls the stream. Fails after a reset.
    fn poll<T>(&self, poll: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &mut *self.connection.0.lock() {
            Some(stream) => poll(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self.connection.0.lock() {
            Some(stream) => Pin::new(stream).poll_read(context, buffer),
            // An error would cancel the handler that has just reset the connection. Its reply wakes the server.
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(|stream| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(|stream| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|stream| stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|stream| stream.poll_shutdown(context))
    }
}
