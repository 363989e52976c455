//! Durability: every committed write is there after the store is opened again.

use std::sync::Arc;

use handset_protocol::{Secret, UnixMillis};
use tokio::task::JoinSet;

use super::fixtures::{PROJECT, count_once, delete, event, get, link, put, read, send, sent, session, sms, write_of};
use super::timeline::{ids, record, timeline};
use super::{attempts, deliveries, identities, journeys_durable};
use crate::{
    IdentityKey, IdentityPage, MAX_FINISHED_DELIVERIES, MAX_MESSAGES, MAX_TIMELINE_EVENTS, RowChange, SessionKey,
    SessionWrite, Store,
};
use handset_sandbox_domain::{AttemptOutcome, MessageKind, Session};

/// Runs every check. `new` creates an empty location, and `open` opens the store at that location. A store is dropped before
/// its location is opened again.
///
/// # Panics
/// A check fails.
pub async fn check_durable<P, S: Store>(new: impl Fn() -> P, open: impl Fn(&P) -> S) {
    let (location, reopen) = (new, open);
    everything_is_there_after_a_restart(location(), &reopen).await;
    ids_are_never_reused_after_a_restart(location(), &reopen).await;
    timelines_are_there_after_a_restart(location(), &reopen).await;
    identities_are_there_after_a_restart(location(), &reopen).await;
    the_newest_messages_are_there_after_a_restart(location(), &reopen).await;
    concurrent_writes_are_there_after_a_restart(location(), &reopen).await;
    failed_attempts_are_there_after_a_restart(location(), &reopen).await;
    deliveries_are_there_after_a_restart(location(), &reopen).await;
    deleted_rows_stay_deleted(location(), &reopen).await;
    journeys_durable::check(location, reopen).await;
}

async fn everything_is_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    let (mut linked, deleted) = (session("a"), session("deleted"));
    linked.links = vec![link("one"), link("two")];
    for session in [&linked, &deleted, &session("b")] {
        put(&store, session).await;
    }
    let noted = Session { sms_sent: 1, ..linked };
    let write = SessionWrite {
        timeline: vec![event(MessageKind::LinkStart)],
        messages: vec![sms(&noted, 7)],
        notifies: true,
        ..write_of("auth-a", read(&store, "auth-a").await.map(|row| row.version), RowChange::Put(noted.clone()))
    };
    assert!(store.sessions().write(write).await.unwrap());
    delete(&store, "auth-deleted").await;
    store.settings().set(None, "keys", &[0, 1, 255]).await.unwrap();
    store.settings().set(Some("other"), "keys", b"of another").await.unwrap();
    let before = (timeline(&store, "auth-a").await, sent(&store, PROJECT).await);
    assert_eq!((before.0.as_ref().map(Vec::len), before.1.len()), (Some(1), 1));
    drop(store);

    let store = open(&location);
    assert_eq!(get(&store, "auth-a").await, Some(noted));
    assert_eq!(get(&store, "auth-b").await, Some(session("b")));
    assert_eq!(get(&store, "auth-deleted").await, None);
    let (one, two) = (Secret::new("one"), Secret::new("two"));
    for key in [SessionKey::CorrelationId("correlation-a"), SessionKey::LinkToken(&one), SessionKey::LinkToken(&two)] {
        let found = store.sessions().get(key).await.unwrap().unwrap();
        assert_eq!(found.value.auth_id, "auth-a", "{key:?}");
    }
    assert!(store.sessions().get(SessionKey::CorrelationId("correlation-deleted")).await.unwrap().is_none());
    assert_eq!(store.sessions().expiring_before(None, UnixMillis::MAX).await.unwrap(), ["auth-a", "auth-b"]);
    assert_eq!((timeline(&store, "auth-a").await, sent(&store, PROJECT).await), before);
    assert_eq!(store.settings().get(None, "keys").await.unwrap().as_deref(), Some(&[0, 1, 255][..]));
    assert_eq!(store.settings().get(Some("other"), "keys").await.unwrap().as_deref(), Some(&b"of another"[..]));
    assert_eq!(store.settings().projects().await.unwrap(), [PROJECT, "other"]);
}

async fn ids_are_never_reused_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let mut last = 0;
    for at in 0..3 {
        let store = open(&location);
        send(&store, &session("a"), &[sms(&session("a"), at)]).await;
        let message = sent(&store, PROJECT).await[0].id;
        let delivery = deliveries::enqueue(&store, PROJECT, "one").await;
        assert!(last < message && message < delivery);
        last = delivery;
        store.settings().delete_project(PROJECT).await.unwrap();
        delete(&store, "auth-a").await;
    }
    for _ in 0..3 {
        let store = open(&location);
        let delivery = deliveries::enqueue(&store, PROJECT, "one").await;
        assert!(last < delivery, "an acknowledged entry");
        last = delivery;
        let done = deliveries::attempted(deliveries::delivery(PROJECT, "one"), AttemptOutcome::Accepted);
        assert!(store.deliveries().acknowledge(delivery, done).await.unwrap());
    }
}

async fn timelines_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let mut store = open(&location);
    for name in ["a", "b", "deleted"] {
        put(&store, &session(name)).await;
        record(&store, &format!("auth-{name}"), 7, 3).await;
    }
    delete(&store, "auth-deleted").await;
    let mut expected = 3_usize;
    for at in 0..24 {
        if at % 6 == 0 {
            drop(store);
            store = open(&location);
            put(&store, &session(&format!("{at}"))).await;
        }
        record(&store, "auth-a", at, 37).await;
        expected += 37;
        let all = timeline(&store, "auth-a").await.unwrap();
        let last = u32::try_from(expected).unwrap();
        let first = u32::try_from(expected.saturating_sub(MAX_TIMELINE_EVENTS)).unwrap() + 1;
        assert_eq!(ids(&all), (first..=last).collect::<Vec<_>>());
    }
    record(&store, "auth-a", 24, MAX_TIMELINE_EVENTS + 1).await;
    let before = timeline(&store, "auth-a").await;
    drop(store);

    let store = open(&location);
    assert_eq!(timeline(&store, "auth-a").await, before);
    assert_eq!(timeline(&store, "auth-b").await.map(|all| ids(&all)), Some(vec![1, 2, 3]));
    assert_eq!(timeline(&store, "auth-deleted").await, None);
    put(&store, &session("deleted")).await;
    assert_eq!(timeline(&store, "auth-deleted").await, Some(vec![]));
    for name in ["0", "6", "12", "18"] {
        assert_eq!(timeline(&store, &format!("auth-{name}")).await, Some(vec![]));
    }
}

async fn identities_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    let kept = [identities::in_project(PROJECT), identities::in_project("other")];
    let (deleted, number) = (identities::in_project("deleted"), &kept[0].phone);
    for identity in kept.iter().chain([&deleted]) {
        identities::write_identity(&store, identity).await;
    }
    identities::delete(&store, "deleted", number).await;
    let of_a_session = identities::in_project("session");
    let write = identities::identity_write(&of_a_session.phone, None, RowChange::Put(of_a_session.clone()));
    let write = crate::IdentityWrite { project: "session".to_owned(), ..write };
    let write = SessionWrite { identity: Some(write), ..write_of("auth-a", None, RowChange::Put(session("a"))) };
    assert!(store.sessions().write(write).await.unwrap());
    deliveries::enqueue(&store, PROJECT, "one").await;
    let before = deliveries::pending(&store).await;
    drop(store);

    let store = open(&location);
    for identity in kept.iter().chain([&of_a_session]) {
        for key in [IdentityKey::Number(number), IdentityKey::Id(&identity.id)] {
            let found = store.identities().get(&identity.project, key).await.unwrap();
            assert_eq!(found.as_ref().map(|found| &*found.value), Some(identity), "{key:?}");
        }
        let page = IdentityPage { project: &identity.project, after: None, limit: 9, with_inactive: false };
        assert_eq!(store.identities().list(page).await.unwrap(), std::slice::from_ref(identity));
    }
    assert!(store.identities().get("deleted", IdentityKey::Number(number)).await.unwrap().is_none());
    assert_eq!(deliveries::pending(&store).await, before);
}

async fn the_newest_messages_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let mut before = Vec::new();
    for round in 0..2 {
        let store = open(&location);
        assert_eq!(sent(&store, PROJECT).await, before);
        for turn in 0..3 {
            let messages: Vec<_> = (0..500).map(|at| sms(&session("a"), round * 10_000 + turn * 1000 + at)).collect();
            send(&store, &session("a"), &messages).await;
        }
        before = sent(&store, PROJECT).await;
        assert_eq!(before.len(), MAX_MESSAGES);
    }
    assert_eq!(sent(&open(&location), PROJECT).await, before);
}

async fn concurrent_writes_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = Arc::new(open(&location));
    put(&*store, &session("all")).await;
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            put(&*store, &session(&format!("{task:02}"))).await;
            for _ in 0..8 {
                count_once(&*store, "auth-all", &[sms(&session("all"), 7)]).await;
                record(&*store, &format!("auth-{task:02}"), 7, 1).await;
            }
        });
    }
    tasks.join_all().await;
    let all = async |store: &S| {
        (get(store, "auth-all").await, timeline(store, "auth-all").await.unwrap(), sent(store, PROJECT).await)
    };
    let before = all(&store).await;
    assert_eq!((before.1.len(), before.2.len()), (32 * 8, 32 * 8));
    assert!(Arc::into_inner(store).is_some());

    let store = open(&location);
    assert_eq!(all(&store).await, before);
    for task in 0..32 {
        let session = session(&format!("{task:02}"));
        assert_eq!(timeline(&store, &session.auth_id).await.map(|all| ids(&all)), Some((1..=8).collect()));
        assert_eq!(get(&store, &session.auth_id).await, Some(session));
    }
}

async fn failed_attempts_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let names = ["a", "b"];
    for at in 0..3 {
        let store = open(&location);
        for name in names {
            put(&store, &attempts::of_number(name, "2005550006")).await;
        }
        assert!(attempts::attempt(&store, names[at % 2], 0).await, "{at}");
    }
    let store = open(&location);
    assert_eq!(attempts::count(&store, "2005550006").await, 3);
    assert!(!attempts::attempt(&store, "a", 0).await);
    store.attempts().expire(UnixMillis::new(1)).await.unwrap();
    drop(store);
    assert!(attempts::attempt(&open(&location), "a", 0).await);
}

async fn deliveries_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    for project in ["deleted", PROJECT] {
        for name in 0..MAX_FINISHED_DELIVERIES + 2 {
            let name = name.to_string();
            let sequence = deliveries::enqueue(&store, project, &name).await;
            let done = deliveries::attempted(deliveries::delivery(project, &name), AttemptOutcome::Accepted);
            assert!(store.deliveries().acknowledge(sequence, done).await.unwrap());
        }
        let sequence = deliveries::enqueue(&store, project, "again").await;
        let again = deliveries::attempted(deliveries::delivery(project, "again"), AttemptOutcome::TimedOut);
        assert!(store.deliveries().acknowledge(sequence, again).await.unwrap());
    }
    store.settings().delete_project("deleted").await.unwrap();
    let all = async |store: &S| (deliveries::pending(store).await, store.deliveries().finished(PROJECT).await.unwrap());
    let before = all(&store).await;
    assert_eq!((before.0.len(), before.1.len()), (1, MAX_FINISHED_DELIVERIES));
    let (last, again) = (before.0[0].sequence, &before.0[0].delivery);
    assert!(store.deliveries().claim(last, UnixMillis::EPOCH, UnixMillis::new(9)).await.unwrap());
    drop(store);

    let store = open(&location);
    assert_eq!(all(&store).await, before);
    assert_eq!(store.deliveries().finished("deleted").await.unwrap(), []);
    assert!(store.deliveries().claim(last, UnixMillis::new(9), UnixMillis::MAX).await.unwrap(), "the claim has ended");
    let done = deliveries::attempted(again.clone(), AttemptOutcome::Accepted);
    assert!(store.deliveries().acknowledge(last, done.clone()).await.unwrap());
    assert!(deliveries::enqueue(&store, PROJECT, "next").await > last + 1, "a finished delivery takes a sequence, too");
    drop(store);
    let (pending, finished) = all(&open(&location)).await;
    assert_eq!((pending.len(), finished.last()), (1, Some(deliveries::finished(&done))));
}

async fn deleted_rows_stay_deleted<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    send(&store, &session("a"), &[sms(&session("a"), 7)]).await;
    put(&store, &attempts::of_number("b", "2005550006")).await;
    assert!(attempts::attempt(&store, "b", 0).await);
    store.settings().set(Some(PROJECT), "a", b"one").await.unwrap();
    store.settings().delete_project(PROJECT).await.unwrap();
    delete(&store, "auth-a").await;
    delete(&store, "auth-b").await;
    drop(store);
    let store = open(&location);
    assert_eq!(sent(&store, PROJECT).await, []);
    assert_eq!(get(&store, "auth-a").await, None);
    assert!(store.sessions().get(SessionKey::CorrelationId("correlation-a")).await.unwrap().is_none());
    assert_eq!(attempts::count(&store, "2005550006").await, 0);
    assert_eq!(store.settings().projects().await.unwrap(), [""; 0]);
}
