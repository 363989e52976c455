//! The webhook of a project, and the limit of its concurrent requests. Requests are made in `webhooks`.

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::config::Webhook;

/// Maximum number of concurrent requests to a project's webhook.
pub(crate) const MAX_CONCURRENT: usize = 16;

/// The webhook state of a project.
pub(crate) struct ProjectWebhook {
    /// The project's own webhook. `None`: not set, so that of the settings is in force; `Some(None)`: no webhook.
    own: Mutex<Option<Option<Webhook>>>,
    cleared: watch::Sender<()>,
    slots: Semaphore,
    /// Held while the webhook is changed, so that the store sees the changes in their order.
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

    /// The webhook in force. `settings`: the webhook of the settings, for all projects.
    pub(crate) fn webhook(&self, settings: Option<&Webhook>) -> Option<Webhook> {
        self.own.lock().clone().unwrap_or_else(|| settings.cloned())
    }

    /// Sets the project's own webhook. `None`: no webhook, whatever the settings have.
    pub(crate) fn set_webhook(&self, webhook: Option<Webhook>) {
        *self.own.lock() = Some(webhook);
    }

    /// Waits for the slot of one request, first come, first served; dropping the permit frees it. `None` never occurs: the
    /// semaphore is never closed.
    pub(crate) async fn acquire_slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    /// Subscribes to [`Self::clear`], after which the deliveries of the time before are gone.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.cleared.subscribe()
    }

    /// Goes back to the webhook of the settings, and wakes waiting deliveries. Call after the project's data is deleted.
    pub(crate) fn clear(&self) {
        *self.own.lock() = None;
        self.cleared.send_replace(());
    }
}
