//! The orchestrator: runs one authToken's flow to one of its endings.
//!
//! Straight-line async over two traits: [`Platform`] (requests, sockets, clocks, chance) and [`Page`] (the page's own
//! steps). It reads no clock and no random source of its own, so a test drives it natively in virtual time.
//!
//! Dropping the future of [`authenticate`] is how a flow is cancelled: sockets, timers and requests end with it.

#[path = "engine/api.rs"]
mod api;
#[path = "engine/base64.rs"]
mod base64;
#[path = "engine/deadline.rs"]
mod deadline;
#[path = "engine/events.rs"]
mod events;
#[path = "engine/failure.rs"]
mod failure;
mod flow_type;
#[path = "steps/link.rs"]
mod link;
#[path = "steps/otp.rs"]
mod otp;
#[path = "engine/page.rs"]
mod page;
#[path = "engine/seeded_bugs.rs"]
mod planted;
#[path = "engine/platform.rs"]
mod platform;
mod run;
#[path = "engine/context.rs"]
mod session;
#[path = "engine/status.rs"]
mod status;
#[path = "engine/token.rs"]
mod token;

pub use events::{Detail, SocketState, State};
pub use failure::{Cause, Failure, FailureBody, Kind};
pub use flow_type::{DeviceHints, flow_type, is_mobile_web};
pub use link::finish_instant_link;
pub use page::{LinkRetry, OtpEntry, Page, PageError, Refusal, START_SHAPE};
#[cfg(feature = "planted-bugs")]
pub use planted::{Bug, plant};
pub use platform::{NetworkError, Now, Platform, Request, Response, Socket, SocketEvent};
pub use run::{Rejection, authenticate};
pub use session::{Config, Role};
pub use token::is_origin;
