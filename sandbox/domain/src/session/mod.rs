//! Sessions: their state, and its transition by a command. The rules of each step and product are in `steps` and
//! `products`.

pub(crate) mod apply;
pub(crate) mod carrier_visit;
pub(crate) mod failed_attempts;
pub(crate) mod numbers;
pub(crate) mod open;
mod sms;
pub(crate) mod state;
pub(crate) mod transition;
