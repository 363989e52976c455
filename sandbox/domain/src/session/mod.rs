//! Sessions: their state, their events, and the transition of a state by an event. The rules of each step and product
//! are in `steps` and `products`.

pub(crate) mod apply;
pub(crate) mod event;
pub(crate) mod failed_attempts;
pub(crate) mod message;
pub(crate) mod open;
pub(crate) mod state;
pub(crate) mod transition;
