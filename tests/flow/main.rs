//! Native tests of the flow, in virtual time: at least one test for every rule in `contract/*.txt`.
//!
//! The rules are data: `registry` fails for a rule without a test and for a test without a rule.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod chaos;
mod deadlines;
mod endings;
mod events;
mod finish_link;
mod harness;
mod lifetime;
mod link;
mod loops;
mod mobile_auth;
mod otp;
mod pace;
mod registry;
mod repeats;
mod resume;
mod secrets;
mod status;
mod stop;
mod token;
mod typed;

#[path = "../shared/events.rs"]
mod tables;
