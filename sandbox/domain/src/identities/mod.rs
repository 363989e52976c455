//! Identities: the owner of a phone number with its enrollment and devices, its events, and their deliveries. No
//! storage and no HTTP.

pub(crate) mod delivery;
pub(crate) mod identity;
pub(crate) mod webhook_event;
