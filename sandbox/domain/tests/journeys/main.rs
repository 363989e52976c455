//! The rules of journeys, tested by the public functions in virtual time: each call directly, and the state machine with
//! random histories. No store and no HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails panics"
)]

mod support;

mod ends;
mod expiry;
mod get;
mod handoff;
mod histories;
mod module_code;
mod order;
mod put;
mod reset;
mod resume_code;
mod sessions;
mod state_machine;
mod tokens;
mod trigger;
