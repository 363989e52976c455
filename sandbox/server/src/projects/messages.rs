//! Which messages are asked for, and how whoever waits for one is woken. The messages themselves are in the store.

use tokio::sync::watch;

use handset_sandbox_domain::{Message, Phone};

/// Wakes whoever waits for a message.
pub(crate) struct MessageNotifier(watch::Sender<()>);

/// Which messages are asked for.
#[derive(Clone, Default)]
pub(crate) struct MessageQuery {
    /// Only those that were sent to this number, however it is written.
    pub(crate) to: Option<Phone>,
    /// Only those after this id.
    pub(crate) since: u64,
}

impl MessageNotifier {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub(crate) fn notify(&self) {
        self.0.send_replace(());
    }

    /// Ends when something may have changed since the subscription.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

impl MessageQuery {
    /// Whether a message is asked for, by its number.
    pub(crate) fn matches(&self) -> impl Fn(&Message) -> bool + Send + Sync {
        move |message| self.to.as_ref().is_none_or(|number| number.is_written(message.to.expose()))
    }
}
