//! Tags of the OpenAPI document.

pub(crate) const JOURNEYS: &str = "Journeys";
pub(crate) const STATE_RESET: &str = "State Reset";
pub(crate) const MODULE_CODES: &str = "Module codes";
