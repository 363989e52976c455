//! What a project knows of its webhook.

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::config::Webhook;

/// How many requests to its webhook may be under way at once.
pub(crate) const MAX_CONCURRENT: usize = 16;

pub(crate) struct ProjectWebhook {
    /// `None`: that of the settings; `Some(None)`: none.
    own: Mutex<Option<Option<Webhook>>>,
    cleared: watch::Sender<()>,
    slots: Semaphore,
    /// Held while something is changed: the store has to have it in the order in which it happens.
    pub(crate) write_lock: tokio::sync::Mutex<()>,
}

impl ProjectWebhook {
    pub(crate) fn new() -> Self {
        Self {
            own: Mutex::default(),
            cleared: watch::Sender::new(()),
            slots: Semaphore::new(MAX_CONCURRENT),
            write_lock: tokio::sync::Mutex::default(),
        }
    }

    /// The webhook in force, where `settings` has that of all projects.
    pub(crate) fn webhook(&self, settings: Option<&Webhook>) -> Option<Webhook> {
        self.own.lock().clone().unwrap_or_else(|| settings.cloned())
    }

    /// From here on it is that one, or none.
    pub(crate) fn set_webhook(&self, webhook: Option<Webhook>) {
        *self.own.lock() = Some(webhook);
    }

    /// A request may be made until it is dropped. Whoever waits for longest is next. `None`: never.
    pub(crate) async fn acquire_slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    /// Ends when nothing is known any more of what was there at the time of the call.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.cleared.subscribe()
    }

    /// Back to the beginning.
    pub(crate) fn clear(&self) {
        *self.own.lock() = None;
        self.cleared.send_replace(());
    }
}
