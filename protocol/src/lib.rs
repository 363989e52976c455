//! The messages between a page, its backend and a relying party's server, each defined once and used by both sides.
//!
//! * [`client`]: the client API, between a page's authenticator and the backend.
//! * [`token`]: the claims of the authToken that starts a flow.
//! * [`server`]: the server API, for a relying party's server.
//! * [`journey`]: paths, limits and token of resumable journeys.
//! * [`steps`] and [`limits`]: names and numbers of the contract.
//! * [`text`]: searches in texts.
//! * [`typed`]: normalizes codes and phone numbers that people type.
//!
//! The messages of [`client`] and [`token`] have two codecs each: serde's, behind the `serde` feature, for a server,
//! and the small one of [`wire`], for a page. Those of [`server`] have serde's alone. This crate has no HTTP, and no
//! rules of a backend.

pub mod client;
#[cfg(feature = "serde")]
pub mod journey;
pub mod limits;
mod secret;
#[cfg(feature = "serde")]
pub mod server;
pub mod steps;
pub mod text;
mod time;
pub mod token;
pub mod typed;
pub mod wire;

pub use secret::Secret;
pub use time::UnixMillis;
