use super::Now;

/// A moment by which something must have happened, on both clocks.
///
/// The monotonic clock decides. The wall clock can only raise a doubt: where the two have come apart, the machine slept
/// (and the monotonic clock with it) or somebody set the clock, and nobody on this side can tell which. Then the backend
/// is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    mono: i64,
    wall: i64,
    /// How much later than the backend's, in ms: a page may set its own limit.
    beyond: i64,
}

/// How far the clocks may come apart before it counts, in ms: more than a wall clock that is being corrected slowly does.
const APART_MS: u64 = 1_000;

/// What the clocks say of a [`Deadline`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This many ms are left.
    Left(i64),
    /// The clocks disagree on how many.
    Doubtful,
    /// Past.
    Passed,
}

impl Deadline {
    pub(super) fn after(now: Now, ms: i64) -> Self {
        Self { mono: now.mono.saturating_add(ms), wall: now.wall.saturating_add(ms), beyond: 0 }
    }

    /// The same, for a limit that is this many ms longer than the backend's (negative: shorter).
    pub(super) fn beyond(self, beyond: i64) -> Self {
        Self { beyond, ..self }
    }

    pub(super) fn verdict(self, now: Now) -> Verdict {
        let left = self.mono.saturating_sub(now.mono);
        if left <= 0 {
            Verdict::Passed
        } else if left.abs_diff(self.wall.saturating_sub(now.wall)) > APART_MS {
            Verdict::Doubtful
        } else {
            Verdict::Left(left)
        }
    }

    /// The deadline after a doubt was settled: `left` is what the backend says remains, where it says so. It can only
    /// come nearer, and the wall clock is read anew.
    pub(super) fn settled(self, now: Now, left: Option<i64>) -> Self {
        let own = (self.mono - now.mono).max(0);
        let left = left.map_or(own, |left| left.saturating_add(self.beyond).clamp(0, own));
        Self::after(now, left).beyond(self.beyond)
    }

    /// How long it is until `at`, a time of the page's clock that was told together with this one, in ms.
    pub(super) fn until(self, at: i64, now: Now) -> i64 {
        at.saturating_sub(self.wall).saturating_add(self.mono.saturating_sub(now.mono))
    }

    /// When it will be, in epoch ms of the page's clock.
    pub(super) fn wall(self) -> i64 {
        self.wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Now = Now { mono: 1_000, wall: 1_700_000_000_000 };

    fn later(mono: i64, wall: i64) -> Now {
        Now { mono: START.mono + mono, wall: START.wall + wall }
    }

    #[test]
    fn passes_exactly_at_its_moment() {
        let deadline = Deadline::after(START, 120_000);
        assert_eq!(deadline.verdict(later(119_999, 119_999)), Verdict::Left(1));
        assert_eq!(deadline.verdict(later(120_000, 120_000)), Verdict::Passed);
    }

    #[test]
    fn a_wall_clock_that_jumped_is_only_a_doubt() {
        let deadline = Deadline::after(START, 120_000);
        for jump in [-600_000, -1_001, 1_001, 600_000] {
            let jumped = later(10_000, 10_000 + jump);
            assert_eq!(deadline.verdict(jumped), Verdict::Doubtful, "{jump}");
            for left in [None, Some(500_000)] {
                let settled = deadline.settled(jumped, left);
                assert_eq!(settled.verdict(jumped), Verdict::Left(110_000), "{jump}");
                assert_eq!(settled.wall(), jumped.wall + 110_000, "{jump}");
            }
            assert_eq!(deadline.verdict(later(120_000, 120_000 + jump)), Verdict::Passed, "{jump}");
        }
    }

    #[test]
    fn a_time_that_was_told_with_it_goes_by_the_same_clock() {
        let deadline = Deadline::after(START, 120_000);
        let resend_at = START.wall + 30_000;
        assert_eq!(deadline.until(resend_at, later(10_000, 10_000)), 20_000);
        // The clock was set.
        assert_eq!(deadline.until(resend_at, later(10_000, 610_000)), 20_000);
        // The machine slept.
        let woken = later(10_000, 25_000);
        assert_eq!(deadline.settled(woken, Some(95_000)).until(resend_at, woken), 5_000);
        assert_eq!(deadline.until(i64::MIN, woken), i64::MIN + 110_000);
    }

    #[test]
    fn a_wall_clock_that_is_corrected_slowly_is_no_doubt() {
        let deadline = Deadline::after(START, 120_000);
        for drift in [-1_000, 1_000] {
            assert_eq!(deadline.verdict(later(119_999, 119_999 + drift)), Verdict::Left(1));
        }
    }

    #[test]
    fn after_a_sleep_the_backend_says_what_is_left() {
        let deadline = Deadline::after(START, 120_000);
        let woken = later(10_000, 610_000);
        assert_eq!(deadline.settled(woken, Some(-480_000)).verdict(woken), Verdict::Passed);
    }
}
