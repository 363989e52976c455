use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Where the sandbox reads the time. Every lifetime is an absolute deadline on it.
///
/// Waiting is done with tokio's timers, so a test injects a clock that reads tokio's paused time.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the epoch.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }
}

/// The injected clock, and what `POST /sandbox/clock` added to it.
pub(crate) struct MovableClock {
    clock: Arc<dyn Clock>,
    offset_ms: AtomicI64,
    changed: watch::Sender<()>,
}

impl MovableClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offset_ms: AtomicI64::new(0), changed: watch::Sender::new(()) }
    }

    /// Milliseconds since the epoch.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms().saturating_add(self.offset_ms())
    }

    /// How far it is ahead of the injected clock.
    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::SeqCst)
    }

    /// Moves the clock to that far ahead of the injected one, and wakes whoever sleeps on it.
    pub(crate) fn set_offset(&self, ms: i64) {
        self.offset_ms.store(ms, Ordering::SeqCst);
        self.changed.send_replace(());
    }

    /// Ends once the clock shows `deadline`, in ms since the epoch.
    pub(crate) async fn sleep_until(&self, deadline: i64) {
        let mut moved = self.changed.subscribe();
        loop {
            let left = deadline.saturating_sub(self.now());
            let Ok(left @ 1..) = u64::try_from(left) else { return };
            tokio::select! {
                biased;
                _ = moved.changed() => {}
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
            }
        }
    }
}
