//! Races: concurrent writers, as threads and as tasks, lose no write.

use std::collections::BTreeSet;
use std::sync::Arc;

use handset_protocol::UnixMillis;
use tokio::task::JoinSet;

use super::fixtures::{count_once, delete, event, get, nothing, put, read, sent, session, sms, update, write_of};
use super::timeline::timeline;
use crate::{RowChange, SessionWrite, Store};
use handset_sandbox_domain::{MessageKind, MessageOrigin, Session};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_lost_race_leaves_nothing(&new()).await;
    a_deleted_and_recreated_session_is_another(&new()).await;
    a_session_is_created_once(Arc::new(new())).await;
    no_concurrent_update_is_lost(Arc::new(new())).await;
    no_update_of_many_tasks_is_lost(Arc::new(new())).await;
    the_messages_are_in_the_order_of_the_writes(Arc::new(new())).await;
    one_of_many_gets_the_last_attempt(Arc::new(new())).await;
}

/// A write between the read and the write of another caller.
async fn a_lost_race_leaves_nothing(store: &impl Store) {
    put(store, &session("a")).await;
    let before = read(store, "auth-a").await.unwrap();
    count_once(store, "auth-a", &[]).await;
    let write = || SessionWrite {
        timeline: vec![event(MessageKind::OtpStart)],
        messages: vec![sms(&session("a"), 7)],
        notifies: true,
        ..write_of("auth-a", Some(before.version), RowChange::Put(session("a")))
    };
    assert!(!store.sessions().write(write()).await.unwrap());
    assert_eq!(get(store, "auth-a").await.unwrap().sms_sent, 1);
    assert_eq!(timeline(store, "auth-a").await.unwrap().len(), 1);
    assert_eq!(sent(store, &session("a").project).await, []);
    let decisions = update(store, "auth-a", |_| SessionWrite { session: RowChange::Keep, ..write() }).await;
    assert_eq!(decisions, 1, "the next decision sees the concurrent write");
    let kinds: Vec<_> = timeline(store, "auth-a").await.unwrap().iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [MessageKind::StatusPolled, MessageKind::OtpStart]);
    assert_eq!(sent(store, &session("a").project).await.len(), 1, "the messages of the first decision are dropped");
}

async fn a_deleted_and_recreated_session_is_another(store: &impl Store) {
    put(store, &session("a")).await;
    let before = read(store, "auth-a").await.unwrap();
    delete(store, "auth-a").await;
    put(store, &session("a")).await;
    let after = read(store, "auth-a").await.unwrap();
    assert_eq!(after.value, before.value);
    assert_ne!(after.version, before.version);
    for change in [RowChange::Keep, RowChange::Put(session("a")), RowChange::Delete] {
        assert!(!store.sessions().write(write_of("auth-a", Some(before.version), change)).await.unwrap());
    }
}

async fn a_session_is_created_once(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            let next = Session { sms_sent: task, ..session("a") };
            let is_first = store.sessions().write(write_of("auth-a", None, RowChange::Put(next))).await.unwrap();
            is_first.then_some(task)
        });
    }
    let first: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(first, [get(&*store, "auth-a").await.unwrap().sms_sent]);
}

async fn no_concurrent_update_is_lost(store: Arc<impl Store>) {
    put(&*store, &session("a")).await;
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (store, handle) = (store.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                handle.block_on(async {
                    for _ in 0..25 {
                        count_once(&*store, "auth-a", &[]).await;
                    }
                });
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(get(&*store, "auth-a").await.unwrap().sms_sent, 8 * 25);
    assert_eq!(timeline(&*store, "auth-a").await.unwrap().len(), 8 * 25);
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
                let session = session(NAMES[(task + turn) % NAMES.len()]);
                count_once(&*store, &session.auth_id, &[sms(&session, 7)]).await;
            }
        });
    }
    tasks.join_all().await;
    let each = 64 * 8 / NAMES.len();
    for name in NAMES {
        let auth_id = format!("auth-{name}");
        assert_eq!(get(&*store, &auth_id).await.unwrap().sms_sent as usize, each, "{name}");
        assert_eq!(timeline(&*store, &auth_id).await.unwrap().len(), each, "{name}");
    }
    let sent = sent(&*store, &session("a").project).await;
    let ids: BTreeSet<_> = sent.iter().map(|sent| sent.id).collect();
    assert_eq!((sent.len(), ids.len()), (64 * 8, 64 * 8), "one message for each write, each with its own id");
}

/// Each task writes sequentially, so its messages are in the order of its writes.
async fn the_messages_are_in_the_order_of_the_writes(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            for turn in 0..16 {
                let mut session = session(&format!("{task}"));
                session.expires_at = UnixMillis::new(turn);
                let messages = vec![sms(&session, 2 * turn), sms(&session, 2 * turn + 1)];
                let write = |_: Option<&Session>| SessionWrite {
                    session: RowChange::Put(session.clone()),
                    messages: messages.clone(),
                    ..nothing()
                };
                update(&*store, &session.auth_id, write).await;
            }
        });
    }
    tasks.join_all().await;
    let sent = sent(&*store, &session("a").project).await;
    assert!(sent.is_sorted_by(|a, b| a.id < b.id), "oldest first");
    for task in 0..16 {
        let origin = MessageOrigin::Session { auth_id: format!("auth-{task}") };
        let own: Vec<_> = sent.iter().filter(|sent| sent.message.origin == origin).collect();
        assert!(own.iter().map(|sent| sent.message.sent_at.as_millis()).eq(0..32), "in the order of its writes");
        let pairs = own.chunks(2).all(|pair| pair[0].id + 1 == pair[1].id);
        assert!(pairs, "the messages of one write have consecutive ids");
    }
}

/// A limit of a session holds for any number of concurrent tasks.
async fn one_of_many_gets_the_last_attempt(store: Arc<impl Store>) {
    put(&*store, &session("a")).await;
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            loop {
                let before = read(&*store, "auth-a").await.unwrap();
                if before.value.numbers_given >= 3 {
                    return 0;
                }
                let next = Session { numbers_given: before.value.numbers_given + 1, ..(*before.value).clone() };
                let write = write_of("auth-a", Some(before.version), RowChange::Put(next));
                if store.sessions().write(write).await.unwrap() {
                    return 1;
                }
            }
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 3);
    assert_eq!(get(&*store, "auth-a").await.unwrap().numbers_given, 3);
}
