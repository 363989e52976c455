//! The rate limit: a token bucket for each credential, each app and the pages of each transaction, on the project's clock. The 429 reply is in `http`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

use handset_protocol::UnixMillis;

/// The rate limits of a project's credentials and apps.
pub(crate) struct RateLimiter {
    /// Requests per second, and the size of a burst. 0: unlimited.
    rate: u32,
    buckets: Mutex<HashMap<Cow<'static, str>, Bucket>>,
}

struct Bucket {
    /// The remaining tokens, in thousandths of a request.
    left: i64,
    /// The time of the last update.
    at: UnixMillis,
}

/// One request, in thousandths.
const ONE: i64 = 1000;
/// Number of buckets from which full ones are dropped.
const MOST_BUCKETS: usize = 10_000;
/// The time in which an empty bucket fills.
const FULL_AFTER: Duration = Duration::from_secs(1);

impl Bucket {
    fn take(&mut self, rate: i64, now: UnixMillis) -> Result<(), u64> {
        let passed = i64::try_from(now.since(self.at).as_millis()).unwrap_or(i64::MAX);
        let gained = passed.saturating_mul(rate);
        self.left = self.left.saturating_add(gained).min(rate * ONE);
        self.at = now;
        if self.left < ONE {
            let wait_ms = (ONE - self.left + rate - 1) / rate;
            return Err(u64::try_from((wait_ms + 999) / 1000).unwrap_or(1));
        }
        self.left -= ONE;
        Ok(())
    }
}

impl RateLimiter {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes the token of one request by a credential.
    ///
    /// # Errors
    /// The bucket is empty; the error is the wait until the next token, in seconds.
    pub(crate) fn pass(&self, client_id: &'static str, now: UnixMillis) -> Result<(), u64> {
        self.take(client_id, || Cow::Borrowed(client_id), now)
    }

    /// Takes the token of one request by an app. The app exists, so that a caller cannot fill the table.
    ///
    /// # Errors
    /// As [`pass`](Self::pass).
    pub(crate) fn pass_app(&self, app_id: &str, now: UnixMillis) -> Result<(), u64> {
        // No `client_id` has a colon.
        let key = format!("app:{app_id}");
        self.take(&key, || Cow::Owned(key.clone()), now)
    }

    /// Takes the token of one request by a page. The pages of a transaction have a limit of their own, so that none of them uses up
    /// that of the app's server or of other users.
    ///
    /// # Errors
    /// As [`pass`](Self::pass).
    pub(crate) fn pass_page(&self, app_id: &str, transaction_id: &str, now: UnixMillis) -> Result<(), u64> {
        let key = format!("page:{app_id}:{transaction_id}");
        self.take(&key, || Cow::Owned(key.clone()), now)
    }

    /// `owned` gives the key of a new bucket.
    fn take(&self, key: &str, owned: impl FnOnce() -> Cow<'static, str>, now: UnixMillis) -> Result<(), u64> {
        if self.rate == 0 {
            return Ok(());
        }
        let rate = i64::from(self.rate);
        let mut buckets = self.buckets.lock();
        match buckets.get_mut(key) {
            Some(bucket) => bucket.take(rate, now),
            None => {
                if buckets.len() >= MOST_BUCKETS {
                    // A bucket that has been left alone for a second is full, as a new one is.
                    buckets.retain(|_, bucket| now.since(bucket.at) < FULL_AFTER);
                }
                buckets.entry(owned()).or_insert(Bucket { left: rate * ONE, at: now }).take(rate, now)
            }
        }
    }

    /// Fills every bucket.
    pub(crate) fn reset(&self) {
        self.buckets.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_one_second_passes_and_then_requests_at_the_rate() {
        let limiter = RateLimiter::new(25);
        let passed = |now| (0..100).take_while(|_| limiter.pass("a", UnixMillis::new(now)).is_ok()).count();
        assert_eq!(passed(0), 25);
        assert_eq!(limiter.pass("a", UnixMillis::EPOCH), Err(1));
        assert_eq!(passed(80), 2);
        assert_eq!(passed(10_000), 25);
        assert_eq!(passed(5000), 0, "a clock that goes back adds no tokens");
        assert_eq!(limiter.pass("b", UnixMillis::new(10_000)), Ok(()), "each credential has its own bucket");
    }

    #[test]
    fn each_app_has_a_bucket_of_its_own_also_one_that_is_called_as_a_credential() {
        let limiter = RateLimiter::new(1);
        let now = UnixMillis::EPOCH;
        assert_eq!(limiter.pass("a", now), Ok(()));
        assert_eq!((limiter.pass_app("a", now), limiter.pass_app("a", now)), (Ok(()), Err(1)));
        assert_eq!(limiter.pass_app("b", now), Ok(()));
        assert_eq!(limiter.pass_app("a", UnixMillis::new(1000)), Ok(()));
    }

    #[test]
    fn a_rate_of_0_is_unlimited() {
        let limiter = RateLimiter::new(0);
        assert!((0..1000).all(|_| limiter.pass("a", UnixMillis::EPOCH).is_ok()));
    }

    #[test]
    fn the_pages_of_a_transaction_have_a_limit_of_their_own_and_full_buckets_are_dropped() {
        let limiter = RateLimiter::new(1);
        let now = UnixMillis::new(0);
        assert_eq!((limiter.pass_page("a", "1", now), limiter.pass_page("a", "1", now)), (Ok(()), Err(1)));
        assert_eq!((limiter.pass_page("a", "2", now), limiter.pass_app("a", now)), (Ok(()), Ok(())));
        for number in 0..2 * MOST_BUCKETS {
            assert_eq!(limiter.pass_page("a", &format!("of {number}"), UnixMillis::new(number as i64)), Ok(()));
        }
        assert!(limiter.buckets.lock().len() <= MOST_BUCKETS + 1, "{}", limiter.buckets.lock().len());
    }
}
