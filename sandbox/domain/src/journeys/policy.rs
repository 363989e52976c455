//! Lifetimes and limits of journeys that are settings of the backend.

use std::time::Duration;

/// Settings of journeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JourneyPolicy {
    /// Lifetime of a state, from its last save.
    pub state_lifetime: Duration,
    /// Lifetime of a code.
    pub code_lifetime: Duration,
    /// Wrong codes before the contact is locked.
    pub tries: u32,
    /// Duration of the lock.
    pub lock: Duration,
    /// Least time between two codes to one contact.
    pub resend_pause: Duration,
    /// Most codes to one contact in 24 hours.
    pub codes_per_day: usize,
}

impl Default for JourneyPolicy {
    fn default() -> Self {
        Self {
            state_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            code_lifetime: Duration::from_secs(5 * 60),
            tries: 5,
            lock: Duration::from_secs(15 * 60),
            resend_pause: Duration::from_secs(30),
            codes_per_day: 10,
        }
    }
}
