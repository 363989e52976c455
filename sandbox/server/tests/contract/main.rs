//! The contract's tables, row by row. The rows are data, in `rows.toml`: one without a test fails, and so does a test
//! of a table that names no row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails panics"
)]

mod support;
mod table;

mod auth_token;
mod behaviour_numbers;
mod bodies;
mod chaos;
mod faults;
mod guessing;
mod hanging_up;
mod identities;
mod ids;
mod inspection;
mod instant_link;
mod journey;
mod kept_file;
mod link_pages;
mod members;
mod openapi;
mod otp;
mod prefill;
mod products;
mod projects;
mod readiness;
mod refusals;
mod reports;
mod requests;
mod sms_bounds;
mod start;
mod status;
mod test_users;
mod timeline;
mod token;
mod unify;
mod verdicts;
mod verify;
mod verify_at_once;
mod web;
mod webhook_inspection;
mod webhook_load;
mod webhooks;
