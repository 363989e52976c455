//! The orchestrator: runs one authToken's flow to one of its endings.
//!
//! Straight-line async over two traits: [`Platform`] (requests, sockets, clocks, randomness) and [`Page`] (the page's
//! own steps). It reads no clock and no random source of its own, so a test drives it natively in virtual time. No web
//! type is in here.
//!
//! `engine` is the machinery, `steps` has a file for each step of the protocol, and `run` is the loop above both.
//!
//! # Cancel safety
//!
//! Dropping the future of [`authenticate`] cancels the flow: its sockets, timers and requests end with it.

mod engine;
mod finish_link;
mod flow_type;
mod run;
mod steps;

#[cfg(feature = "fuzz-exports")]
pub use engine::fuzz_exports;
#[cfg(feature = "seeded-bugs")]
pub use engine::{Bug, seed_bug};
pub use engine::{
    Cause, ClockReading, Detail, DeviceRole, Failure, FailureBody, FlowConfig, FlowState, InputRefusal, Kind,
    LinkRetry, NetworkError, OtpEntry, Page, PageError, Platform, Rejection, Request, Response, START_SHAPE, Socket,
    SocketEvent, SocketState, is_origin,
};
pub use finish_link::finish_instant_link;
pub use flow_type::{DeviceHints, flow_type, is_mobile_web};
pub use run::authenticate;
