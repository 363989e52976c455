//! Tags of the OpenAPI document, in its order.

pub(crate) const CREDENTIALS: &str = "Credentials";
pub(crate) const FLOW: &str = "Prove Identity and Pre-Fill";
pub(crate) const VERIFIED_USERS: &str = "Verified Users";
pub(crate) const UNIFY: &str = "Unify";
pub(crate) const IDENTITY_MANAGER: &str = "Identity Manager";
