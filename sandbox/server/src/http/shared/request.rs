//! What middleware and handlers exchange through headers and extensions of a request.

use std::time::Duration;

use axum::http::{Extensions, HeaderMap, header};
use handset_protocol::Secret;
use handset_sandbox_domain::Fault;
use serde::Deserialize;
use url::Url;

/// Request extension: the fault that was injected into the request.
#[derive(Clone, Copy)]
pub(crate) struct AppliedFault(pub(crate) Fault);

/// Request extension: the maximum lifetime of the socket.
#[derive(Clone, Copy)]
pub(crate) struct SocketLifetime(pub(crate) Duration);

/// Response extension: the connection was reset, the client gets no reply.
#[derive(Clone, Copy)]
pub(crate) struct ConnectionReset;

/// The query of a status socket: a page cannot set a socket's headers.
#[derive(Deserialize)]
pub(crate) struct SocketQuery {
    pub(crate) token: Option<Secret>,
}

/// The injected fault of a request.
pub(crate) fn fault_of(extensions: &Extensions) -> Option<Fault> {
    extensions.get::<AppliedFault>().map(|mark| mark.0)
}

/// The token of `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// The host of the page, without port, for the last line of an SMS (WebOTP).
pub(crate) fn page_host(headers: &HeaderMap) -> Option<String> {
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    Url::parse(origin).ok()?.host_str().map(str::to_owned)
}
