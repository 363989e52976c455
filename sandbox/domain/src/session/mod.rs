//! A possession check from its start to its end: its state, its events, and how one is applied.

pub(crate) mod apply;
pub(crate) mod event;
pub(crate) mod failed_attempts;
pub(crate) mod message;
pub(crate) mod open;
pub(crate) mod state;
pub(crate) mod transition;
