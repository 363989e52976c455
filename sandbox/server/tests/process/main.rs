//! The binary as a developer runs it: flags, the ready line, logs, signals, and sockets over a real port.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails panics")]

mod running;

mod allowed_hosts;
mod broken_store;
mod carrier;
mod chaos;
mod document;
mod failed_attempts;
mod faults;
mod help;
mod https;
mod journeys;
mod kills;
mod logs;
mod operations;
mod port_file;
mod projects;
mod slow_clients;
mod sockets;
mod start_and_end;
mod webhooks;
mod webhooks_https;
