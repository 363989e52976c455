//! The rules of sessions, tested by the public functions in virtual time: each step and each product directly, and the
//! state machine with random histories. No store and no HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails panics"
)]

mod support;

mod carrier;
mod expiry;
mod faults;
mod flow;
mod limits;
mod link;
mod mobile_auth;
mod numbers;
mod opening;
mod otp;
mod reports;
mod rows;
mod state_machine;
mod status;
mod unify;
mod verify_v1;
