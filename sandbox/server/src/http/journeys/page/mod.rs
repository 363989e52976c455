//! The calls of a page about its journey: the state, the code on resume, and the handoff to another device. Any origin may call
//! them; the token of Generate Auth is the only credential. The rules are in the domain.

mod body;
mod caller;
mod calls;
mod fields;
mod handoff;
mod messages;
mod resume_code;
mod state;
mod values;

pub(crate) use calls::{document, router};
pub(crate) use fields::REQUEST;

/// The messages whose members `REQUEST` defines.
pub(crate) const REQUESTS: [&str; 8] = [
    "GetStateRequest",
    "PutStateRequest",
    "ModuleChangeRequest",
    "SendOtpRequest",
    "VerifyOtpRequest",
    "OpenHandoffRequest",
    "RedeemHandoffRequest",
    "ConfirmHandoffRequest",
];

use super::errors::JourneyErrorReply;
use super::reply::JourneyReply;

/// The result of a handler.
type PageResult<T> = Result<JourneyReply<T>, JourneyErrorReply>;
