//! How often a code was guessed wrong for one number, and an SMS sent to it, whatever the sessions: new ones bring no new
//! tries, and no new SMS.

use std::time::Duration;

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::session::state::SessionPolicy;

/// The wrong codes that were tried for one number lately, and the SMS that were sent to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempts {
    /// When a code was wrong.
    at: Vec<UnixMillis>,
    /// When an SMS was sent.
    #[serde(default)]
    sms: Vec<UnixMillis>,
}

impl FailedAttempts {
    /// When the last of all was.
    pub fn last(&self) -> Option<UnixMillis> {
        self.at.iter().chain(&self.sms).copied().max()
    }

    /// How many wrong codes are counted.
    pub fn count(&self) -> usize {
        self.at.len()
    }

    /// Whether another code may be judged at `now`.
    pub fn is_allowed(&self, rules: &SessionPolicy, now: UnixMillis) -> bool {
        is_below(&self.at, rules.tries_per_number, rules.number_window, now)
    }

    /// Counts a wrong code; those of before the window are forgotten.
    pub fn record(&mut self, rules: &SessionPolicy, now: UnixMillis) {
        count(&mut self.at, rules.tries_per_number, rules.number_window, now);
    }

    /// Whether another SMS may be sent at `now`.
    pub fn is_sms_allowed(&self, rules: &SessionPolicy, now: UnixMillis) -> bool {
        is_below(&self.sms, rules.sms_per_number, rules.sms_window, now)
    }

    /// Counts an SMS; those of before the window are forgotten.
    pub fn record_sms(&mut self, rules: &SessionPolicy, now: UnixMillis) {
        count(&mut self.sms, rules.sms_per_number, rules.sms_window, now);
    }
}

fn is_counted(at: UnixMillis, window: Duration, now: UnixMillis) -> bool {
    now < at + window
}

/// `most` 0: any number.
fn is_below(all: &[UnixMillis], most: u32, window: Duration, now: UnixMillis) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    most == 0 || all.iter().filter(|at| is_counted(**at, window, now)).count() < most
}

fn count(all: &mut Vec<UnixMillis>, most: u32, window: Duration, now: UnixMillis) {
    all.retain(|at| is_counted(*at, window, now));
    if most > 0 {
        all.push(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_no_window_there_are_more_than_allowed() {
        let rules =
            SessionPolicy { tries_per_number: 3, number_window: Duration::from_secs(10), ..SessionPolicy::default() };
        let mut attempts = FailedAttempts::default();
        let mut judged = Vec::new();
        for now in (0..60_000).step_by(700).map(UnixMillis::new) {
            if attempts.is_allowed(&rules, now) {
                attempts.record(&rules, now);
                judged.push(now);
            }
        }
        assert!(judged.windows(4).all(|four| four[3].since(four[0]) >= Duration::from_secs(10)), "{judged:?}");
        assert!(judged.len() >= 15, "and the window moves on: {judged:?}");
        assert!(attempts.count() <= 3, "what is old is not kept");
        assert_eq!(attempts.last(), judged.last().copied());
    }

    #[test]
    fn sms_have_a_count_and_a_window_of_their_own() {
        let rules =
            SessionPolicy { sms_per_number: 2, sms_window: Duration::from_secs(10), ..SessionPolicy::default() };
        let mut attempts = FailedAttempts::default();
        let mut sent = Vec::new();
        for now in (0..30_000).step_by(1000).map(UnixMillis::new) {
            if attempts.is_sms_allowed(&rules, now) {
                attempts.record_sms(&rules, now);
                sent.push(now);
            }
        }
        assert_eq!(sent, [0, 1000, 10_000, 11_000, 20_000, 21_000].map(UnixMillis::new));
        assert_eq!((attempts.count(), attempts.last()), (0, sent.last().copied()));
        assert!(attempts.is_allowed(&rules, UnixMillis::new(21_000)));
    }

    #[test]
    fn off_means_off_and_keeps_nothing() {
        let rules = SessionPolicy { tries_per_number: 0, sms_per_number: 0, ..SessionPolicy::default() };
        let mut attempts = FailedAttempts::default();
        for now in (0..1000).map(UnixMillis::new) {
            assert!(attempts.is_allowed(&rules, now));
            attempts.record(&rules, now);
            assert!(attempts.is_sms_allowed(&rules, now));
            attempts.record_sms(&rules, now);
        }
        assert_eq!(attempts, FailedAttempts::default());
    }
}
