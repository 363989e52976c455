//! How often a code was guessed wrong for one number, and an SMS sent to it, whatever the sessions: new ones bring no new
//! tries, and no new SMS.

use serde::{Deserialize, Serialize};

use crate::session::state::SessionPolicy;

/// The wrong codes that were tried for one number lately, and the SMS that were sent to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempts {
    /// When a code was wrong, in ms since the epoch.
    at: Vec<i64>,
    /// When an SMS was sent, likewise.
    #[serde(default)]
    sms: Vec<i64>,
}

impl FailedAttempts {
    /// When the last of all was, in ms since the epoch.
    pub fn last(&self) -> Option<i64> {
        self.at.iter().chain(&self.sms).copied().max()
    }

    /// How many wrong codes are counted.
    pub fn count(&self) -> usize {
        self.at.len()
    }

    /// Whether another code may be judged at `now`, in ms since the epoch.
    pub fn is_allowed(&self, rules: &SessionPolicy, now: i64) -> bool {
        is_below(&self.at, rules.tries_per_number, rules.number_window_seconds, now)
    }

    /// Counts a wrong code; those of before the window are forgotten.
    pub fn add(&mut self, rules: &SessionPolicy, now: i64) {
        count(&mut self.at, rules.tries_per_number, rules.number_window_seconds, now);
    }

    /// Whether another SMS may be sent at `now`, in ms since the epoch.
    pub fn is_sms_allowed(&self, rules: &SessionPolicy, now: i64) -> bool {
        is_below(&self.sms, rules.sms_per_number, rules.sms_window_seconds, now)
    }

    /// Counts an SMS; those of before the window are forgotten.
    pub fn add_sms(&mut self, rules: &SessionPolicy, now: i64) {
        count(&mut self.sms, rules.sms_per_number, rules.sms_window_seconds, now);
    }
}

fn is_counted(at: i64, window_seconds: u32, now: i64) -> bool {
    now.saturating_sub(at) < i64::from(window_seconds) * 1000
}

/// `most` 0: any number.
fn is_below(all: &[i64], most: u32, window_seconds: u32, now: i64) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    most == 0 || all.iter().filter(|at| is_counted(**at, window_seconds, now)).count() < most
}

fn count(all: &mut Vec<i64>, most: u32, window_seconds: u32, now: i64) {
    all.retain(|at| is_counted(*at, window_seconds, now));
    if most > 0 {
        all.push(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_no_window_there_are_more_than_allowed() {
        let rules = SessionPolicy { tries_per_number: 3, number_window_seconds: 10, ..SessionPolicy::default() };
        let mut guesses = FailedAttempts::default();
        let mut judged = Vec::new();
        for now in (0..60_000).step_by(700) {
            if guesses.is_allowed(&rules, now) {
                guesses.add(&rules, now);
                judged.push(now);
            }
        }
        assert!(judged.windows(4).all(|four| four[3] - four[0] >= 10_000), "{judged:?}");
        assert!(judged.len() >= 15, "and the window moves on: {judged:?}");
        assert!(guesses.count() <= 3, "what is old is not kept");
        assert_eq!(guesses.last(), judged.last().copied());
    }

    #[test]
    fn sms_have_a_count_and_a_window_of_their_own() {
        let rules = SessionPolicy { sms_per_number: 2, sms_window_seconds: 10, ..SessionPolicy::default() };
        let mut guesses = FailedAttempts::default();
        let mut sent = Vec::new();
        for now in (0..30_000).step_by(1000) {
            if guesses.is_sms_allowed(&rules, now) {
                guesses.add_sms(&rules, now);
                sent.push(now);
            }
        }
        assert_eq!(sent, [0, 1000, 10_000, 11_000, 20_000, 21_000]);
        assert_eq!((guesses.count(), guesses.last()), (0, Some(21_000)));
        assert!(guesses.is_allowed(&rules, 21_000));
    }

    #[test]
    fn off_means_off_and_keeps_nothing() {
        let rules = SessionPolicy { tries_per_number: 0, sms_per_number: 0, ..SessionPolicy::default() };
        let mut guesses = FailedAttempts::default();
        for now in 0..1000 {
            assert!(guesses.is_allowed(&rules, now));
            guesses.add(&rules, now);
            assert!(guesses.is_sms_allowed(&rules, now));
            guesses.add_sms(&rules, now);
        }
        assert_eq!(guesses, FailedAttempts::default());
    }
}
