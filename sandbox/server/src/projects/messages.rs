//! The query for messages, and the wake-up of its long polls. The messages themselves are in the store.

use tokio::sync::watch;

use handset_sandbox_domain::{Message, Phone};

/// Wakes the long polls and streams that wait for a message.
pub(crate) struct MessageNotifier(watch::Sender<()>);

/// A filter for messages.
#[derive(Clone, Default)]
pub(crate) struct MessageQuery {
    /// Only messages to this number, in any notation.
    pub(crate) to: Option<Phone>,
    /// Only messages after this id.
    pub(crate) since: u64,
}

impl MessageNotifier {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    /// Wakes every subscriber. Call after each write of a message.
    pub(crate) fn notify(&self) {
        self.0.send_replace(());
    }

    /// Subscribes; the receiver reports a change when a message may have arrived since.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

impl MessageQuery {
    /// The condition on the number of a message; the store applies `since` itself.
    pub(crate) fn matches(&self) -> impl Fn(&Message) -> bool + Send + Sync {
        move |message| self.to.as_ref().is_none_or(|number| number.is_written(message.to.expose()))
    }
}
