use std::future::Future;

use handset_protocol::Secret;

/// One moment on both clocks of a machine, in ms.
///
/// The monotonic clock never jumps but may stand still while the machine sleeps; the wall clock runs on but may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Ms since some start; never goes back.
    pub mono: i64,
    /// Epoch ms, as the machine believes.
    pub wall: i64,
}

/// One `POST` with a JSON body.
#[derive(Debug)]
pub struct Request {
    /// Absolute.
    pub url: String,
    /// For the `Authorization` header, after `Bearer `.
    pub token: Secret,
    /// For the `PA-Version` header.
    pub version: &'static str,
    /// JSON.
    pub body: Secret,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The `Retry-After` header, in s, where it can be read.
    pub retry_after: Option<u32>,
    /// The body as text.
    pub body: String,
}

/// No readable response. A page cannot see why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkError;

/// What a socket has to say.
#[derive(Debug)]
pub enum SocketEvent {
    /// The handshake went through.
    Open,
    /// A text message.
    Text(String),
    /// Closed, lost, or never opened. Nothing follows.
    Closed,
}

/// A WebSocket. Dropping it closes it.
pub trait Socket {
    /// Sends a text; a socket that is not open drops it.
    fn send(&self, text: &str);
    /// The next event, in order.
    fn next(&mut self) -> impl Future<Output = SocketEvent>;
}

/// What a flow needs from the machine it runs on. Dropping a future that was returned here ends what it stands for.
pub trait Platform {
    /// The socket it opens.
    type Socket: Socket;

    /// Both clocks.
    fn now(&self) -> Now;
    /// Resolves once the monotonic clock has reached `mono` ms.
    fn sleep_until(&self, mono: i64) -> impl Future<Output = ()>;
    /// Resolves at the next sign that the page was asleep or offline and is back (`online`, `pageshow`, visible again).
    fn woken(&self) -> impl Future<Output = ()>;
    /// A random number below `bound`, for jitter.
    fn random(&self, bound: u32) -> u32;
    /// Sends a request.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, NetworkError>>;
    /// Opens a socket; the URL holds the authToken.
    fn open_socket(&self, url: &Secret) -> Self::Socket;
    /// Forgets every trace of a device registration (the backend said that it knows no such device).
    fn forget_device(&self);
}
