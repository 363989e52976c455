//! How often a code was guessed wrong for one number, whatever the sessions: new ones bring no new tries.

use serde::{Deserialize, Serialize};

use super::session::Rules;

/// The wrong codes that were tried for one number lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guesses {
    /// When, in ms since the epoch.
    at: Vec<i64>,
}

impl Guesses {
    /// When the last one was, in ms since the epoch.
    pub fn last(&self) -> Option<i64> {
        self.at.iter().copied().max()
    }

    /// How many are counted.
    pub fn count(&self) -> usize {
        self.at.len()
    }

    /// Whether another code may be judged at `now`, in ms since the epoch.
    pub fn may_try(&self, rules: &Rules, now: i64) -> bool {
        let most = usize::try_from(rules.tries_per_number).unwrap_or(usize::MAX);
        most == 0 || self.at.iter().filter(|at| is_counted(**at, rules, now)).count() < most
    }

    /// Counts a wrong code; those of before the window are forgotten.
    pub fn add(&mut self, rules: &Rules, now: i64) {
        self.at.retain(|at| is_counted(*at, rules, now));
        if rules.tries_per_number > 0 {
            self.at.push(now);
        }
    }
}

fn is_counted(at: i64, rules: &Rules, now: i64) -> bool {
    now.saturating_sub(at) < i64::from(rules.number_window_seconds) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_no_window_there_are_more_than_allowed() {
        let rules = Rules { tries_per_number: 3, number_window_seconds: 10, ..Rules::default() };
        let mut guesses = Guesses::default();
        let mut judged = Vec::new();
        for now in (0..60_000).step_by(700) {
            if guesses.may_try(&rules, now) {
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
    fn off_means_off_and_keeps_nothing() {
        let rules = Rules { tries_per_number: 0, ..Rules::default() };
        let mut guesses = Guesses::default();
        for now in 0..1000 {
            assert!(guesses.may_try(&rules, now));
            guesses.add(&rules, now);
        }
        assert_eq!(guesses.count(), 0);
    }
}
