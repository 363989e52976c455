//! Connections that can be broken from within, as a network breaks them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use crate::port::ConnectionSlot;

/// What a browser has to have read so that it takes a broken connection for what it is. A request on a connection that
/// was used before, and that broke without a byte of a reply, is sent again by browsers on their own, also a POST. Where TLS is
/// spoken it is no record of that, which breaks the connection just as well.
const INTERIM: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";

/// How long the other side gets to read that: on some systems a reset throws away what was not read.
const READ_FIRST: Duration = Duration::from_millis(20);

/// A connection, as its requests know it.
#[derive(Clone, Debug)]
pub struct Connection(Arc<Mutex<Option<TcpStream>>>);

impl Connection {
    /// The connection, and what the server reads and writes.
    pub(crate) fn split(stream: TcpStream, place: ConnectionSlot) -> (Self, Stream) {
        let connection = Self(Arc::new(Mutex::new(Some(stream))));
        (connection.clone(), Stream { connection, _place: place })
    }

    /// Breaks it: the other side sees a reset, and no reply. A handshake is not sent again, and wants no interim reply.
    pub async fn reset(&self, is_handshake: bool) {
        let Some(mut stream) = self.0.lock().take() else { return };
        // Whether any of this works makes no difference to what follows.
        let _ = stream.set_zero_linger();
        if !is_handshake {
            let _ = stream.write_all(INTERIM).await;
            tokio::time::sleep(READ_FIRST).await;
        }
    }
}

/// A connection, as the server reads and writes it. A socket goes on with it when the requests have ended.
pub(crate) struct Stream {
    connection: Connection,
    _place: ConnectionSlot,
}

impl Stream {
    /// Fails once it was cut.
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
            // An error would end the request that is about to end this connection. Its reply wakes the server.
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
