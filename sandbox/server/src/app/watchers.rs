//! Who waits for a session to change.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

/// Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Arc<Mutex<HashMap<String, watch::Sender<()>>>>);

/// Waits for one session; forgotten when dropped.
pub(crate) struct Watch {
    watchers: Watcher,
    auth_id: String,
    changes: Option<watch::Receiver<()>>,
}

impl Watcher {
    /// From here on no change is missed.
    pub(crate) fn watch(&self, auth_id: &str) -> Watch {
        let changes = self.0.lock().entry(auth_id.to_owned()).or_default().subscribe();
        Watch { watchers: self.clone(), auth_id: auth_id.to_owned(), changes: Some(changes) }
    }

    /// The session has changed.
    pub(crate) fn wake(&self, auth_id: &str) {
        if let Some(sender) = self.0.lock().get(auth_id) {
            sender.send_replace(());
        }
    }
}

impl Watch {
    /// Ends at the next change, or at once if there was one since the last call.
    pub(crate) async fn changed(&mut self) {
        if let Some(changes) = &mut self.changes
            && changes.changed().await.is_ok()
        {
            return;
        }
        // Not reached: the sender lives as long as anyone watches.
        std::future::pending().await
    }
}

impl Drop for Watch {
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
    async fn a_watched_session_is_forgotten_with_its_last_watcher() {
        let watchers = Watcher::default();
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
