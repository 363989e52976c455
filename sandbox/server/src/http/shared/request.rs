//! What layers and handlers tell each other of a request, by its headers and extensions.

use std::time::Duration;

use axum::http::{Extensions, HeaderMap, header};
use handset_protocol::Secret;
use handset_sandbox_domain::Fault;
use serde::Deserialize;

/// What was done to this request, for whoever acts on it.
#[derive(Clone, Copy)]
pub(crate) struct AppliedFault(pub(crate) Fault);

/// How long this socket lives, at most.
#[derive(Clone, Copy)]
pub(crate) struct SocketLifetime(pub(crate) Duration);

/// In a response: nobody gets it, the connection broke.
#[derive(Clone, Copy)]
pub(crate) struct ConnectionReset;

/// The query of a status socket: a page cannot set a socket's headers.
#[derive(Deserialize)]
pub(crate) struct SocketQuery {
    pub(crate) token: Option<Secret>,
}

/// What is done to the request.
pub(crate) fn fault_of(extensions: &Extensions) -> Option<Fault> {
    extensions.get::<AppliedFault>().map(|mark| mark.0)
}

/// The token of `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}
