//! Races: concurrent writers, as threads and as tasks, lose no write.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use handset_protocol::UnixMillis;
use tokio::task::JoinSet;

use super::fixtures::{noted, put, session};
use crate::Store;
use handset_sandbox_domain::{Effect, MessageKind, Session};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_lost_race_is_decided_again(Arc::new(new())).await;
    a_deleted_and_recreated_session_is_another(Arc::new(new())).await;
    no_concurrent_update_is_lost(Arc::new(new())).await;
    no_update_of_many_tasks_is_lost(Arc::new(new())).await;
    the_outbox_is_in_the_order_of_the_writes(Arc::new(new())).await;
    one_of_many_gets_the_last_attempt(Arc::new(new())).await;
}

/// Writes from another thread while this thread decides.
fn intrude<S: Store>(store: &Arc<S>, next: impl Fn(Option<&Session>) -> Option<Session> + Send + Sync + 'static) {
    let (store, handle) = (store.clone(), tokio::runtime::Handle::current());
    let write = move || handle.block_on(store.update("auth-a", &|old| (next(old), vec![])));
    std::thread::spawn(write).join().unwrap().unwrap();
}

async fn a_lost_race_is_decided_again(store: Arc<impl Store>) {
    put(&*store, &session("a")).await;
    let calls = AtomicU32::new(0);
    let decide = |old: Option<&Session>| {
        if calls.fetch_add(1, Ordering::SeqCst) == 0 {
            intrude(&store, |old| old.cloned().map(|old| noted(old, MessageKind::LinkOpened)));
        }
        (old.cloned().map(|old| noted(old, MessageKind::OtpStart)), vec![Effect::WakeWatchers])
    };
    store.update("auth-a", &decide).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2, "the second decision sees the concurrent write");
    let timeline = store.get("auth-a").await.unwrap().unwrap().timeline;
    let kinds: Vec<_> = timeline.events().iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [MessageKind::Start, MessageKind::Start, MessageKind::LinkOpened, MessageKind::OtpStart]);
    assert_eq!(store.outbox().await.unwrap().len(), 1, "the effects of the first decision are dropped");
}

async fn a_deleted_and_recreated_session_is_another(store: Arc<impl Store>) {
    put(&*store, &session("a")).await;
    let calls = AtomicU32::new(0);
    let decide = |old: Option<&Session>| {
        if calls.fetch_add(1, Ordering::SeqCst) == 0 {
            intrude(&store, |_| None);
            intrude(&store, |_| Some(session("a")));
        }
        (old.cloned().map(|old| noted(old, MessageKind::OtpStart)), vec![])
    };
    store.update("auth-a", &decide).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

async fn no_concurrent_update_is_lost(store: Arc<impl Store>) {
    put(&*store, &session("a")).await;
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (store, handle) = (store.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                handle.block_on(async {
                    for _ in 0..25 {
                        record_once(&*store, "auth-a", vec![]).await;
                    }
                });
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(store.get("auth-a").await.unwrap().unwrap().timeline.events().len(), 2 + 8 * 25);
}

async fn record_once(store: &impl Store, auth_id: &str, effects: Vec<Effect>) {
    let note = |old: Option<&Session>| (old.cloned().map(|old| noted(old, MessageKind::StatusPolled)), effects.clone());
    store.update(auth_id, &note).await.unwrap();
}

async fn no_update_of_many_tasks_is_lost(store: Arc<impl Store>) {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    for name in NAMES {
        put(&*store, &session(name)).await;
    }
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            for turn in 0..8 {
                let name = NAMES[(task + turn) % NAMES.len()];
                record_once(&*store, &format!("auth-{name}"), vec![Effect::WakeWatchers]).await;
            }
        });
    }
    tasks.join_all().await;
    for name in NAMES {
        let session = store.get(&format!("auth-{name}")).await.unwrap().unwrap();
        assert_eq!(session.timeline.events().len(), 2 + 64 * 8 / NAMES.len(), "{name}");
    }
    let waiting = store.outbox().await.unwrap();
    let sequences: BTreeSet<_> = waiting.iter().map(|entry| entry.sequence).collect();
    assert_eq!(
        (waiting.len(), sequences.len()),
        (64 * 8, 64 * 8),
        "one entry for each write, each with its own sequence"
    );
}

/// Each task writes sequentially, so its entries are in the order of its writes.
async fn the_outbox_is_in_the_order_of_the_writes(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            let name = format!("{task}");
            for turn in 0..16 {
                let mut session = session(&name);
                session.expires_at = UnixMillis::new(turn);
                let effects = vec![super::fixtures::sms(&session, turn), Effect::WakeWatchers];
                store.update(&session.auth_id, &|_| (Some(session.clone()), effects.clone())).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let waiting = store.outbox().await.unwrap();
    assert!(waiting.is_sorted_by(|a, b| a.sequence < b.sequence), "oldest first");
    for task in 0..16 {
        let auth_id = format!("auth-{task}");
        let own: Vec<_> = waiting.iter().filter(|entry| entry.subject == auth_id).collect();
        let times = own.iter().filter_map(|entry| match &entry.effect {
            Effect::SendMessage(message) => Some(message.sent_at.as_millis()),
            _ => None,
        });
        assert!(times.eq(0..16), "in the order of its writes");
        let pairs = own.chunks(2).all(|pair| pair[0].sequence + 1 == pair[1].sequence);
        assert!(pairs, "the effects of one write have consecutive sequences");
    }
}

/// A limit of a session holds for any number of concurrent tasks.
async fn one_of_many_gets_the_last_attempt(store: Arc<impl Store>) {
    put(&*store, &session("a")).await;
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            let take = |old: Option<&Session>| {
                let Some(old) = old.filter(|old| old.numbers_given < 3) else { return (old.cloned(), vec![]) };
                (Some(Session { numbers_given: old.numbers_given + 1, ..old.clone() }), vec![Effect::WakeWatchers])
            };
            store.update("auth-a", &take).await.unwrap().len()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 3);
    assert_eq!(store.get("auth-a").await.unwrap().unwrap().numbers_given, 3);
}
