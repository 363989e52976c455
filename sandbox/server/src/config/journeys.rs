//! Settings of resumable journeys: lifetimes and limits. Workflows are files of their own, in `crate::workflows`.

use std::time::Duration;

use handset_sandbox_domain::JourneyPolicy;

use super::section::section;

section! {
    /// Resumable journeys.
    pub struct JourneysConfig {
        /// Lifetime of a state from its last save, in days.
        state_days: u32 = 30, at least 1;
        /// Lifetime of a code, in seconds.
        code_seconds: u32 = 5 * 60, at least 1;
        /// Wrong codes of one contact before it is locked, over all tokens and sessions of an app.
        tries: u32 = 5, at least 1;
        /// Duration of the lock, in seconds.
        lock_seconds: u32 = 15 * 60, at least 1;
        /// Minimum time between two codes to one contact, in seconds.
        resend_pause_seconds: u32 = 30;
        /// Maximum number of codes to one contact in 24 hours.
        codes_per_day: u32 = 10, at least 1;
    }
}

impl JourneysConfig {
    /// The policy of the domain.
    pub(crate) fn policy(&self) -> JourneyPolicy {
        let seconds = |number: u32| Duration::from_secs(number.into());
        JourneyPolicy {
            state_lifetime: seconds(24 * 60 * 60).saturating_mul(self.state_days),
            code_lifetime: seconds(self.code_seconds),
            tries: self.tries,
            lock: seconds(self.lock_seconds),
            resend_pause: seconds(self.resend_pause_seconds),
            codes_per_day: usize::try_from(self.codes_per_day).unwrap_or(usize::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_domain() {
        assert_eq!(JourneysConfig::default().policy(), JourneyPolicy::default());
    }
}
