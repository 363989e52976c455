//! What is a project's own: its clock, messages, faults, rate and webhook. Knows no store and no HTTP.

mod clock;
mod limiter;
mod messages;
mod project;
mod webhook;

pub use clock::{Clock, SystemClock};
pub(crate) use messages::MessageQuery;
pub(crate) use project::{DEFAULT, Project, Projects, is_name};
