//! The steps of the protocol, a file each. A step ends with the name of the next one or with a failure; the loop that
//! picks steps is in `run`.

pub(super) mod device;
pub(super) mod link;
pub(super) mod mobile_auth;
pub(super) mod otp;
