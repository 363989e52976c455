//! Limits of wrong codes and SMS for one number, over all sessions: a new session does not reset them. The limit of SMS
//! in one session is in `transition`.

use std::time::Duration;

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::Seconds;
use crate::session::state::SessionPolicy;

/// The times of recent wrong codes and SMS of one number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempts {
    /// Times of wrong codes.
    at: Vec<UnixMillis>,
    /// Times of SMS.
    #[serde(default)]
    sms: Vec<UnixMillis>,
}

impl FailedAttempts {
    /// Time of the latest wrong code or SMS.
    pub fn last(&self) -> Option<UnixMillis> {
        self.at.iter().chain(&self.sms).copied().max()
    }

    /// Number of wrong codes.
    pub fn count(&self) -> usize {
        self.at.len()
    }

    /// Whether another code may be checked at `now`.
    pub fn is_allowed(&self, policy: &SessionPolicy, now: UnixMillis) -> bool {
        is_below(&self.at, policy.tries_per_number, policy.number_window, now)
    }

    /// Records a wrong code, and drops those before the window.
    pub fn record(&mut self, policy: &SessionPolicy, now: UnixMillis) {
        count(&mut self.at, policy.tries_per_number, policy.number_window, now);
    }

    /// Whether another SMS may be sent at `now`.
    pub fn is_sms_allowed(&self, policy: &SessionPolicy, now: UnixMillis) -> bool {
        is_below(&self.sms, policy.sms_per_number, policy.sms_window, now)
    }

    /// Records an SMS, and drops those before the window.
    pub fn record_sms(&mut self, policy: &SessionPolicy, now: UnixMillis) {
        count(&mut self.sms, policy.sms_per_number, policy.sms_window, now);
    }
}

fn is_counted(at: UnixMillis, window: Seconds, now: UnixMillis) -> bool {
    now < at + Duration::from(window)
}

/// Whether fewer than `max` are in the window. `max` 0: unlimited.
fn is_below(all: &[UnixMillis], max: u32, window: Seconds, now: UnixMillis) -> bool {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    max == 0 || all.iter().filter(|at| is_counted(**at, window, now)).count() < max
}

fn count(all: &mut Vec<UnixMillis>, max: u32, window: Seconds, now: UnixMillis) {
    all.retain(|at| is_counted(*at, window, now));
    if max > 0 {
        // Most numbers have one.
        all.reserve_exact(1);
        all.push(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_has_more_wrong_codes_than_allowed() {
        let policy = SessionPolicy { tries_per_number: 3, number_window: Seconds(10), ..SessionPolicy::default() };
        let mut attempts = FailedAttempts::default();
        let mut checked = Vec::new();
        for now in (0..60_000).step_by(700).map(UnixMillis::new) {
            if attempts.is_allowed(&policy, now) {
                attempts.record(&policy, now);
                checked.push(now);
            }
        }
        assert!(checked.windows(4).all(|four| four[3].since(four[0]) >= Duration::from_secs(10)), "{checked:?}");
        assert!(checked.len() >= 15, "and the window moves on: {checked:?}");
        assert!(attempts.count() <= 3, "old entries are dropped");
        assert_eq!(attempts.last(), checked.last().copied());
    }

    #[test]
    fn sms_have_a_count_and_a_window_of_their_own() {
        let policy = SessionPolicy { sms_per_number: 2, sms_window: Seconds(10), ..SessionPolicy::default() };
        let mut attempts = FailedAttempts::default();
        let mut sent = Vec::new();
        for now in (0..30_000).step_by(1000).map(UnixMillis::new) {
            if attempts.is_sms_allowed(&policy, now) {
                attempts.record_sms(&policy, now);
                sent.push(now);
            }
        }
        assert_eq!(sent, [0, 1000, 10_000, 11_000, 20_000, 21_000].map(UnixMillis::new));
        assert_eq!((attempts.count(), attempts.last()), (0, sent.last().copied()));
        assert!(attempts.is_allowed(&policy, UnixMillis::new(21_000)));
    }

    #[test]
    fn a_limit_of_zero_means_unlimited_and_stores_nothing() {
        let policy = SessionPolicy { tries_per_number: 0, sms_per_number: 0, ..SessionPolicy::default() };
        let mut attempts = FailedAttempts::default();
        for now in (0..1000).map(UnixMillis::new) {
            assert!(attempts.is_allowed(&policy, now));
            attempts.record(&policy, now);
            assert!(attempts.is_sms_allowed(&policy, now));
            attempts.record_sms(&policy, now);
        }
        assert_eq!(attempts, FailedAttempts::default());
    }
}
