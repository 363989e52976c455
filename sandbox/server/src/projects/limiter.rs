//! The rate limit: a token bucket for each credential, on the project's clock. The 429 reply is in `http`.

use std::collections::HashMap;

use parking_lot::Mutex;

use handset_protocol::UnixMillis;

/// The rate limits of a project's credentials.
pub(crate) struct RateLimiter {
    /// Requests per second, and the size of a burst. 0: unlimited.
    rate: u32,
    buckets: Mutex<HashMap<&'static str, Bucket>>,
}

struct Bucket {
    /// The remaining tokens, in thousandths of a request.
    left: i64,
    /// The time of the last update.
    at: UnixMillis,
}

/// One request, in thousandths.
const ONE: i64 = 1000;

impl RateLimiter {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes the token of one request.
    ///
    /// # Errors
    /// The bucket is empty; the error is the wait until the next token, in seconds.
    pub(crate) fn pass(&self, client_id: &'static str, now: UnixMillis) -> Result<(), u64> {
        if self.rate == 0 {
            return Ok(());
        }
        let rate = i64::from(self.rate);
        let mut buckets = self.buckets.lock();
        let bucket = buckets.entry(client_id).or_insert(Bucket { left: rate * ONE, at: now });
        let passed = i64::try_from(now.since(bucket.at).as_millis()).unwrap_or(i64::MAX);
        let gained = passed.saturating_mul(rate);
        bucket.left = bucket.left.saturating_add(gained).min(rate * ONE);
        bucket.at = now;
        if bucket.left < ONE {
            let wait_ms = (ONE - bucket.left + rate - 1) / rate;
            return Err(u64::try_from((wait_ms + 999) / 1000).unwrap_or(1));
        }
        bucket.left -= ONE;
        Ok(())
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
    fn a_rate_of_0_is_unlimited() {
        let limiter = RateLimiter::new(0);
        assert!((0..1000).all(|_| limiter.pass("a", UnixMillis::EPOCH).is_ok()));
    }
}
