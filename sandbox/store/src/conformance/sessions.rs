//! Sessions: their keys, their versions, and their order by expiry.

use handset_protocol::{Secret, UnixMillis};
use handset_sandbox_domain::Session;

use super::fixtures::{PROJECT, delete, get, link, put, read, session, write_of};
use crate::{RowChange, SessionKey, SessionWrite, Store};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_session_is_found_by_every_key(&new()).await;
    a_deleted_session_is_found_by_none(&new()).await;
    keys_follow_changes(&new()).await;
    a_read_value_does_not_change(&new()).await;
    a_kept_session_keeps_its_version(&new()).await;
    a_write_with_another_version_changes_nothing(&new()).await;
    sessions_are_listed_by_their_end(&new()).await;
}

/// The authId of the session with that key.
async fn find(store: &impl Store, key: SessionKey<'_>) -> Option<String> {
    store.sessions().get(key).await.unwrap().map(|session| session.value.auth_id.clone())
}

async fn a_session_is_found_by_every_key(store: &impl Store) {
    let mut session = session("a");
    put(store, &session).await;
    session.links = vec![link("one"), link("two")];
    put(store, &session).await;
    let (one, two) = (Secret::new("one"), Secret::new("two"));
    for key in [
        SessionKey::AuthId("auth-a"),
        SessionKey::CorrelationId("correlation-a"),
        SessionKey::LinkToken(&one),
        SessionKey::LinkToken(&two),
    ] {
        let found = store.sessions().get(key).await.unwrap().unwrap();
        assert_eq!(
            (&*found.value, Some(found.version)),
            (&session, read(store, "auth-a").await.map(|own| own.version))
        );
    }
    let token = Secret::new("auth-a");
    for key in [
        SessionKey::AuthId("auth-b"),
        SessionKey::AuthId("correlation-a"),
        SessionKey::CorrelationId("auth-a"),
        SessionKey::LinkToken(&token),
    ] {
        assert_eq!(find(store, key).await, None, "{key:?}: a key is not found as another kind of key");
    }
}

async fn a_deleted_session_is_found_by_none(store: &impl Store) {
    let mut session = session("a");
    session.links = vec![link("one")];
    put(store, &session).await;
    delete(store, "auth-a").await;
    let one = Secret::new("one");
    for key in [SessionKey::AuthId("auth-a"), SessionKey::CorrelationId("correlation-a"), SessionKey::LinkToken(&one)] {
        assert_eq!(find(store, key).await, None, "{key:?}");
    }
    delete(store, "auth-a").await;
    assert_eq!(store.settings().projects().await.unwrap(), [""; 0]);
}

async fn keys_follow_changes(store: &impl Store) {
    let (mut a, b) = (session("a"), session("b"));
    a.links = vec![link("one"), link("two")];
    put(store, &a).await;
    put(store, &b).await;
    a.links = vec![link("two"), link("three")];
    a.correlation_id = "another".to_owned();
    put(store, &a).await;
    let [one, two, three, another] = ["one", "two", "three", "another"].map(Secret::new);
    for key in
        [SessionKey::LinkToken(&one), SessionKey::CorrelationId("correlation-a"), SessionKey::LinkToken(&another)]
    {
        assert_eq!(find(store, key).await, None, "{key:?}");
    }
    for key in [SessionKey::LinkToken(&two), SessionKey::LinkToken(&three), SessionKey::CorrelationId("another")] {
        assert_eq!(find(store, key).await.as_deref(), Some("auth-a"), "{key:?}");
    }
    delete(store, "auth-a").await;
    assert_eq!(find(store, SessionKey::CorrelationId("correlation-b")).await.as_deref(), Some("auth-b"));
}

async fn a_read_value_does_not_change(store: &impl Store) {
    put(store, &session("a")).await;
    let before = read(store, "auth-a").await.unwrap();
    put(store, &Session { sms_sent: 7, ..session("a") }).await;
    assert_eq!(*before.value, session("a"));
    delete(store, "auth-a").await;
    assert_eq!(*before.value, session("a"));
}

async fn a_kept_session_keeps_its_version(store: &impl Store) {
    put(store, &session("a")).await;
    let before = read(store, "auth-a").await.unwrap();
    for notifies in [false, true] {
        let keep = SessionWrite { notifies, ..write_of("auth-a", Some(before.version), RowChange::Keep) };
        assert!(store.sessions().write(keep).await.unwrap());
        let after = read(store, "auth-a").await.unwrap();
        assert_eq!((after.version, &*after.value), (before.version, &*before.value));
    }
    assert!(store.sessions().write(write_of("auth-b", None, RowChange::Keep)).await.unwrap());
    assert_eq!(get(store, "auth-b").await, None);
}

async fn a_write_with_another_version_changes_nothing(store: &impl Store) {
    let version = async || read(store, "auth-a").await.map(|session| session.version);
    let mut old = vec![None];
    for sms_sent in 0..3 {
        put(store, &Session { sms_sent, ..session("a") }).await;
        old.push(version().await);
        if sms_sent == 0 {
            delete(store, "auth-a").await;
        }
    }
    let current = old.pop().unwrap();
    for version in old {
        assert_ne!(version, current);
        for change in [RowChange::Keep, RowChange::Put(session("a")), RowChange::Delete] {
            let write = write_of("auth-a", version, change.clone());
            assert!(!store.sessions().write(write).await.unwrap(), "{version:?} {change:?}");
            assert_eq!(get(store, "auth-a").await.unwrap().sms_sent, 2);
        }
    }
    assert_eq!(version().await, current);
    assert!(store.sessions().write(write_of("auth-a", current, RowChange::Delete)).await.unwrap());
    for change in [RowChange::Keep, RowChange::Put(session("a")), RowChange::Delete] {
        let write = write_of("auth-a", current, change);
        assert!(!store.sessions().write(write).await.unwrap(), "a deleted session is not written");
    }
    assert_eq!(get(store, "auth-a").await, None);
}

async fn sessions_are_listed_by_their_end(store: &impl Store) {
    for (name, expires_at) in [("b", 200), ("a", 100), ("c", 300)] {
        put(store, &Session { expires_at: UnixMillis::new(expires_at), ..session(name) }).await;
    }
    let ending = async |millis| store.sessions().expiring_before(None, UnixMillis::new(millis)).await.unwrap();
    assert_eq!(ending(100).await, [""; 0]);
    assert_eq!(ending(201).await, ["auth-a", "auth-b"], "soonest first");
    put(store, &Session { expires_at: UnixMillis::new(150), ..session("c") }).await;
    assert_eq!(ending(i64::MAX).await, ["auth-a", "auth-c", "auth-b"]);
    put(store, &Session { expires_at: UnixMillis::new(175), project: "other".to_owned(), ..session("d") }).await;
    assert_eq!(ending(i64::MAX).await, ["auth-a", "auth-c", "auth-d", "auth-b"]);
    for (project, expected) in [(PROJECT, &["auth-a", "auth-c", "auth-b"][..]), ("other", &["auth-d"]), ("none", &[])] {
        let listed = store.sessions().expiring_before(Some(project), UnixMillis::MAX).await.unwrap();
        assert_eq!(listed, expected, "{project}");
    }
    let before = store.sessions().expiring_before(Some("other"), UnixMillis::new(175)).await.unwrap();
    assert_eq!(before, [""; 0]);
    assert_eq!(ending(150).await, ["auth-a"], "the limit is exclusive");
    delete(store, "auth-a").await;
    assert_eq!(ending(i64::MAX).await, ["auth-c", "auth-d", "auth-b"]);
    assert_eq!(ending(i64::MIN).await, [""; 0]);
}
