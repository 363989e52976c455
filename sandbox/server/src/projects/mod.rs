//! Projects: the clock, faults, rate limit, settings and webhook of each. No store and no HTTP.

mod clock;
mod limiter;
mod project;
mod settings;
mod webhook;

pub use clock::{Clock, SystemClock};
pub(crate) use project::{DEFAULT, NAME, Project, Projects};
pub(crate) use settings::MobileAuthSettings;
