//! The contract's tables, row by row. The rows are data, in `rows.toml`: `table` fails for a row without a test, for a
//! test of a table without a row, and for a test that never gets a reply of its row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails panics"
)]

mod support;
mod table;

mod apps;
mod auth_token;
mod behaviour_numbers;
mod bodies;
mod carrier;
mod chaos;
mod evaluation;
mod failed_attempts;
mod faults;
mod hanging_up;
mod identities;
mod ids;
mod inspection;
mod instant_link;
mod journey_messages;
mod journeys;
mod journeys_server;
mod kept_file;
mod link_pages;
mod members;
mod openapi;
mod openapi_journeys;
mod otp;
mod prefill;
mod products;
mod projects;
mod readiness;
mod refusals;
mod reports;
mod requests;
mod server_stage;
mod settings;
mod sms_bounds;
mod start;
mod status;
mod store_calls;
mod test_users;
mod timeline;
mod token;
mod unify;
mod verify_v1;
mod verify_v2;
mod web;
mod webhook_inspection;
mod webhook_load;
mod webhooks;
mod workflows;
