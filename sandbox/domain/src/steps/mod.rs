//! The steps of a page: Mobile Auth, a code, a link, and the question how the session stands.

pub(crate) mod link;
pub(crate) mod mobile_auth;
pub(crate) mod otp;
pub(crate) mod status;
