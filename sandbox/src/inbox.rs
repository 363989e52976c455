//! Every SMS that would have been sent.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use crate::core::{Kind, Message, Phone};

/// How many messages are kept: the oldest goes first.
const KEPT: usize = 1000;

pub(crate) struct Inbox {
    messages: Mutex<BTreeMap<u64, Shown>>,
    arrived: watch::Sender<()>,
}

/// A message as the list shows it. This is the one place where codes, links and numbers are meant to be read.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
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
    sent_at: i64,
    expires_at: i64,
}

/// Which messages are asked for.
#[derive(Clone, Default)]
pub(crate) struct Filter {
    /// Only those that were sent to this number, however it is written.
    pub(crate) to: Option<String>,
    /// Only those after this id.
    pub(crate) since: u64,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self { messages: Mutex::default(), arrived: watch::Sender::new(()) }
    }

    fn messages(&self) -> MutexGuard<'_, BTreeMap<u64, Shown>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same id again changes nothing.
    pub(crate) fn put(&self, id: u64, message: &Message) {
        let (kind, code, url) = match &message.kind {
            Kind::Otp(code) => ("otp", Some(code.expose().to_owned()), None),
            Kind::Link(url) => ("link", None, Some(url.expose().to_owned())),
        };
        let shown = Shown {
            id,
            to: message.to.expose().to_owned(),
            kind,
            text: message.text.expose().to_owned(),
            code,
            url,
            auth_id: message.auth_id.clone(),
            sent_at: message.sent_at,
            expires_at: message.expires_at,
        };
        let mut messages = self.messages();
        messages.insert(id, shown);
        if messages.len() > KEPT {
            messages.pop_first();
        }
        drop(messages);
        self.arrived.send_replace(());
    }

    pub(crate) fn list(&self, filter: &Filter) -> Vec<Shown> {
        let after = filter.since.saturating_add(1);
        self.messages().range(after..).map(|(_, shown)| shown).filter(|shown| filter.wants(shown)).cloned().collect()
    }

    /// Ends when something may have changed since the subscription.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.arrived.subscribe()
    }

    pub(crate) fn clear(&self) {
        self.messages().clear();
    }
}

impl Filter {
    fn wants(&self, shown: &Shown) -> bool {
        let Some(to) = &self.to else { return true };
        let same = |a: &str, b: &str| Some(Phone::parse(&a.into())?.is_same(&Phone::parse(&b.into())?));
        shown.to == *to || same(&shown.to, to) == Some(true)
    }
}
