//! Durability of journeys: every committed write is there after the store is opened again.

use std::sync::Arc;

use handset_protocol::{Secret, UnixMillis};
use handset_sandbox_domain::JourneyTransaction;
use tokio::task::JoinSet;

use super::deliveries::{enqueue, pending};
use super::fixtures::{PROJECT, sent};
use super::journey_fixtures::*;
use super::journey_races::{decide, erasing, has_writes};
use crate::{JourneyKey, JourneyWrite, MAX_TIMELINE_EVENTS, RowChange, Store};

pub(super) async fn check<P, S: Store>(new: impl Fn() -> P, open: impl Fn(&P) -> S) {
    journeys_are_there_after_a_restart(new(), &open).await;
    timelines_of_journeys_are_there_after_a_restart(new(), &open).await;
    attempts_at_contacts_are_there_after_a_restart(new(), &open).await;
    rows_of_journeys_get_new_ids_after_a_restart(new(), &open).await;
    erased_messages_stay_erased(new(), &open).await;
    messages_erased_among_many_writers_stay_erased(new(), &open).await;
    a_deleted_projects_journeys_stay_deleted(new(), &open).await;
}

async fn journeys_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let ending_at = |name: &str, at: i64| JourneyTransaction {
        states_end_at: Some(UnixMillis::new(at)),
        ..with_handoffs(&id(name), &[&format!("of-{name}")])
    };
    let store = open(&location);
    for (name, at) in [("b", 100), ("c", 50), ("deleted", 70)] {
        put(&store, &ending_at(name, at)).await;
    }
    put(&store, &with_handoffs(&id("b"), &["old"])).await;
    put(&store, &ending_at("b", 40)).await;
    for number in 0..3 {
        assert!(has_writes(&store, &id("a"), number).await);
        let next = decide(&store, &id("a")).await;
        assert!(write(&store, next).await);
    }
    delete(&store, &id("deleted")).await;
    let all = async |store: &S| {
        let rows = [get(store, &id("a")).await, get(store, &id("b")).await, get(store, &id("c")).await];
        let lists = (timeline(store, &id("a")).await, sent(store, PROJECT).await, pending(store).await);
        (rows, lists, store.journeys().ending_before(None, UnixMillis::MAX).await.unwrap())
    };
    let before = all(&store).await;
    assert_eq!(names(&before.2), ["b", "c", "a"]);
    drop(store);

    let store = open(&location);
    assert_eq!(all(&store).await, before);
    assert_eq!(store.journeys().list(PROJECT).await.unwrap(), [id("a"), id("b"), id("c")]);
    for (secret, expected) in [("of-b", Some("b")), ("of-c", Some("c")), ("of-deleted", None), ("old", None)] {
        let found = store.journeys().get(JourneyKey::HandoffSecret(&Secret::new(secret))).await.unwrap();
        assert_eq!(found.map(|row| row.value.transaction_id.clone()).as_deref(), expected, "{secret}");
    }
    assert_eq!(timeline(&store, &id("deleted")).await, None);
    assert!(has_writes(&store, &id("a"), 3).await);
    assert!(!write(&store, write_of(&id("a"), None, RowChange::Delete)).await, "versions are compared");
    let next = decide(&store, &id("a")).await;
    assert!(write(&store, next).await);
    assert!(has_writes(&open_again(store, &location, open), &id("a"), 4).await);
}

/// Drops the store, and opens it again.
fn open_again<P, S: Store>(store: S, location: &P, open: &impl Fn(&P) -> S) -> S {
    drop(store);
    open(location)
}

async fn timelines_of_journeys_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let mut store = open(&location);
    for name in ["a", "b", "deleted"] {
        put(&store, &transaction(&id(name))).await;
        record(&store, &id(name), 7, 3).await;
    }
    delete(&store, &id("deleted")).await;
    let mut expected = 3_usize;
    for at in 0..24 {
        if at % 6 == 0 {
            store = open_again(store, &location, open);
        }
        record(&store, &id("a"), at, 37).await;
        expected += 37;
        let last = u32::try_from(expected).unwrap();
        let first = u32::try_from(expected.saturating_sub(MAX_TIMELINE_EVENTS)).unwrap() + 1;
        assert_eq!(event_ids(&store, &id("a")).await, Some((first..=last).collect()));
    }
    record(&store, &id("a"), 24, MAX_TIMELINE_EVENTS + 1).await;
    let before = timeline(&store, &id("a")).await;
    let store = open_again(store, &location, open);
    assert_eq!(timeline(&store, &id("a")).await, before);
    assert_eq!(event_ids(&store, &id("b")).await, Some(vec![1, 2, 3]));
    put(&store, &transaction(&id("deleted"))).await;
    assert_eq!(timeline(&open_again(store, &location, open), &id("deleted")).await, Some(vec![]));
}

async fn attempts_at_contacts_are_there_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let [a, b, c] = ["5005550006", "5005550007", "5005550008"].map(|number| contact_key(PROJECT, number));
    let other = contact_key("other", "5005550006");
    let mut store = open(&location);
    for (key, at) in [(&a, 10), (&b, 20), (&c, 10), (&other, 10)] {
        put_attempts(&store, key, wrong(1, at)).await;
        store = open_again(store, &location, open);
    }
    change_attempts(&store, &c, RowChange::Delete).await;
    put_attempts(&store, &b, wrong(2, 30)).await;
    let store = open_again(store, &location, open);
    for (key, expected) in
        [(&a, Some(wrong(1, 10))), (&b, Some(wrong(2, 30))), (&c, None), (&other, Some(wrong(1, 10)))]
    {
        assert_eq!(attempts(&store, key).await, expected, "{key:?}");
    }
    store.journeys().expire_attempts(PROJECT, UnixMillis::new(30) + DAY).await.unwrap();
    let store = open_again(store, &location, open);
    for (key, expected) in [(&a, None), (&b, Some(wrong(2, 30))), (&other, Some(wrong(1, 10)))] {
        assert_eq!(attempts(&store, key).await, expected, "{key:?}");
    }
}

/// A new row never replaces one of an earlier process.
async fn rows_of_journeys_get_new_ids_after_a_restart<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    for round in 0..4 {
        let store = open(&location);
        let all = store.journeys().list(PROJECT).await.unwrap();
        assert_eq!(names(&all), ["0", "1", "2", "3"][..round]);
        for id in &all {
            assert_eq!(event_ids(&store, id).await, Some(vec![1, 2]), "{id:?}");
        }
        super::fixtures::put(&store, &super::fixtures::session(&round.to_string())).await;
        for name in ["deleted", &round.to_string()] {
            put(&store, &transaction(&id(name))).await;
            record(&store, &id(name), 7, 2).await;
        }
        delete(&store, &id("deleted")).await;
    }
}

async fn erased_messages_stay_erased<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let (a, b, mut last) = (&id("a"), &id("b"), 0);
    for round in 0..3 {
        let store = open(&location);
        assert_eq!(sent(&store, PROJECT).await.len(), round);
        send(&store, a, &[message(a, 1), message(b, 2), message(a, 3)]).await;
        let own = sent(&store, PROJECT).await;
        assert!(own[round].id > last, "an id of an erased message is not used again");
        last = own[round + 2].id;
        assert!(write(&store, erasing(a, &[])).await);
    }
    let store = open(&location);
    assert!(sent(&store, PROJECT).await.iter().all(|sent| sent.message.sent_at == UnixMillis::new(2)));
    assert!(enqueue(&store, PROJECT, "one").await > last);
}

async fn messages_erased_among_many_writers_stay_erased<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = Arc::new(open(&location));
    for name in ["a", "b"] {
        put(&*store, &transaction(&id(name))).await;
    }
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            let (a, b) = (&id("a"), &id("b"));
            for _ in 0..6 {
                match task % 8 {
                    0 => drop(update(&*store, a, |_| erasing(a, &[message(a, 8)])).await),
                    1 => send(&*store, b, &[message(b, 7), message(a, 7)]).await,
                    _ => send(&*store, a, &[message(a, 7), message(b, 7)]).await,
                }
            }
        });
    }
    tasks.join_all().await;
    let before = (sent_by(&*store, "a").await, sent_by(&*store, "b").await);
    assert_eq!(before.1.len(), 28 * 6);
    let store = open_again(Arc::into_inner(store).unwrap(), &location, open);
    assert_eq!((sent_by(&store, "a").await, sent_by(&store, "b").await), before);
}

/// The ids of a transaction's messages.
async fn sent_by(store: &impl Store, name: &str) -> Vec<u64> {
    let (all, origin) = (sent(store, PROJECT).await, message(&id(name), 7).origin);
    all.into_iter().filter(|sent| sent.message.origin == origin).map(|sent| sent.id).collect()
}

async fn a_deleted_projects_journeys_stay_deleted<P, S: Store>(location: P, open: &impl Fn(&P) -> S) {
    let store = open(&location);
    for project in [PROJECT, "other"] {
        let id = id_in(project, "a");
        let first = JourneyWrite {
            timeline: vec![event("ok")],
            messages: vec![message(&id, 7)],
            ..write_of(&id, None, RowChange::Put(with_handoffs(&id, &[project])))
        };
        assert!(write(&store, first).await);
        put_attempts(&store, &contact_key(project, "5005550006"), wrong(1, 7)).await;
    }
    store.settings().delete_project(PROJECT).await.unwrap();
    let store = open_again(store, &location, open);
    assert_eq!(store.settings().projects().await.unwrap(), ["other"]);
    assert_eq!(
        (get(&store, &id("a")).await, attempts(&store, &contact_key(PROJECT, "5005550006")).await),
        (None, None)
    );
    assert!(store.journeys().get(JourneyKey::HandoffSecret(&Secret::new(PROJECT))).await.unwrap().is_none());
    let kept = id_in("other", "a");
    assert_eq!(event_ids(&store, &kept).await, Some(vec![1]));
    assert_eq!(get(&store, &kept).await, Some(with_handoffs(&kept, &["other"])));
    assert_eq!(attempts(&store, &contact_key("other", "5005550006")).await, Some(wrong(1, 7)));
    put(&store, &transaction(&id("a"))).await;
    assert_eq!(timeline(&store, &id("a")).await, Some(vec![]));
}
