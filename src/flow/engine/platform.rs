//! The machine as the flow sees it: clocks, timers, randomness, requests, sockets. No implementation is in here.

use std::{borrow::Cow, future::Future};

use handset_protocol::{Secret, wire::Json};

/// Both clocks of a machine at one moment, in ms.
///
/// The monotonic clock never jumps but may stand still while the machine sleeps; the wall clock runs on but may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The monotonic clock: ms since an arbitrary start; never goes back.
    pub mono: i64,
    /// The wall clock: epoch ms, right or wrong.
    pub wall: i64,
}

/// A request to the backend, or, in Mobile Auth, to a carrier.
#[derive(Debug)]
pub struct Request {
    /// The HTTP method; empty to load the URL as an image.
    pub method: Cow<'static, str>,
    /// An absolute URL. That of a carrier is a secret.
    pub url: Secret,
    /// The text of the `Authorization` header after `Bearer `; empty for a carrier, who gets no header of the protocol.
    pub token: Secret,
    /// The text of the `PA-Version` header.
    pub version: &'static str,
    /// For a carrier: the JSON of an array of headers, each an object of `key` and `value`.
    pub headers: Secret,
    /// The body, JSON for the backend; empty for none.
    pub body: Secret,
}

/// The response to a [`Request`].
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header in s, where the page can read it.
    pub retry_after: Option<u32>,
    /// The body as text.
    pub body: String,
    /// The URL after all redirects; empty where the browser does not say.
    pub url: Secret,
}

/// No readable response. The browser hides the reason from a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkError;

/// An event of a socket.
#[derive(Debug)]
pub enum SocketEvent {
    /// The handshake went through.
    Open,
    /// A text message.
    Text(String),
    /// The socket closed, was lost, or never opened. No event follows.
    Closed,
}

/// A WebSocket. Dropping it closes it.
pub trait Socket {
    /// Sends a text; has no effect on a socket that is not open.
    fn send(&self, text: &str);
    /// The next event, in order.
    fn next(&mut self) -> impl Future<Output = SocketEvent>;
}

/// The machine that a flow runs on.
///
/// # Cancel safety
///
/// Dropping a future of this trait ends its timer, request or listener.
pub trait Platform {
    /// The type of its sockets.
    type Socket: Socket;
    /// The type of its parsed JSON.
    type Json: Json;

    /// Reads both clocks.
    fn now(&self) -> ClockReading;
    /// Resolves when the monotonic clock has reached `mono` ms.
    fn sleep_until(&self, mono: i64) -> impl Future<Output = ()>;
    /// Resolves when the page is back after it was asleep or offline (`online`, `pageshow`, visible again).
    fn woken(&self) -> impl Future<Output = ()>;
    /// A random number below `bound`, for jitter.
    fn random(&self, bound: u32) -> u32;
    /// Sends a request; the browser follows redirects by itself. A loaded image is a response without a body.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, NetworkError>>;
    /// Opens a socket. The URL contains the authToken: it must not be logged.
    fn open_socket(&self, url: &Secret) -> Self::Socket;
    /// Removes every trace of a device registration: the backend does not know the device.
    fn forget_device(&self);
}
