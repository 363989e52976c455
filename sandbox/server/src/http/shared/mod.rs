//! Shared by all audiences: bodies, errors, extractors, guards and middleware. No routes.

pub(crate) mod body;
pub(crate) mod caller_address;
pub(crate) mod cors;
pub(crate) mod detach;
pub(crate) mod errors;
pub(crate) mod extract;
mod forwarded;
pub(crate) mod guard;
pub(crate) mod link_url;
pub(crate) mod method;
pub(crate) mod query;
pub(crate) mod request;
pub(crate) mod scope;
pub(crate) mod share;
pub(crate) mod wire_value;
