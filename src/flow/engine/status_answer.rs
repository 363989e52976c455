//! The backend's answer to a status call. The call is made in `status`.

use handset_protocol::client::Reply;

use super::failure::Failure;

/// The backend's answer to a status call.
pub(crate) enum StatusAnswer {
    /// The flow is settled.
    Settled(Reply),
    /// The flow is not settled. `left_ms` is the remaining time of the code or the link, where the backend says so.
    Pending { left_ms: Option<i64> },
    /// The backend refuses the token: every further call would fail too.
    Unauthorized(Failure),
    /// No answer, for example from a backend without this call. Never fatal.
    Unknown,
}
