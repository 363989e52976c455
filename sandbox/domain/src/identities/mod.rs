//! The owner of a phone number with its enrollment and devices, the events that happen to it, and their deliveries.

pub(crate) mod delivery;
pub(crate) mod identity;
pub(crate) mod webhook_event;
