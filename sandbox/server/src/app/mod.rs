//! The use cases: one function for each call, which loads, asks the domain, saves and returns the reply. No HTTP, no rules.

pub(crate) mod carrier;
pub(crate) mod client_calls;
pub(crate) mod error;
pub(crate) mod event_fields;
pub(crate) mod identities;
mod identity_changes;
pub(crate) mod inspection;
mod journey_apps;
mod journey_workflows;
pub(crate) mod journeys;
pub(crate) mod jwt;
pub(crate) mod links;
pub(crate) mod opening;
pub(crate) mod projects;
pub(crate) mod server_calls;
pub(crate) mod services;
pub(crate) mod sessions;
mod settings;
pub(crate) mod sockets;
mod watch;
pub(crate) mod webhook_events;

pub(crate) use error::AppError;
pub use error::OpenError;
pub(crate) use server_calls::ApiClient;
pub use services::AppState;
pub(crate) use services::{Sandbox, Services};
pub(crate) use sessions::{LoadedSession, SessionHandle};
pub(crate) use watch::Watch;
