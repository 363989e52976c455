//! Wake-ups for tasks that wait for a session to change, within this process. The change itself is in the store.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

/// The watchers of sessions. Clones share their state.
#[derive(Clone, Default)]
pub(crate) struct Watchers(Arc<Mutex<HashMap<String, watch::Sender<()>>>>);

/// A subscription to the changes of one session. Dropping it unsubscribes.
pub(crate) struct Watcher {
    watchers: Watchers,
    auth_id: String,
    changes: Option<watch::Receiver<()>>,
}

impl Watchers {
    /// Subscribes to a session. No later change is missed; read the state after this call.
    pub(crate) fn watch(&self, auth_id: &str) -> Watcher {
        let changes = self.0.lock().entry(auth_id.to_owned()).or_default().subscribe();
        Watcher { watchers: self.clone(), auth_id: auth_id.to_owned(), changes: Some(changes) }
    }

    /// Wakes every watcher of the session. Call after each write.
    pub(crate) fn wake(&self, auth_id: &str) {
        if let Some(sender) = self.0.lock().get(auth_id) {
            sender.send_replace(());
        }
    }
}

impl Watcher {
    /// Resolves at the next change, or at once if there was one since the last call.
    ///
    /// # Cancel safety
    /// Cancel safe: a change that arrives after a cancellation is not lost.
    pub(crate) async fn changed(&mut self) {
        if let Some(changes) = &mut self.changes
            && changes.changed().await.is_ok()
        {
            return;
        }
        // Not reached: the sender lives as long as the last watcher.
        std::future::pending().await
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.changes = None;
        let mut senders = self.watchers.0.lock();
        if senders.get(&self.auth_id).is_some_and(|sender| sender.receiver_count() == 0) {
            senders.remove(&self.auth_id);
        }
    }
}

#[cfg(test)]
mod tests {
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
}
