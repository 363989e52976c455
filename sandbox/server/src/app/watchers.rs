//! Wake-ups for tasks that wait for a session to change, within this process. The change itself is in the store.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// The watchers of sessions. Clones share their state.
#[derive(Clone, Default)]
pub(crate) struct Watchers(Arc<Mutex<HashMap<Arc<str>, Arc<ChangeSignal>>>>);

/// The changes of one session: their number, and the tasks that wait for the next. A fifth of a `watch` channel, since each waiting
/// socket has one.
#[derive(Default)]
struct ChangeSignal {
    changes: AtomicU64,
    waiting: Notify,
}

/// A subscription to the changes of one session. Dropping it unsubscribes.
pub(crate) struct Watcher {
    watchers: Watchers,
    auth_id: Arc<str>,
    /// `None` only while the watcher is dropped.
    signal: Option<Arc<ChangeSignal>>,
    /// The number of changes that were reported.
    seen: u64,
}

impl Watchers {
    /// Subscribes to a session. No later change is missed; read the state after this call.
    pub(crate) fn watch(&self, auth_id: &str) -> Watcher {
        let mut signals = self.0.lock();
        let known = signals.get_key_value(auth_id).map(|(auth_id, signal)| (auth_id.clone(), signal.clone()));
        let (auth_id, signal) = known.unwrap_or_else(|| {
            let (auth_id, signal): (Arc<str>, Arc<ChangeSignal>) = (auth_id.into(), Arc::default());
            signals.insert(auth_id.clone(), signal.clone());
            (auth_id, signal)
        });
        let seen = signal.changes.load(Ordering::Acquire);
        Watcher { watchers: self.clone(), auth_id, signal: Some(signal), seen }
    }

    /// Wakes every watcher of the session. Call after each write.
    pub(crate) fn wake(&self, auth_id: &str) {
        if let Some(signal) = self.0.lock().get(auth_id) {
            signal.changes.fetch_add(1, Ordering::Release);
            signal.waiting.notify_waiters();
        }
    }
}

impl Watcher {
    /// Resolves at the next change, or at once if there was one since the last call.
    ///
    /// # Cancel safety
    /// Cancel safe: a change that arrives after a cancellation is not lost.
    pub(crate) async fn changed(&mut self) {
        let Some(signal) = &self.signal else { return std::future::pending().await };
        loop {
            // Created before the number is read: a change after that wakes it.
            let next = signal.waiting.notified();
            let changes = signal.changes.load(Ordering::Acquire);
            if changes != self.seen {
                self.seen = changes;
                return;
            }
            next.await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.signal = None;
        let mut signals = self.watchers.0.lock();
        // The last watcher is gone.
        if signals.get(&self.auth_id).is_some_and(|signal| Arc::strong_count(signal) == 1) {
            signals.remove(&self.auth_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn the_last_watch_of_a_session_removes_its_entry() {
        let watchers = Watchers::default();
        let mut first = watchers.watch("a");
        let second = watchers.watch("a");
        watchers.wake("a");
        watchers.wake("b");
        first.changed().await;
        drop(first);
        assert_eq!(watchers.0.lock().len(), 1);
        drop(second);
        assert_eq!(watchers.0.lock().len(), 0);
    }

    #[tokio::test]
    async fn a_change_is_reported_once_to_each_watch_that_was_there_before_it() {
        let watchers = Watchers::default();
        let mut early = watchers.watch("a");
        watchers.wake("a");
        watchers.wake("a");
        let mut late = watchers.watch("a");
        assert!(early.changed().now_or_never().is_some(), "two changes are reported as one");
        assert!(early.changed().now_or_never().is_none() && late.changed().now_or_never().is_none());
        {
            let mut changed = std::pin::pin!(early.changed());
            assert!(changed.as_mut().now_or_never().is_none());
            watchers.wake("a");
            assert!(changed.now_or_never().is_some(), "during the wait");
        }
        assert!(late.changed().now_or_never().is_some(), "before the wait");
        assert!(early.changed().now_or_never().is_none() && late.changed().now_or_never().is_none());
    }
}
