//! The machinery that every step runs on: the flow's data, its waits and deadlines, requests, the status listener, and
//! the types that the flow shares with the platform and the page. Knows no step of the protocol.

mod config;
mod deadline;
mod events;
mod page;
mod platform;

pub(super) mod api;
pub(super) mod base64;
pub(super) mod context;
pub(super) mod failure;
#[cfg(feature = "fuzz-exports")]
pub mod fuzz_exports;
pub(super) mod seeded_bugs;
pub(super) mod snapshot;
pub(super) mod status;
pub(super) mod status_answer;
pub(super) mod token;
pub(super) mod url;
pub(super) mod wait;

pub use config::{DeviceRole, FlowConfig};
pub use events::{Detail, FlowState, SocketState};
pub use failure::{Cause, Failure, FailureBody, Kind, Rejection};
pub use page::{InputRefusal, LinkRetry, OtpEntry, Page, PageError, START_SHAPE};
pub use platform::{ClockReading, NetworkError, Platform, Request, Response, Socket, SocketEvent};
#[cfg(feature = "seeded-bugs")]
pub use seeded_bugs::{Bug, seed_bug};
pub use token::is_origin;
