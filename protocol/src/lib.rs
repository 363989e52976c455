//! The messages between a page, its backend and a relying party's server, each defined once and used by both sides.
//!
//! * [`client`]: what the page's authenticator and the backend say to each other.
//! * [`token`]: the claims of the authToken that starts a flow.
//! * [`server`]: what a relying party's server calls.
//! * [`steps`] and [`limits`]: names and numbers of the contract.
//! * [`typed`]: codes and phone numbers as people type them.
//!
//! Each message has two codecs from its one definition: serde's, behind the `serde` feature, for a server; and the small
//! one of [`wire`], for a page.

pub mod client;
pub mod limits;
mod secret;
#[cfg(feature = "serde")]
pub mod server;
pub mod steps;
pub mod token;
pub mod typed;
pub mod wire;

pub use secret::Secret;
