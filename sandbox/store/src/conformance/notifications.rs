//! Notifications: a subscriber is woken after each write of its topic, and not by others.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{AttemptOutcome, MessageKind, Session};

use super::deliveries::{attempted, delivery, enqueue, pending};
use super::fixtures::{PROJECT, count_once, event, get, put, read, session, sms, write_of};
use super::timeline::record;
use crate::{RowChange, SessionWrite, Store, Subscription, Topic};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_write_wakes_the_subscribers_of_its_topics_alone(&new()).await;
    a_lost_race_wakes_nobody(&new()).await;
    deliveries_and_settings_wake_their_subscribers(&new()).await;
    a_woken_task_reads_the_change(Arc::new(new())).await;
}

/// Whether the subscription has a change now.
pub(super) async fn is_changed(subscription: &mut Subscription) -> bool {
    let mut changed = pin!(subscription.changed());
    poll_fn(|context| Poll::Ready(changed.as_mut().poll(context).is_ready())).await
}

/// The topics of sessions, timelines and messages that may change, for two sessions of different projects.
fn topics() -> [Topic; 6] {
    let [a, b] = ["auth-a", "auth-b"].map(str::to_owned);
    [
        Topic::Session(a.clone()),
        Topic::Timeline(a),
        Topic::Messages(PROJECT.to_owned()),
        Topic::Session(b.clone()),
        Topic::Timeline(b),
        Topic::Messages("other".to_owned()),
    ]
}

struct Subscriptions(Vec<Subscription>);

impl Subscriptions {
    fn new(store: &impl Store, topics: impl IntoIterator<Item = Topic>) -> Self {
        Self(topics.into_iter().map(|topic| store.notifier().subscribe(topic)).collect())
    }

    /// The positions of those with a change since the last call.
    async fn changed(&mut self) -> Vec<usize> {
        let mut all = Vec::new();
        for (position, subscription) in self.0.iter_mut().enumerate() {
            if is_changed(subscription).await {
                all.push(position);
            }
        }
        all
    }
}

async fn a_write_wakes_the_subscribers_of_its_topics_alone(store: &impl Store) {
    let mut subscriptions = Subscriptions::new(store, topics());
    let mut second = Subscriptions::new(store, topics());
    let other = Session { project: "other".to_owned(), ..session("b") };
    let put_other = || RowChange::Put(other.clone());
    let timeline = || vec![event(MessageKind::Start)];
    for (auth_id, write, expected) in [
        ("auth-a", SessionWrite { timeline: timeline(), ..write_of("", None, RowChange::Put(session("a"))) }, &[1][..]),
        ("auth-a", write_of("", None, RowChange::Put(session("a"))), &[]),
        ("auth-a", SessionWrite { notifies: true, ..write_of("", None, RowChange::Put(session("a"))) }, &[0]),
        ("auth-a", SessionWrite { notifies: true, ..write_of("", None, RowChange::Keep) }, &[0]),
        ("auth-a", SessionWrite { messages: vec![sms(&session("a"), 7)], ..write_of("", None, RowChange::Keep) }, &[2]),
        ("auth-b", SessionWrite { messages: vec![sms(&other, 7)], ..write_of("", None, put_other()) }, &[5]),
        ("auth-b", SessionWrite { timeline: timeline(), notifies: true, ..write_of("", None, put_other()) }, &[3, 4]),
        ("auth-a", write_of("", None, RowChange::Delete), &[1]),
        ("auth-b", SessionWrite { notifies: true, ..write_of("", None, RowChange::Delete) }, &[3, 4]),
        ("auth-b", SessionWrite { timeline: timeline(), ..write_of("", None, RowChange::Keep) }, &[]),
    ] {
        let version = read(store, auth_id).await.map(|session| session.version);
        let write = SessionWrite { auth_id: auth_id.to_owned(), version, ..write };
        assert!(store.sessions().write(write.clone()).await.unwrap());
        assert_eq!(subscriptions.changed().await, expected, "{write:?}");
        assert_eq!(second.changed().await, expected, "each subscriber");
        assert_eq!(subscriptions.changed().await, [0; 0], "once");
    }
    put(store, &session("a")).await;
    record(store, "auth-a", 7, 2).await;
    record(store, "auth-b", 7, 2).await;
    assert_eq!(subscriptions.changed().await, [1], "without a session nothing is recorded");
    let mut late = Subscriptions::new(store, topics());
    assert_eq!(late.changed().await, [0; 0], "a write before the subscription");
}

async fn a_lost_race_wakes_nobody(store: &impl Store) {
    put(store, &session("a")).await;
    let version = read(store, "auth-a").await.map(|session| session.version);
    count_once(store, "auth-a", &[]).await;
    let mut subscriptions = Subscriptions::new(store, topics());
    for change in [RowChange::Keep, RowChange::Put(session("a")), RowChange::Delete] {
        let timeline = vec![event(MessageKind::Start)];
        let write = write_of("auth-a", version, change);
        let write = SessionWrite { timeline, messages: vec![sms(&session("a"), 7)], notifies: true, ..write };
        assert!(!store.sessions().write(write).await.unwrap());
        assert_eq!(subscriptions.changed().await, [0; 0]);
    }
}

async fn deliveries_and_settings_wake_their_subscribers(store: &impl Store) {
    let project = |name: &str| Topic::Settings(Some(name.to_owned()));
    let topics = [Topic::Deliveries, Topic::Settings(None), project(PROJECT), project("other")];
    let mut subscriptions = Subscriptions::new(store, topics);
    let sequence = enqueue(store, PROJECT, "one").await;
    assert_eq!(subscriptions.changed().await, [0]);
    let now = UnixMillis::new(7);
    assert!(store.deliveries().claim(sequence, now, UnixMillis::MAX).await.unwrap());
    assert_eq!(subscriptions.changed().await, [0; 0]);
    let again = attempted(delivery(PROJECT, "one"), AttemptOutcome::Rejected);
    assert!(store.deliveries().acknowledge(sequence, again.clone()).await.unwrap());
    assert_eq!(subscriptions.changed().await, [0]);
    assert!(!store.deliveries().acknowledge(sequence, again).await.unwrap());
    assert!(store.identities().write(vec![], vec![]).await.unwrap());
    assert_eq!(subscriptions.changed().await, [0; 0]);
    assert_eq!(pending(store).await.len(), 1);
    for (name, position) in [(None, 1), (Some(PROJECT), 2), (Some("other"), 3)] {
        store.settings().set(name, "a", b"one").await.unwrap();
        assert_eq!(subscriptions.changed().await, [position]);
    }
    store.settings().delete_project("other").await.unwrap();
    assert_eq!(subscriptions.changed().await, [3], "its settings have changed");
}

/// Subscribe, read, wait: the last state is seen, however the writes fall.
async fn a_woken_task_reads_the_change(store: Arc<impl Store>) {
    const WRITES: u32 = 200;
    put(&*store, &session("a")).await;
    let (writer, handle) = (store.clone(), tokio::runtime::Handle::current());
    let writer = std::thread::spawn(move || {
        handle.block_on(async {
            for _ in 0..WRITES {
                count_once(&*writer, "auth-a", &[]).await;
            }
        });
    });
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        readers.spawn(async move {
            let mut subscription = store.notifier().subscribe(Topic::Timeline("auth-a".to_owned()));
            let mut last = 0;
            loop {
                let events = store.sessions().timeline("auth-a", last).await.unwrap().unwrap();
                last = events.last().map_or(last, |event| event.id);
                if last == WRITES {
                    return;
                }
                subscription.changed().await;
            }
        });
    }
    readers.join_all().await;
    writer.join().unwrap();
    assert_eq!(get(&*store, "auth-a").await.unwrap().sms_sent, WRITES);
}
