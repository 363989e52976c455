//! [`UnixMillis`], a point in time. Durations are std's [`Duration`]. Nothing here reads a clock.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time, in whole milliseconds since the Unix epoch. On the wire and in a store it is that number.
///
/// Arithmetic saturates at [`MIN`](UnixMillis::MIN) and [`MAX`](UnixMillis::MAX), and drops what is less than a
/// millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct UnixMillis(i64);

impl UnixMillis {
    /// The Unix epoch itself, which is the default.
    pub const EPOCH: Self = Self(0);
    /// The earliest time.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest time.
    pub const MAX: Self = Self(i64::MAX);

    /// The time so many milliseconds after the epoch, or before it.
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// The time of a JWT's NumericDate (`iat`, `exp`), which counts seconds. Saturates.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as a JWT's NumericDate: the last second that has begun.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time that has passed since `earlier`; zero where `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        if self.0 > earlier.0 { Duration::from_millis(self.0.abs_diff(earlier.0)) } else { Duration::ZERO }
    }
}

impl Add<Duration> for UnixMillis {
    type Output = Self;

    /// Saturates.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(millis(duration)))
    }
}

impl Sub<Duration> for UnixMillis {
    type Output = Self;

    /// Saturates.
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(millis(duration)))
    }
}

/// Saturates: what does not fit is more than lies between the earliest time and the latest.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time() -> impl Strategy<Value = UnixMillis> {
        prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -2000..=2000_i64].prop_map(UnixMillis::new)
    }

    fn duration() -> impl Strategy<Value = Duration> {
        prop_oneof![any::<Duration>(), any::<u64>().prop_map(Duration::from_millis), Just(Duration::MAX)]
    }

    /// The nearest time to that many milliseconds since the epoch.
    fn nearest(millis: i128) -> UnixMillis {
        UnixMillis::new(millis.clamp(i64::MIN.into(), i64::MAX.into()).try_into().unwrap())
    }

    proptest! {
        #[test]
        fn arithmetic_is_exact_or_saturates(time in time(), duration in duration()) {
            let (exact, millis) = (i128::from(time.as_millis()), i128::try_from(duration.as_millis()).unwrap());
            prop_assert_eq!(time + duration, nearest(exact + millis));
            prop_assert_eq!(time - duration, nearest(exact - millis));
        }

        #[test]
        fn what_has_passed_leads_from_the_earlier_time_to_the_later(a in time(), b in time()) {
            let (earlier, later) = (a.min(b), a.max(b));
            prop_assert_eq!(earlier + later.since(earlier), later);
            prop_assert_eq!(later - later.since(earlier), earlier);
            prop_assert_eq!(earlier.since(later), Duration::ZERO);
        }

        #[test]
        fn seconds_are_those_that_have_begun(time in time()) {
            let begun = UnixMillis::from_seconds(time.as_seconds());
            prop_assert!(begun <= time);
            prop_assert!(time.since(begun) < Duration::from_secs(1));
        }
    }

    #[test]
    fn a_second_before_the_epoch_is_minus_one() {
        let cases = [(0, 0), (999, 0), (1000, 1), (-1, -1), (-1000, -1), (-1001, -2)];
        for (millis, seconds) in cases {
            assert_eq!(UnixMillis::new(millis).as_seconds(), seconds, "{millis}");
        }
        assert_eq!(UnixMillis::from_seconds(i64::MAX), UnixMillis::MAX);
        assert_eq!(UnixMillis::from_seconds(i64::MIN), UnixMillis::MIN);
    }

    #[test]
    fn travels_as_the_number() {
        assert_eq!(serde_json::to_string(&UnixMillis::new(-7)).unwrap(), "-7");
        assert_eq!(serde_json::from_str::<UnixMillis>("1800000000000").unwrap(), UnixMillis::new(1_800_000_000_000));
    }
}
