//! The steps of a page: Mobile Auth, a code, a link, and the status request. Shared rules of numbers and SMS are in
//! `session`.

pub(crate) mod carrier;
pub(crate) mod link;
pub(crate) mod mobile_auth;
pub(crate) mod otp;
pub(crate) mod status;
