//! Failed attempts of a number, which are written together with the session of the attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use handset_protocol::UnixMillis;
use tokio::task::JoinSet;

use super::fixtures::{PROJECT, put, session};
use crate::Store;
use handset_sandbox_domain::{Effect, FailedAttempts, Phone, Session, SessionPolicy};

const RULES: fn() -> SessionPolicy =
    || SessionPolicy { tries_per_number: 3, number_window: Duration::from_secs(10), ..SessionPolicy::default() };

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    attempts_belong_to_the_number_in_force(&new()).await;
    attempts_expire_with_the_last_one_and_with_their_project(&new()).await;
    an_attempt_in_between_is_counted(Arc::new(new())).await;
    one_of_many_gets_the_last_attempt_of_a_number(Arc::new(new())).await;
}

pub(super) fn of_number(name: &str, number: &str) -> Session {
    Session { phone: Phone::parse(&number.into()), ..session(name) }
}

/// Submits a wrong code at `now`, in ms. Returns whether the code was checked.
pub(super) async fn attempt(store: &impl Store, name: &str, now: i64) -> bool {
    let now = UnixMillis::new(now);
    let decide = |session: Option<&Session>, attempts: &FailedAttempts| {
        let mut attempts = attempts.clone();
        if !attempts.is_allowed(&RULES(), now) {
            return (session.cloned(), attempts, vec![]);
        }
        attempts.record(&RULES(), now);
        let checked = session.map(|old| Session { numbers_given: old.numbers_given + 1, ..old.clone() });
        (checked, attempts, vec![Effect::WakeWatchers])
    };
    !store.update_with_attempts(&format!("auth-{name}"), None, &decide).await.unwrap().is_empty()
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
    assert_eq!(store.get("auth-a").await.unwrap().unwrap().numbers_given, 3);
}

async fn attempts_expire_with_the_last_one_and_with_their_project(store: &impl Store) {
    put(store, &of_number("a", "2005550006")).await;
    put(store, &of_number("b", "2005550007")).await;
    for at in [1, 2, 3] {
        assert!(attempt(store, "a", at).await && attempt(store, "b", at + 1).await);
    }
    for before in [0, 3] {
        store.expire_attempts(UnixMillis::new(before)).await.unwrap();
        assert!(!attempt(store, "a", 4).await, "the last attempt was not before that time");
    }
    store.expire_attempts(UnixMillis::new(4)).await.unwrap();
    assert!(!attempt(store, "b", 4).await);
    assert!(attempt(store, "a", 4).await);
    assert_eq!(store.projects().await.unwrap(), [PROJECT]);
    store.delete_project(PROJECT).await.unwrap();
    assert!(attempt(store, "b", 4).await);
}

/// Another session writes an attempt of the same number while this session decides.
async fn an_attempt_in_between_is_counted(store: Arc<impl Store>) {
    put(&*store, &of_number("a", "2005550006")).await;
    put(&*store, &of_number("b", "2005550006")).await;
    assert!(attempt(&*store, "b", 0).await && attempt(&*store, "b", 0).await);
    let calls = AtomicU32::new(0);
    let decide = |session: Option<&Session>, attempts: &FailedAttempts| {
        if calls.fetch_add(1, Ordering::SeqCst) == 0 {
            let (store, handle) = (store.clone(), tokio::runtime::Handle::current());
            let intruder = std::thread::spawn(move || handle.block_on(attempt(&*store, "b", 0)));
            assert!(intruder.join().unwrap());
        }
        let is_checked = attempts.is_allowed(&RULES(), UnixMillis::EPOCH);
        (session.cloned(), attempts.clone(), if is_checked { vec![Effect::WakeWatchers] } else { vec![] })
    };
    assert_eq!(store.update_with_attempts("auth-a", None, &decide).await.unwrap(), [], "no attempt is left");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
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
        written += store.get(&format!("auth-{name}")).await.unwrap().unwrap().numbers_given;
    }
    assert_eq!(written, 3, "each attempt is written with its session");
}
