//! Deadlines on two clocks. Only arithmetic: the waiting is in `wait`.

use super::platform::ClockReading;

/// The longest time between two readings of the clocks while a wait lasts, in ms.
pub(super) const SLICE_MS: i64 = 5_000;
/// How far the clocks may differ, in ms: more than a slow correction of the wall clock makes.
const APART_MS: u64 = 1_000;

/// The moment at which a wait ends, on both clocks.
///
/// The monotonic clock decides. Where the wall clock disagrees, the machine slept (and the monotonic clock stood still)
/// or somebody set the wall clock. The client cannot tell which, so the caller must ask the backend and then call
/// [`Deadline::corrected`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    mono: i64,
    wall: i64,
    /// How much later this deadline is than the backend's, in ms: a page may set its own limit.
    grace_ms: i64,
}

/// A [`Deadline`] by the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This many ms remain.
    Left(i64),
    /// The clocks disagree on the remaining time.
    ClocksDisagree,
    /// Past.
    Passed,
}

impl Deadline {
    /// The deadline in `ms` from now.
    pub(super) fn after(now: ClockReading, ms: i64) -> Self {
        Self { mono: now.mono.saturating_add(ms), wall: now.wall.saturating_add(ms), grace_ms: 0 }
    }

    /// The same deadline, marked as this many ms later than the backend's (negative: earlier).
    pub(super) fn with_grace(self, grace_ms: i64) -> Self {
        Self { grace_ms, ..self }
    }

    /// The remaining time, where the clocks agree on it.
    pub(super) fn verdict(self, now: ClockReading) -> Verdict {
        let left = self.mono.saturating_sub(now.mono);
        if left <= 0 {
            Verdict::Passed
        } else if left.abs_diff(self.wall.saturating_sub(now.wall)) > APART_MS {
            Verdict::ClocksDisagree
        } else {
            Verdict::Left(left)
        }
    }

    /// The deadline after the clocks disagreed; `left` is the remaining time in the backend's answer, if it gives one.
    /// A correction never moves the deadline away, and takes its wall time from the clock as it is now.
    pub(super) fn corrected(self, now: ClockReading, left: Option<i64>) -> Self {
        let own = (self.mono - now.mono).max(0);
        let left = left.map_or(own, |left| left.saturating_add(self.grace_ms).clamp(0, own));
        Self::after(now, left).with_grace(self.grace_ms)
    }

    /// The time until `at`, in ms. `at` is a time of the page's clock that was computed together with this deadline.
    pub(super) fn until(self, at: i64, now: ClockReading) -> i64 {
        at.saturating_sub(self.wall).saturating_add(self.mono.saturating_sub(now.mono))
    }

    /// The deadline by the monotonic clock.
    pub(super) fn mono(self) -> i64 {
        self.mono
    }

    /// How much later this deadline is than the backend's, in ms.
    pub(super) fn grace_ms(self) -> i64 {
        self.grace_ms
    }

    /// The deadline in epoch ms of the page's clock.
    pub(super) fn wall(self) -> i64 {
        self.wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: ClockReading = ClockReading { mono: 1_000, wall: 1_700_000_000_000 };

    fn later(mono: i64, wall: i64) -> ClockReading {
        ClockReading { mono: START.mono + mono, wall: START.wall + wall }
    }

    #[test]
    fn a_deadline_passes_exactly_at_its_moment() {
        let deadline = Deadline::after(START, 120_000);
        assert_eq!(deadline.verdict(later(119_999, 119_999)), Verdict::Left(1));
        assert_eq!(deadline.verdict(later(120_000, 120_000)), Verdict::Passed);
    }

    #[test]
    fn after_a_jump_of_the_wall_clock_the_clocks_disagree_and_the_deadline_stays() {
        let deadline = Deadline::after(START, 120_000);
        for jump in [-600_000, -1_001, 1_001, 600_000] {
            let jumped = later(10_000, 10_000 + jump);
            assert_eq!(deadline.verdict(jumped), Verdict::ClocksDisagree, "{jump}");
            for left in [None, Some(500_000)] {
                let corrected = deadline.corrected(jumped, left);
                assert_eq!(corrected.verdict(jumped), Verdict::Left(110_000), "{jump}");
                assert_eq!(corrected.wall(), jumped.wall + 110_000, "{jump}");
            }
            assert_eq!(deadline.verdict(later(120_000, 120_000 + jump)), Verdict::Passed, "{jump}");
        }
    }

    #[test]
    fn a_time_that_was_computed_with_a_deadline_goes_by_the_same_clock() {
        let deadline = Deadline::after(START, 120_000);
        let resend_at = START.wall + 30_000;
        assert_eq!(deadline.until(resend_at, later(10_000, 10_000)), 20_000);
        // The clock was set.
        assert_eq!(deadline.until(resend_at, later(10_000, 610_000)), 20_000);
        // The machine slept.
        let woken = later(10_000, 25_000);
        assert_eq!(deadline.corrected(woken, Some(95_000)).until(resend_at, woken), 5_000);
        assert_eq!(deadline.until(i64::MIN, woken), i64::MIN + 110_000);
    }

    #[test]
    fn a_slow_correction_of_the_wall_clock_is_no_disagreement() {
        let deadline = Deadline::after(START, 120_000);
        for drift in [-1_000, 1_000] {
            assert_eq!(deadline.verdict(later(119_999, 119_999 + drift)), Verdict::Left(1));
        }
    }

    #[test]
    fn after_a_sleep_the_remaining_time_is_the_backends() {
        let deadline = Deadline::after(START, 120_000);
        let woken = later(10_000, 610_000);
        assert_eq!(deadline.corrected(woken, Some(-480_000)).verdict(woken), Verdict::Passed);
    }
}
