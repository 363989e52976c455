//! Wake-ups for tasks that wait for a change of the store. What has changed is in the store: a woken task reads it.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// What a subscriber waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The result or the deadline of the session with that authId has changed, or the session is deleted.
    Session(String),
    /// The timeline of the session with that authId has grown, or the session is deleted.
    Timeline(String),
    /// The project of that name has a new message.
    Messages(String),
    /// A setting of the project of that name has changed, or of the sandbox itself (`None`).
    Settings(Option<String>),
    /// A delivery is pending.
    Deliveries,
}

/// The port through which a store wakes the tasks that wait for its changes. In one process it is [`LocalNotifier`]; a
/// store that several processes share also carries the topics of each write to the others.
pub trait Notifier: Send + Sync {
    /// Subscribes to a topic. No later change is missed: subscribe, read, then wait.
    fn subscribe(&self, topic: Topic) -> Subscription;
}

/// The notifier within one process. Clones share their subscriptions.
#[derive(Clone, Debug, Default)]
pub struct LocalNotifier(Arc<Mutex<[HashSet<Keyed>; KINDS]>>);

/// A subscription to a topic. Dropping it unsubscribes.
#[derive(Debug)]
pub struct Subscription {
    notifier: LocalNotifier,
    signal: Arc<Signal>,
    seen: u64,
}

/// The subscribers of a topic. Thousands of sessions wait at the same time, so a topic has one allocation and its key.
#[derive(Debug)]
struct Signal {
    kind: TopicKind,
    key: Box<str>,
    /// Number of changes since the first subscription.
    version: AtomicU64,
    /// Number of subscriptions. Changed only while the notifier is locked.
    subscriptions: AtomicU64,
    changed: Notify,
}

/// A signal by its key.
#[derive(Debug)]
struct Keyed(Arc<Signal>);

/// The kinds of topics, each with its own keys.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TopicKind {
    Session,
    Timeline,
    Messages,
    Settings,
    /// The settings of the sandbox itself, and the deliveries. The keys tell them apart.
    Global,
}

const KINDS: usize = 5;

/// The key of [`Topic::Deliveries`] among the global topics. The settings of the sandbox itself have an empty key.
pub(crate) const DELIVERIES: &str = "deliveries";

impl Borrow<str> for Keyed {
    fn borrow(&self) -> &str {
        &self.0.key
    }
}

impl Hash for Keyed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

impl PartialEq for Keyed {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Keyed {}

impl Topic {
    fn parts(&self) -> (TopicKind, &str) {
        match self {
            Self::Session(auth_id) => (TopicKind::Session, auth_id),
            Self::Timeline(auth_id) => (TopicKind::Timeline, auth_id),
            Self::Messages(project) => (TopicKind::Messages, project),
            Self::Settings(Some(project)) => (TopicKind::Settings, project),
            Self::Settings(None) => (TopicKind::Global, ""),
            Self::Deliveries => (TopicKind::Global, DELIVERIES),
        }
    }
}

impl LocalNotifier {
    /// Wakes every subscriber of the topic. Call after each write.
    pub fn notify(&self, topic: &Topic) {
        let (kind, key) = topic.parts();
        self.notify_key(kind, key);
    }

    pub(crate) fn notify_key(&self, kind: TopicKind, key: &str) {
        let of_kinds = self.0.lock();
        let signal = of_kinds.get(kind as usize).and_then(|signals| signals.get(key)).map(|keyed| keyed.0.clone());
        drop(of_kinds);
        if let Some(signal) = signal {
            signal.version.fetch_add(1, Ordering::Release);
            signal.changed.notify_waiters();
        }
    }
}

impl Notifier for LocalNotifier {
    fn subscribe(&self, topic: Topic) -> Subscription {
        let (kind, key) = topic.parts();
        let mut of_kinds = self.0.lock();
        let signals = of_kinds.get_mut(kind as usize);
        let known = signals.as_ref().and_then(|signals| signals.get(key)).map(|keyed| keyed.0.clone());
        let signal = known.unwrap_or_else(|| {
            let (version, subscriptions) = (AtomicU64::new(0), AtomicU64::new(0));
            let signal = Arc::new(Signal { kind, key: key.into(), version, subscriptions, changed: Notify::new() });
            signals.map(|signals| signals.insert(Keyed(signal.clone())));
            signal
        });
        signal.subscriptions.fetch_add(1, Ordering::Relaxed);
        let seen = signal.version.load(Ordering::Acquire);
        Subscription { notifier: self.clone(), signal, seen }
    }
}

impl Subscription {
    /// Resolves at the next change, or at once if there was one since the last call.
    ///
    /// # Cancel safety
    /// Cancel safe: a change that arrives after a cancellation is not lost.
    pub async fn changed(&mut self) {
        loop {
            // Created before the comparison: from its creation on it is woken.
            let changed = self.signal.changed.notified();
            let version = self.signal.version.load(Ordering::Acquire);
            if version != self.seen {
                self.seen = version;
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut of_kinds = self.notifier.0.lock();
        if self.signal.subscriptions.fetch_sub(1, Ordering::Relaxed) == 1
            && let Some(signals) = of_kinds.get_mut(self.signal.kind as usize)
        {
            signals.remove(&*self.signal.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    /// Whether the subscription has a change now.
    async fn is_changed(subscription: &mut Subscription) -> bool {
        let mut changed = pin!(subscription.changed());
        poll_fn(|context| Poll::Ready(changed.as_mut().poll(context).is_ready())).await
    }

    fn of(name: &str) -> Topic {
        Topic::Session(name.to_owned())
    }

    fn topics(notifier: &LocalNotifier) -> usize {
        notifier.0.lock().iter().map(HashSet::len).sum()
    }

    #[tokio::test]
    async fn the_last_subscription_of_a_topic_removes_its_entry() {
        let notifier = LocalNotifier::default();
        let mut first = notifier.subscribe(of("a"));
        let second = notifier.subscribe(of("a"));
        notifier.notify(&of("a"));
        notifier.notify(&of("b"));
        first.changed().await;
        drop(first);
        assert_eq!(topics(&notifier), 1);
        drop(second);
        assert_eq!(topics(&notifier), 0);
    }

    #[tokio::test]
    async fn a_change_wakes_each_subscriber_of_its_topic_alone() {
        let notifier = LocalNotifier::default();
        let name = || DELIVERIES.to_owned();
        let topics = [
            of(DELIVERIES),
            Topic::Timeline(name()),
            Topic::Messages(name()),
            Topic::Settings(Some(name())),
            Topic::Settings(None),
            Topic::Deliveries,
        ];
        let mut all: Vec<_> = topics.iter().map(|topic| notifier.subscribe(topic.clone())).collect();
        for (index, topic) in topics.iter().enumerate() {
            notifier.notify(topic);
            notifier.notify(topic);
            for (other, subscription) in all.iter_mut().enumerate() {
                assert_eq!(is_changed(subscription).await, other == index, "{topic:?} {other}");
            }
        }
        let mut late = notifier.subscribe(Topic::Deliveries);
        assert!(!is_changed(&mut late).await, "a change before the subscription is in the store");
    }

    #[tokio::test]
    async fn a_waiting_task_is_woken_and_a_cancelled_wait_loses_nothing() {
        let notifier = LocalNotifier::default();
        let mut subscription = notifier.subscribe(of("a"));
        assert!(!is_changed(&mut subscription).await);
        notifier.notify(&of("a"));
        subscription.changed().await;
        let waiting = tokio::spawn(async move { subscription.changed().await });
        tokio::task::yield_now().await;
        notifier.notify(&of("a"));
        waiting.await.unwrap();
    }
}
