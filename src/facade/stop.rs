//! The reasons for which a call is stopped from outside, as messages of its mailbox, and what becomes of a stopped
//! flow.

use crate::flow::{Failure, FlowState, Kind};

/// `cancel()` or `dispose()`: the promise resolves.
pub(super) const CANCELLED: &str = "cancelled";
/// The abort signal: the promise rejects with its reason, the value of the message.
pub(super) const ABORTED: &str = "aborted";

/// The last state and the failure of a stopped flow, for its last event. Any other reason is the name of what every
/// flow needs and the environment lacks: the promise rejects with the failure.
pub(super) fn outcome(reason: &str) -> (FlowState, Failure) {
    match reason {
        CANCELLED => (FlowState::Cancelled, Failure::new(Kind::Cancelled, "the flow was cancelled")),
        ABORTED => (FlowState::Cancelled, Failure::new(Kind::Aborted, "the flow was aborted")),
        name => {
            let mut message = String::from("a flow needs this, and it cannot be used here: ");
            message.push_str(name);
            (FlowState::Failed, Failure::new(Kind::Unsupported, message))
        }
    }
}
