//! What is a project's own: its clock, messages, faults, rate and webhook. Knows no store and no HTTP.

mod clock;
mod inbox;
mod limiter;
mod project;
mod webhook;

pub use clock::{Clock, SystemClock};
pub(crate) use inbox::{MessageQuery, MessageView};
pub(crate) use project::{DEFAULT, Project, Projects, is_name};
