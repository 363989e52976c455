//! The injectable clock, the system clock, and the clock of a project that tests can move.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use handset_protocol::UnixMillis;
use tokio::sync::watch;

/// The source of the current time. Every lifetime is an absolute deadline on this clock.
///
/// Waits use tokio's timers, so a test injects a clock that reads tokio's paused time.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> UnixMillis;
}

/// The system clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        UnixMillis::EPOCH + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// The injected clock plus an offset, which `POST /sandbox/clock` moves.
pub(crate) struct MovableClock {
    clock: Arc<dyn Clock>,
    offset: watch::Sender<Duration>,
}

impl MovableClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offset: watch::Sender::default() }
    }

    /// The current time.
    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now() + self.offset()
    }

    /// The offset from the injected clock.
    pub(crate) fn offset(&self) -> Duration {
        *self.offset.borrow()
    }

    /// Signals each move of the clock, after which a deadline is to be judged anew.
    pub(crate) fn moves(&self) -> watch::Receiver<Duration> {
        self.offset.subscribe()
    }

    /// The time until `deadline`; zero if the clock has reached it.
    pub(crate) fn time_until(&self, deadline: UnixMillis) -> Duration {
        deadline.since(self.now())
    }

    /// Sets the offset, and wakes every [`Self::sleep_until`] to judge its deadline anew.
    pub(crate) fn set_offset(&self, offset: Duration) {
        self.offset.send_replace(offset);
    }

    /// Resolves once the clock has reached `deadline`.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(crate) async fn sleep_until(&self, deadline: UnixMillis) {
        let mut moved = self.moves();
        loop {
            let left = self.time_until(deadline);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                biased;
                _ = moved.changed() => {}
                () = tokio::time::sleep(left) => {}
            }
        }
    }
}
