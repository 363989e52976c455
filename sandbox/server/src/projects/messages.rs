//! Every SMS that would have been sent, as it is shown.

use handset_protocol::UnixMillis;
use serde::Serialize;
use tokio::sync::watch;

use handset_sandbox_domain::{Message, MessagePurpose, Phone};
use handset_sandbox_store::StoredMessage;

/// Tells whoever waits that a message has come. The messages themselves are in the store.
pub(crate) struct MessageNotifier(watch::Sender<()>);

/// A message as the list shows it. This is the one place where codes, links and numbers are meant to be read.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageView {
    /// Grows with every message.
    pub(crate) id: u64,
    to: String,
    kind: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    auth_id: String,
    sent_at: UnixMillis,
    expires_at: UnixMillis,
}

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

impl From<StoredMessage> for MessageView {
    fn from(StoredMessage { id, message }: StoredMessage) -> Self {
        let (kind, code, url) = match message.purpose {
            MessagePurpose::Otp(code) => ("otp", Some(code.expose().to_owned()), None),
            MessagePurpose::Link(url) => ("link", None, Some(url.expose().to_owned())),
        };
        Self {
            id,
            to: message.to.expose().to_owned(),
            kind,
            text: message.text.expose().to_owned(),
            code,
            url,
            auth_id: message.auth_id,
            sent_at: message.sent_at,
            expires_at: message.expires_at,
        }
    }
}

impl MessageQuery {
    /// Whether a message is asked for, by its number.
    pub(crate) fn matches(&self) -> impl Fn(&Message) -> bool + Send + Sync {
        move |message| self.to.as_ref().is_none_or(|number| number.is_written(message.to.expose()))
    }
}
