//! Projects: the clock, faults, rate limit, settings, apps, workflows and webhook of each. No store and no HTTP.

mod apps;
mod clock;
mod limiter;
mod project;
mod settings;
mod webhook;
mod workflows;

pub(crate) use apps::{Allowlist, App, MAX_APPS, built_in_app};
pub use clock::{Clock, SystemClock};
pub(crate) use project::{DEFAULT, NAME, Project, Projects};
pub(crate) use settings::MobileAuthSettings;
pub(crate) use workflows::{MAX_WORKFLOWS, WorkflowTable};
