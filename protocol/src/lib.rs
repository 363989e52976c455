//! The messages between a page, its backend and a relying party's server, each defined once and used by both sides.
//!
//! * [`client`]: what the page's authenticator and the backend say to each other.
//! * [`token`]: the claims of the authToken that starts a flow.
//! * [`server`]: what a relying party's server calls.
//! * [`steps`] and [`limits`]: names and numbers of the contract.
//!
//! There is no codec here: types derive serde's traits and each side brings the format it can afford.

pub mod client;
pub mod limits;
mod secret;
pub mod server;
pub mod steps;
pub mod token;

pub use secret::Secret;
