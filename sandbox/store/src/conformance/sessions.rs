//! Sessions, their lookups, and their entries in the outbox.

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{Effect, Session};

use super::fixtures::{PROJECT, link, put, session};
use crate::{Lookup, Store};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_session_is_found_by_every_name(&new()).await;
    a_deleted_session_is_found_by_none(&new()).await;
    an_unchanged_session_is_not_written(&new()).await;
    outgoing_effects_stay_until_completed(&new()).await;
    sequences_are_never_reused(&new()).await;
    sessions_are_listed_by_their_end(&new()).await;
    lookups_follow_changes(&new()).await;
}

async fn a_session_is_found_by_every_name(store: &impl Store) {
    let mut session = session("a");
    put(store, &session).await;
    session.links = vec![link("one"), link("two")];
    put(store, &session).await;
    assert_eq!(store.get("auth-a").await.unwrap().as_ref(), Some(&session));
    for lookup in [Lookup::CorrelationId("correlation-a"), Lookup::LinkToken("one"), Lookup::LinkToken("two")] {
        assert_eq!(store.find(lookup).await.unwrap().as_deref(), Some("auth-a"), "{lookup:?}");
    }
    assert_eq!(
        store.find(Lookup::CorrelationId("auth-a")).await.unwrap(),
        None,
        "a key is not found as another kind of key"
    );
    assert_eq!(store.get("auth-b").await.unwrap(), None);
}

async fn a_deleted_session_is_found_by_none(store: &impl Store) {
    let mut session = session("a");
    session.links = vec![link("one")];
    put(store, &session).await;
    store.update("auth-a", &|_| (None, Vec::new())).await.unwrap();
    assert_eq!(store.get("auth-a").await.unwrap(), None);
    assert_eq!(store.find(Lookup::CorrelationId("correlation-a")).await.unwrap(), None);
    assert_eq!(store.find(Lookup::LinkToken("one")).await.unwrap(), None);
}

async fn lookups_follow_changes(store: &impl Store) {
    let (mut a, b) = (session("a"), session("b"));
    a.links = vec![link("one"), link("two")];
    put(store, &a).await;
    put(store, &b).await;
    a.links = vec![link("two"), link("three")];
    a.correlation_id = "another".to_owned();
    put(store, &a).await;
    for lookup in [Lookup::LinkToken("one"), Lookup::CorrelationId("correlation-a"), Lookup::LinkToken("another")] {
        assert_eq!(store.find(lookup).await.unwrap(), None, "{lookup:?}");
    }
    for lookup in [Lookup::LinkToken("two"), Lookup::LinkToken("three"), Lookup::CorrelationId("another")] {
        assert_eq!(store.find(lookup).await.unwrap().as_deref(), Some("auth-a"), "{lookup:?}");
    }
    store.update("auth-a", &|_| (None, Vec::new())).await.unwrap();
    assert_eq!(store.find(Lookup::CorrelationId("correlation-b")).await.unwrap().as_deref(), Some("auth-b"));
}

async fn an_unchanged_session_is_not_written(store: &impl Store) {
    let session = session("a");
    put(store, &session).await;
    let before = session.clone();
    let page = Effect::Page(handset_sandbox_domain::LinkPage::Unknown);
    let effects = store.update("auth-a", &|old| (old.cloned(), vec![page.clone()])).await.unwrap();
    assert_eq!(effects, std::slice::from_ref(&page), "effects are returned nevertheless");
    assert_eq!(store.get("auth-a").await.unwrap(), Some(before));
    assert_eq!(store.outbox().await.unwrap(), [], "a reply is not an entry of the outbox");
}

async fn outgoing_effects_stay_until_completed(store: &impl Store) {
    let session = session("a");
    let effects = store
        .update("auth-a", &|_| (Some(session.clone()), vec![Effect::WakeWatchers, Effect::WakeWatchers]))
        .await
        .unwrap();
    assert_eq!(effects, [Effect::WakeWatchers, Effect::WakeWatchers]);
    let waiting = store.outbox().await.unwrap();
    assert_eq!(waiting.len(), 2);
    assert!(waiting[0].sequence < waiting[1].sequence, "oldest first");
    assert_eq!((waiting[0].subject.as_str(), &waiting[0].effect), ("auth-a", &Effect::WakeWatchers));
    store.complete_outbox_entry(waiting[0].sequence).await.unwrap();
    store.complete_outbox_entry(waiting[0].sequence).await.unwrap();
    assert_eq!(store.outbox().await.unwrap(), waiting[1..]);
}

async fn sequences_are_never_reused(store: &impl Store) {
    let session = session("a");
    let mut last = 0;
    for _ in 0..3 {
        store.update("auth-a", &|_| (Some(session.clone()), vec![Effect::WakeWatchers])).await.unwrap();
        let waiting = store.outbox().await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert!(waiting[0].sequence > last);
        last = waiting[0].sequence;
        store.complete_outbox_entry(last).await.unwrap();
    }
}

async fn sessions_are_listed_by_their_end(store: &impl Store) {
    for (name, expires_at) in [("b", 200), ("a", 100), ("c", 300)] {
        put(store, &Session { expires_at: UnixMillis::new(expires_at), ..session(name) }).await;
    }
    let ending = async |millis| store.expiring_before(None, UnixMillis::new(millis)).await.unwrap();
    assert_eq!(ending(100).await, [""; 0]);
    assert_eq!(ending(201).await, ["auth-a", "auth-b"], "soonest first");
    put(store, &Session { expires_at: UnixMillis::new(150), ..session("c") }).await;
    assert_eq!(ending(i64::MAX).await, ["auth-a", "auth-c", "auth-b"]);
    put(store, &Session { expires_at: UnixMillis::new(175), project: "other".to_owned(), ..session("d") }).await;
    assert_eq!(ending(i64::MAX).await, ["auth-a", "auth-c", "auth-d", "auth-b"]);
    for (project, expected) in [(PROJECT, &["auth-a", "auth-c", "auth-b"][..]), ("other", &["auth-d"]), ("none", &[])] {
        assert_eq!(store.expiring_before(Some(project), UnixMillis::MAX).await.unwrap(), expected, "{project}");
    }
    assert_eq!(store.expiring_before(Some("other"), UnixMillis::new(175)).await.unwrap(), [""; 0]);
    assert_eq!(ending(150).await, ["auth-a"], "the limit is exclusive");
    store.update("auth-a", &|_| (None, Vec::new())).await.unwrap();
    assert_eq!(ending(i64::MAX).await, ["auth-c", "auth-d", "auth-b"]);
    assert_eq!(ending(i64::MIN).await, [""; 0]);
}
