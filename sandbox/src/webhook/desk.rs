//! What a project knows of its webhook and of what was sent there.

use std::sync::{Mutex, MutexGuard, PoisonError};

use handset_protocol::server::webhooks::WebhookEvent;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::config::Webhook;
use crate::core::{Attempt, Delivery, Untold};

/// How many deliveries that are over are kept: the oldest goes first.
const KEPT: usize = 200;

pub(crate) struct Desk {
    inner: Mutex<Inner>,
    cleared: watch::Sender<()>,
    /// Held while something is changed: the store has to have it in the order in which it happens.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Inner {
    /// `None`: that of the settings; `Some(None)`: none.
    own: Option<Option<Webhook>>,
    over: Vec<Shown>,
}

/// A delivery as the list shows it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Untold>,
    /// Epoch ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<i64>,
    events: Vec<WebhookEvent>,
    attempts: Vec<Attempt>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It is tried, or tried again.
    Waiting,
    /// It was accepted.
    Delivered,
    /// Every attempt has failed.
    Failed,
    /// It is not sent any more.
    Withdrawn,
}

/// Those that are over, with one more. It may be over for the second time, where the sandbox was killed the first time.
pub(super) fn with(mut over: Vec<Shown>, shown: Shown) -> Vec<Shown> {
    over.retain(|known| known.id() != shown.id());
    over.push(shown);
    over.drain(..over.len().saturating_sub(KEPT));
    over
}

impl Shown {
    pub(crate) fn waiting(delivery: Delivery) -> Self {
        let next_attempt_at = Some(delivery.due_at);
        let Delivery { events, attempts, .. } = delivery;
        Self { state: State::Waiting, reason: None, next_attempt_at, events, attempts }
    }

    pub(super) fn over(delivery: Delivery, reason: Option<Untold>) -> Self {
        let state = match reason {
            Some(_) => State::Withdrawn,
            None if delivery.is_accepted() => State::Delivered,
            None => State::Failed,
        };
        Self { state, reason, next_attempt_at: None, events: delivery.events, attempts: delivery.attempts }
    }

    /// When its first event happened, in ms since the epoch.
    pub(super) fn happened_at(&self) -> i64 {
        self.events.first().map_or(0, |event| event.sent_at)
    }

    pub(super) fn id(&self) -> &str {
        self.events.first().map_or("", |event| &event.event_id)
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { inner: Mutex::default(), cleared: watch::Sender::new(()), changing: tokio::sync::Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The webhook in force, where `settings` has that of all projects.
    pub(crate) fn webhook(&self, settings: Option<&Webhook>) -> Option<Webhook> {
        self.inner().own.clone().unwrap_or_else(|| settings.cloned())
    }

    /// From here on it is that one, or none.
    pub(super) fn set_webhook(&self, webhook: Option<Webhook>) {
        self.inner().own = Some(webhook);
    }

    /// Those that are over, oldest first.
    pub(crate) fn over(&self) -> Vec<Shown> {
        self.inner().over.clone()
    }

    pub(super) fn set_over(&self, over: Vec<Shown>) {
        self.inner().over = over;
    }

    /// Ends when nothing is known any more of what was there at the time of the call.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.cleared.subscribe()
    }

    /// Back to the beginning.
    pub(crate) fn clear(&self) {
        *self.inner() = Inner::default();
        self.cleared.send_replace(());
    }
}
