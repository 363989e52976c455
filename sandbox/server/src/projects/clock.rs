use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use handset_protocol::UnixMillis;
use tokio::sync::watch;

/// Where the sandbox reads the time. Every lifetime is an absolute deadline on it.
///
/// Waiting is done with tokio's timers, so a test injects a clock that reads tokio's paused time.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> UnixMillis;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        UnixMillis::EPOCH + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// The injected clock, and what `POST /sandbox/clock` added to it.
pub(crate) struct MovableClock {
    clock: Arc<dyn Clock>,
    /// How far it is ahead of the injected clock.
    offset: watch::Sender<Duration>,
}

impl MovableClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offset: watch::Sender::default() }
    }

    /// The time now.
    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now() + self.offset()
    }

    /// How far it is ahead of the injected clock.
    pub(crate) fn offset(&self) -> Duration {
        *self.offset.borrow()
    }

    /// Moves the clock to that far ahead of the injected one, and wakes whoever sleeps on it.
    pub(crate) fn set_offset(&self, offset: Duration) {
        self.offset.send_replace(offset);
    }

    /// Ends once the clock shows `deadline`.
    pub(crate) async fn sleep_until(&self, deadline: UnixMillis) {
        let mut moved = self.offset.subscribe();
        loop {
            let left = deadline.since(self.now());
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
