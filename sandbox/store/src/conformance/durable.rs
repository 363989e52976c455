//! Durability: every committed write is there after the store is opened again.

use std::sync::Arc;

use handset_protocol::UnixMillis;
use tokio::task::JoinSet;

use super::fixtures::{PROJECT, link, noted, put, session, sms};
use super::{attempts, deliveries, identities};
use crate::{IdentityLookup, IdentityPage, Lookup, MAX_FINISHED_DELIVERIES, MAX_MESSAGES, Store};
use handset_sandbox_domain::{AttemptOutcome, Effect, MessageKind, Session};

/// Runs every check. `new` creates an empty location, and `open` opens the store at that location. A store is dropped before
/// its location is opened again.
///
/// # Panics
/// A check fails.
pub async fn check_durable<P, S: Store>(new: impl Fn() -> P, open: impl Fn(&P) -> S) {
    let (location, reopen) = (new, open);
    everything_is_there_after_a_restart(location(), &reopen).await;
    sequences_are_never_reused_after_a_restart(location(), &reopen).await;
    identities_are_there_after_a_restart(location(), &reopen).await;
    the_newest_messages_are_there_after_a_restart(location(), &reopen).await;
    concurrent_writes_are_there_after_a_restart(location(), &reopen).await;
    failed_attempts_are_there_after_a_restart(location(), &reopen).await;
    deliveries_are_there_after_a_restart(location(), &reopen).await;
    deleted_rows_stay_deleted(location(), &reopen).await;
}

async fn everything_is_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    let (mut linked, deleted) = (session("a"), session("deleted"));
    linked.links = vec![link("one"), link("two")];
    for session in [&linked, &deleted, &session("b")] {
        put(&store, session).await;
    }
    let effects = vec![sms(&linked, 7), Effect::WakeWatchers];
    let noted = noted(linked, MessageKind::LinkStart);
    store.update("auth-a", &|_| (Some(noted.clone()), effects.clone())).await.unwrap();
    store.update("auth-deleted", &|_| (None, vec![])).await.unwrap();
    store.set_setting(None, "keys", &[0, 1, 255]).await.unwrap();
    store.set_setting(Some("other"), "keys", b"of another").await.unwrap();
    let before = (store.outbox().await.unwrap(), store.messages(PROJECT, 0, &|_| true).await.unwrap());
    drop(store);

    let store = open(&location);
    assert_eq!(store.get("auth-a").await.unwrap(), Some(noted));
    assert_eq!(store.get("auth-b").await.unwrap(), Some(session("b")));
    assert_eq!(store.get("auth-deleted").await.unwrap(), None);
    for lookup in [Lookup::CorrelationId("correlation-a"), Lookup::LinkToken("one"), Lookup::LinkToken("two")] {
        assert_eq!(store.find(lookup).await.unwrap().as_deref(), Some("auth-a"), "{lookup:?}");
    }
    assert_eq!(store.find(Lookup::CorrelationId("correlation-deleted")).await.unwrap(), None);
    assert_eq!(store.expiring_before(None, UnixMillis::MAX).await.unwrap(), ["auth-a", "auth-b"]);
    assert_eq!((store.outbox().await.unwrap(), store.messages(PROJECT, 0, &|_| true).await.unwrap()), before);
    assert_eq!(store.setting(None, "keys").await.unwrap().as_deref(), Some(&[0, 1, 255][..]));
    assert_eq!(store.setting(Some("other"), "keys").await.unwrap().as_deref(), Some(&b"of another"[..]));
    assert_eq!(store.projects().await.unwrap(), [PROJECT, "other"]);
    store.complete_outbox_entry(before.0[0].sequence).await.unwrap();
    drop(store);
    assert_eq!(open(&location).outbox().await.unwrap(), before.0[1..], "a completed entry stays completed");
}

async fn sequences_are_never_reused_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let mut last = 0;
    for at in 0..3 {
        let store = open(&location);
        let session = session("a");
        let effects = vec![Effect::WakeWatchers, sms(&session, at)];
        store.update("auth-a", &|_| (Some(session.clone()), effects.clone())).await.unwrap();
        let pending = store.outbox().await.unwrap();
        assert!(pending[0].sequence > last && pending[1].sequence > pending[0].sequence);
        last = pending[1].sequence;
        for entry in pending {
            store.complete_outbox_entry(entry.sequence).await.unwrap();
        }
        store.delete_project(PROJECT).await.unwrap();
        store.update("auth-a", &|_| (None, vec![])).await.unwrap();
    }
}

async fn identities_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    let kept = [identities::in_project(PROJECT), identities::in_project("other")];
    let (deleted, number) = (identities::in_project("deleted"), &kept[0].phone);
    for identity in kept.iter().chain([&deleted]) {
        identities::put(&store, identity).await;
    }
    store.update_identity("deleted", number, &|_| (None, vec![])).await.unwrap();
    store.update_identity(PROJECT, number, &|old| (old.cloned(), vec![Effect::WakeWatchers])).await.unwrap();
    let done = store.outbox().await.unwrap()[0].sequence;
    store.apply_outbox_entry(done, PROJECT, number, &|old| (old.cloned(), vec![Effect::WakeWatchers])).await.unwrap();
    let before = store.outbox().await.unwrap();
    assert!(before.len() == 1 && before[0].sequence > done);
    drop(store);

    let store = open(&location);
    for identity in &kept {
        for lookup in [IdentityLookup::Number(number), IdentityLookup::Id(&identity.id)] {
            let found = store.identity(&identity.project, lookup).await.unwrap();
            assert_eq!(found.as_ref(), Some(identity), "{lookup:?}");
        }
        let page = IdentityPage { project: &identity.project, after: None, limit: 9, with_inactive: false };
        assert_eq!(store.identities(page).await.unwrap(), std::slice::from_ref(identity));
    }
    assert_eq!(store.identity("deleted", IdentityLookup::Number(number)).await.unwrap(), None);
    assert_eq!(store.outbox().await.unwrap(), before);
}

async fn the_newest_messages_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let all = async |store: &S| store.messages(PROJECT, 0, &|_| true).await.unwrap();
    let mut before = Vec::new();
    for round in 0..2 {
        let store = open(&location);
        assert_eq!(all(&store).await, before);
        for turn in 0..3 {
            let session = session("a");
            let effects: Vec<_> = (0..500).map(|at| sms(&session, round * 10_000 + turn * 1000 + at)).collect();
            store.update("auth-a", &|_| (Some(session.clone()), effects.clone())).await.unwrap();
        }
        before = all(&store).await;
        assert_eq!(before.len(), MAX_MESSAGES);
    }
    assert_eq!(all(&open(&location)).await, before);
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
                let note = |old: Option<&Session>| {
                    (old.cloned().map(|old| noted(old, MessageKind::StatusPolled)), vec![Effect::WakeWatchers])
                };
                store.update("auth-all", &note).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let before = (store.get("auth-all").await.unwrap(), store.outbox().await.unwrap());
    assert_eq!(before.1.len(), 32 * 8);
    assert!(Arc::into_inner(store).is_some());

    let store = open(&location);
    assert_eq!((store.get("auth-all").await.unwrap(), store.outbox().await.unwrap()), before);
    for task in 0..32 {
        let session = session(&format!("{task:02}"));
        assert_eq!(store.get(&session.auth_id).await.unwrap(), Some(session));
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
    assert!(!attempts::attempt(&store, "a", 0).await);
    store.expire_attempts(UnixMillis::new(1)).await.unwrap();
    drop(store);
    assert!(attempts::attempt(&open(&location), "a", 0).await);
}

async fn deliveries_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    for project in ["deleted", PROJECT] {
        for name in 0..MAX_FINISHED_DELIVERIES + 2 {
            let name = name.to_string();
            let sequence = deliveries::enqueue(&store, project, &name).await;
            let delivery = deliveries::delivery(project, &name);
            store.record_attempt(sequence, deliveries::attempted(delivery, AttemptOutcome::Accepted)).await.unwrap();
        }
        let sequence = deliveries::enqueue(&store, project, "again").await;
        let again = deliveries::attempted(deliveries::delivery(project, "again"), AttemptOutcome::TimedOut);
        store.record_attempt(sequence, again).await.unwrap();
    }
    store.delete_project("deleted").await.unwrap();
    let all = async |store: &S| {
        (store.pending_deliveries(None, 0).await.unwrap(), store.finished_deliveries(PROJECT).await.unwrap())
    };
    let before = all(&store).await;
    assert_eq!((before.0.len(), before.1.len()), (1, MAX_FINISHED_DELIVERIES));
    drop(store);

    let store = open(&location);
    assert_eq!(all(&store).await, before);
    assert_eq!(store.finished_deliveries("deleted").await.unwrap(), []);
    let (last, again) = (before.0[0].sequence, &before.0[0].delivery);
    let done = deliveries::attempted(again.clone(), AttemptOutcome::Accepted);
    store.record_attempt(last, done.clone()).await.unwrap();
    assert!(deliveries::enqueue(&store, PROJECT, "next").await > last + 1, "a finished delivery takes a sequence, too");
    drop(store);
    let (pending, finished) = all(&open(&location)).await;
    assert_eq!((pending.len(), finished.last()), (1, Some(deliveries::finished(&done))));
}

async fn deleted_rows_stay_deleted<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    let session = session("a");
    let effects = vec![sms(&session, 7)];
    store.update("auth-a", &|_| (Some(session.clone()), effects.clone())).await.unwrap();
    store.delete_project(PROJECT).await.unwrap();
    store.update("auth-a", &|_| (None, vec![])).await.unwrap();
    drop(store);
    let store = open(&location);
    assert_eq!(store.messages(PROJECT, 0, &|_| true).await.unwrap(), []);
    assert_eq!(store.get("auth-a").await.unwrap(), None);
    assert_eq!(store.find(Lookup::CorrelationId("correlation-a")).await.unwrap(), None);
}
