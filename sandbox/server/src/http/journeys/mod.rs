//! The calls of journeys: those of a page and those of a client's server.

pub(crate) mod errors;
pub(crate) mod page;
pub(crate) mod page_paths;
mod reply;
pub(crate) mod server;
mod shared;
