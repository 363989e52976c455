//! Products: credentials, the state of each product in a session, and the rules of its server calls. The steps of the
//! page are in `steps`.

pub(crate) mod credentials;
pub(crate) mod flow;
pub(crate) mod settling;
pub(crate) mod state;
pub(crate) mod unify;
pub(crate) mod verified_users_v1;
pub(crate) mod verified_users_v2;
