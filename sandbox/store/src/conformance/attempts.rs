//! Failed attempts of a number, which are written together with the session of the attempt.

use std::sync::Arc;

use handset_protocol::UnixMillis;
use tokio::task::JoinSet;

use super::fixtures::{PROJECT, attempts_of, get, put, read, session, write_of};
use crate::{AttemptsWrite, RowChange, SessionWrite, Store};
use handset_sandbox_domain::{FailedAttempts, Phone, Seconds, Session, SessionPolicy};

const RULES: fn() -> SessionPolicy =
    || SessionPolicy { tries_per_number: 3, number_window: Seconds(10), ..SessionPolicy::default() };

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    attempts_belong_to_the_number_in_force(&new()).await;
    empty_attempts_are_deleted(&new()).await;
    attempts_expire_with_the_last_one_and_with_their_project(&new()).await;
    an_attempt_in_between_is_a_lost_race(&new()).await;
    one_of_many_gets_the_last_attempt_of_a_number(Arc::new(new())).await;
}

pub(super) fn of_number(name: &str, number: &str) -> Session {
    Session { phone: Phone::parse(&number.into()), ..session(name) }
}

/// The number of failed attempts of a number of the project.
pub(super) async fn count(store: &impl Store, number: &str) -> usize {
    let phone = Phone::parse(&number.into()).unwrap();
    store.attempts().get(PROJECT, &phone).await.unwrap().map_or(0, |attempts| attempts.value.count())
}

/// Reads a session and the attempts of its number, and counts a wrong code at `now`, in ms. `None`: no attempt is left.
async fn decide(store: &impl Store, name: &str, now: i64) -> Option<SessionWrite> {
    let (auth_id, now) = (format!("auth-{name}"), UnixMillis::new(now));
    let session = read(store, &auth_id).await.unwrap();
    let checked = Session { numbers_given: session.value.numbers_given + 1, ..(*session.value).clone() };
    let mut write = write_of(&auth_id, Some(session.version), RowChange::Put(checked));
    let Some(phone) = &session.value.phone else { return Some(write) };
    let row = store.attempts().get(&session.value.project, phone).await.unwrap();
    let mut attempts = row.as_ref().map(|row| (*row.value).clone()).unwrap_or_default();
    if !attempts.is_allowed(&RULES(), now) {
        return None;
    }
    attempts.record(&RULES(), now);
    let project = session.value.project.clone();
    write.attempts = Some(AttemptsWrite { project, ..attempts_of(phone, row.as_ref(), attempts) });
    Some(write)
}

/// Submits a wrong code at `now`, in ms. Returns whether the code was checked.
pub(super) async fn attempt(store: &impl Store, name: &str, now: i64) -> bool {
    while let Some(write) = decide(store, name, now).await {
        if store.sessions().write(write).await.unwrap() {
            return true;
        }
    }
    false
}

async fn attempts_belong_to_the_number_in_force(store: &impl Store) {
    let other = Session { project: "other".to_owned(), ..of_number("d", "+12005550006") };
    for session in [of_number("a", "2005550006"), of_number("b", "12005550006"), of_number("c", "2005550007"), other] {
        put(store, &session).await;
    }
    put(store, &session("none")).await;
    assert!(attempt(store, "a", 0).await && attempt(store, "b", 0).await && attempt(store, "a", 0).await);
    assert!(!attempt(store, "b", 0).await, "in any notation and in any session");
    assert!(
        attempt(store, "c", 0).await && attempt(store, "d", 0).await,
        "another number or project has attempts of its own"
    );
    put(store, &of_number("c", "2005550006")).await;
    assert!(!attempt(store, "c", 0).await, "the current number counts");
    for _ in 0..9 {
        assert!(attempt(store, "none", 0).await, "without a number no attempt is counted");
    }
    assert!(attempt(store, "a", 10_000).await, "the window has passed");
    assert_eq!(get(store, "auth-a").await.unwrap().numbers_given, 3);
    assert_eq!((count(store, "+12005550006").await, count(store, "2005550008").await), (1, 0));
}

async fn empty_attempts_are_deleted(store: &impl Store) {
    let phone = Phone::parse(&"2005550006".into()).unwrap();
    put(store, &of_number("a", "2005550006")).await;
    assert!(attempt(store, "a", 0).await);
    let before = store.attempts().get(PROJECT, &phone).await.unwrap();
    for before in [before, None] {
        let attempts = Some(attempts_of(&phone, before.as_ref(), FailedAttempts::default()));
        let version = read(store, "auth-a").await.map(|session| session.version);
        let write = SessionWrite { attempts, ..write_of("auth-a", version, RowChange::Keep) };
        assert!(store.sessions().write(write).await.unwrap());
        assert!(store.attempts().get(PROJECT, &phone).await.unwrap().is_none());
    }
}

async fn attempts_expire_with_the_last_one_and_with_their_project(store: &impl Store) {
    put(store, &of_number("a", "2005550006")).await;
    put(store, &of_number("b", "2005550007")).await;
    for at in [1, 2, 3] {
        assert!(attempt(store, "a", at).await && attempt(store, "b", at + 1).await);
    }
    for before in [0, 3] {
        store.attempts().expire(UnixMillis::new(before)).await.unwrap();
        assert!(!attempt(store, "a", 4).await, "the last attempt was not before that time");
    }
    store.attempts().expire(UnixMillis::new(4)).await.unwrap();
    assert!(!attempt(store, "b", 4).await);
    assert!(attempt(store, "a", 4).await);
    assert_eq!(store.settings().projects().await.unwrap(), [PROJECT]);
    store.settings().delete_project(PROJECT).await.unwrap();
    assert!(attempt(store, "b", 4).await);
}

/// Another session writes an attempt of the same number while this session decides.
async fn an_attempt_in_between_is_a_lost_race(store: &impl Store) {
    put(store, &of_number("a", "2005550006")).await;
    put(store, &of_number("b", "2005550006")).await;
    for left in (0..3).rev() {
        let write = decide(store, "a", 0).await.unwrap();
        assert!(attempt(store, "b", 0).await);
        assert!(!store.sessions().write(write).await.unwrap());
        assert_eq!(decide(store, "a", 0).await.is_some(), left > 0);
    }
    assert_eq!(get(store, "auth-a").await.unwrap(), of_number("a", "2005550006"));
}

async fn one_of_many_gets_the_last_attempt_of_a_number(store: Arc<impl Store>) {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    for name in NAMES {
        put(&*store, &of_number(name, "2005550006")).await;
    }
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let store = store.clone();
        tasks.spawn(async move { attempt(&*store, NAMES[task % NAMES.len()], 0).await });
    }
    let checked = tasks.join_all().await.into_iter().filter(|checked| *checked).count();
    assert_eq!(checked, 3);
    let mut written = 0;
    for name in NAMES {
        written += get(&*store, &format!("auth-{name}")).await.unwrap().numbers_given;
    }
    assert_eq!(written, 3, "each attempt is written with its session");
}
