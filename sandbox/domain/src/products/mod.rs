//! What a relying party bought: its credentials, what each product keeps in a session, and its server calls.

pub(crate) mod credentials;
pub(crate) mod flow;
pub(crate) mod state;
pub(crate) mod unify;
pub(crate) mod verified_users_v1;
pub(crate) mod verified_users_v2;
