//! Transactions with their keys, versions, order by end and timelines; attempts at contacts. Races are in `journey_races`.

use handset_protocol::{Secret, UnixMillis};
use handset_sandbox_domain::{CodePurpose, ContactAttempts, JourneyTransaction};

use super::fixtures::PROJECT;
use super::journey_fixtures::*;
use crate::{
    ContactAttemptsKey, ContactAttemptsWrite, JourneyKey, JourneyWrite, MAX_TIMELINE_EVENTS, RowChange, Store,
    TransactionId,
};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_transaction_is_found_by_its_ids_alone(&new()).await;
    the_handoff_secrets_follow_the_row(&new()).await;
    a_read_transaction_does_not_change(&new()).await;
    a_kept_transaction_keeps_its_version(&new()).await;
    a_transaction_of_another_version_is_not_written(&new()).await;
    transactions_are_listed_by_project(&new()).await;
    transactions_are_listed_by_their_end(&new()).await;
    events_of_a_transaction_get_their_ids_in_order(&new()).await;
    a_timeline_belongs_to_its_transaction(&new()).await;
    the_newest_events_of_a_transaction_are_kept(&new()).await;
    attempts_belong_to_one_contact_and_purpose(&new()).await;
    attempts_that_never_end_are_none(&new()).await;
    attempts_of_another_version_are_not_written(&new()).await;
    attempts_of_a_project_end(&new()).await;
    a_project_of_journeys_is_listed_and_deleted(&new()).await;
}

/// Two transactions with the same ids in two projects, and one of another application.
fn same_ids() -> [TransactionId; 3] {
    [id("t"), id_in("other", "t"), TransactionId { app_id: "app-2".to_owned(), ..id("t") }]
}

async fn by_secret(store: &impl Store, secret: &str) -> Option<String> {
    let found = store.journeys().get(JourneyKey::HandoffSecret(&Secret::new(secret))).await.unwrap();
    found.map(|row| row.value.transaction_id.clone())
}

async fn a_transaction_is_found_by_its_ids_alone(store: &impl Store) {
    for (count, id) in (1..).zip(&same_ids()) {
        assert_eq!(get(store, id).await, None);
        put(store, &JourneyTransaction { used_at: UnixMillis::new(count), ..transaction(id) }).await;
    }
    for (expected, id) in (1..).zip(&same_ids()) {
        assert_eq!(count(store, id).await, expected, "{id:?}");
    }
    for none in [id("app"), id("T"), id(""), id_in("", "t"), id_in("app", "t")] {
        assert_eq!(get(store, &none).await, None, "{none:?}");
    }
    let [first, others @ ..] = &same_ids();
    delete(store, first).await;
    assert_eq!(get(store, first).await, None);
    for other in others {
        assert!(get(store, other).await.is_some(), "{other:?}");
    }
    delete(store, first).await;
    assert_eq!(get(store, first).await, None);
}

async fn the_handoff_secrets_follow_the_row(store: &impl Store) {
    put(store, &with_handoffs(&id("a"), &["one", "two"])).await;
    put(store, &with_handoffs(&id_in("other", "b"), &["four"])).await;
    for (secret, expected) in
        [("one", Some("a")), ("two", Some("a")), ("four", Some("b")), ("three", None), ("a", None)]
    {
        assert_eq!(by_secret(store, secret).await.as_deref(), expected, "{secret}");
    }
    put(store, &with_handoffs(&id("a"), &["two", "three"])).await;
    for (secret, expected) in [("one", None), ("two", Some("a")), ("three", Some("a")), ("four", Some("b"))] {
        assert_eq!(by_secret(store, secret).await.as_deref(), expected, "{secret}");
    }
    let lost = write_of(&id("a"), None, RowChange::Put(with_handoffs(&id("a"), &["five"])));
    assert!(!write(store, lost).await);
    assert_eq!((by_secret(store, "five").await, by_secret(store, "two").await), (None, Some("a".to_owned())));
    delete(store, &id("a")).await;
    for (secret, expected) in [("two", None), ("three", None), ("four", Some("b"))] {
        assert_eq!(by_secret(store, secret).await.as_deref(), expected, "{secret}");
    }
    store.settings().delete_project("other").await.unwrap();
    assert_eq!(by_secret(store, "four").await, None);
}

async fn a_read_transaction_does_not_change(store: &impl Store) {
    put(store, &transaction(&id("a"))).await;
    let before = read(store, &id("a")).await.unwrap();
    put(store, &with_handoffs(&id("a"), &["one"])).await;
    assert_eq!(*before.value, transaction(&id("a")));
    delete(store, &id("a")).await;
    assert_eq!(*before.value, transaction(&id("a")));
}

async fn a_kept_transaction_keeps_its_version(store: &impl Store) {
    put(store, &transaction(&id("a"))).await;
    let before = version(store, &id("a")).await;
    for timeline in [vec![], vec![event("ok")]] {
        let keep = JourneyWrite { timeline, ..write_of(&id("a"), before, RowChange::Keep) };
        assert!(write(store, keep).await);
        assert_eq!(version(store, &id("a")).await, before);
    }
    let put = write_of(&id("a"), before, RowChange::Put(counted(&id("a"), None)));
    assert!(write(store, put).await, "an appended event does not make others decide again");
    assert!(write(store, write_of(&id("b"), None, RowChange::Keep)).await);
    assert_eq!(get(store, &id("b")).await, None);
}

async fn a_transaction_of_another_version_is_not_written(store: &impl Store) {
    let a = &id("a");
    let mut old = vec![None];
    for used_at in (0..3).map(UnixMillis::new) {
        put(store, &JourneyTransaction { used_at, ..transaction(a) }).await;
        old.push(version(store, a).await);
        if used_at == UnixMillis::EPOCH {
            delete(store, a).await;
        }
    }
    let current = old.pop().unwrap();
    let changes = || [RowChange::Keep, RowChange::Put(transaction(a)), RowChange::Delete];
    for version in old {
        assert_ne!(version, current);
        for change in changes() {
            assert!(!write(store, write_of(a, version, change.clone())).await, "{version:?} {change:?}");
            assert_eq!(count(store, a).await, 2);
        }
    }
    assert_eq!(version(store, a).await, current);
    assert!(write(store, write_of(a, current, RowChange::Delete)).await);
    for change in changes() {
        assert!(!write(store, write_of(a, current, change)).await, "a deleted transaction is not written");
    }
    put(store, &transaction(a)).await;
    for change in changes() {
        assert!(!write(store, write_of(a, current, change)).await, "a re-created transaction is another");
    }
}

async fn transactions_are_listed_by_project(store: &impl Store) {
    for id in [id("b"), id("a"), id_in("other", "c"), id_in("othe", "d")] {
        put(store, &transaction(&id)).await;
    }
    let app = TransactionId { app_id: "app-0".to_owned(), ..id("a") };
    put(store, &transaction(&app)).await;
    assert_eq!(store.journeys().list(PROJECT).await.unwrap(), [id("a"), id("b"), app], "by application, then by id");
    assert_eq!(names(&store.journeys().list("other").await.unwrap()), ["c"]);
    for none in ["", "oth", "others", "zzz"] {
        assert_eq!(store.journeys().list(none).await.unwrap(), [], "{none}");
    }
}

async fn transactions_are_listed_by_their_end(store: &impl Store) {
    let ending_at = |id: &TransactionId, at: i64| JourneyTransaction {
        states_end_at: Some(UnixMillis::new(at)),
        ..transaction(id)
    };
    let listed = async |project: Option<&str>, at: i64| {
        let ids = store.journeys().ending_before(project, UnixMillis::new(at)).await.unwrap();
        ids.into_iter().map(|id| id.transaction_id).collect::<Vec<_>>()
    };
    for (name, at) in [("b", 200), ("a", 100), ("c", 300)] {
        put(store, &ending_at(&id(name), at)).await;
    }
    assert_eq!(listed(None, 100).await, [""; 0], "the limit is exclusive");
    assert_eq!(listed(None, 201).await, ["a", "b"], "earliest first");
    put(store, &ending_at(&id("c"), 150)).await;
    put(store, &ending_at(&id_in("other", "d"), 175)).await;
    assert_eq!(listed(None, i64::MAX).await, ["a", "c", "d", "b"]);
    for (project, expected) in [(PROJECT, &["a", "c", "b"][..]), ("other", &["d"]), ("none", &[])] {
        assert_eq!(listed(Some(project), i64::MAX).await, expected, "{project}");
    }
    assert_eq!(listed(Some("other"), 175).await, [""; 0]);
    // Without states it ends with its last token.
    put(store, &transaction(&id("b"))).await;
    let end = transaction(&id("b")).ends_at().unwrap().as_millis();
    assert_eq!(
        (listed(None, end).await, listed(None, end + 1).await.pop()),
        (vec!["a".to_owned(), "c".to_owned(), "d".to_owned()], Some("b".to_owned()))
    );
    let state = handset_sandbox_domain::JourneyState { is_tombstone: true, ..Default::default() };
    let stays = JourneyTransaction { states: [("onboarding".to_owned(), state)].into(), ..transaction(&id("b")) };
    assert_eq!(stays.ends_at(), None);
    put(store, &stays).await;
    delete(store, &id("a")).await;
    assert_eq!(listed(None, i64::MAX).await, ["c", "d"]);
    store.settings().delete_project(PROJECT).await.unwrap();
    assert_eq!(listed(None, i64::MAX).await, ["d"]);
}

async fn events_of_a_transaction_get_their_ids_in_order(store: &impl Store) {
    let a = &id("a");
    put(store, &transaction(a)).await;
    assert_eq!(timeline(store, a).await, Some(vec![]));
    let both = [event("ok"), event("wrong_code")];
    for (at, change) in [(7, RowChange::Keep), (8, RowChange::Put(transaction(a)))] {
        let next = write_of(a, version(store, a).await, change);
        assert!(write(store, JourneyWrite { timeline: both.to_vec(), at: UnixMillis::new(at), ..next }).await);
    }
    let all = timeline(store, a).await.unwrap();
    let expected = [(7, &both[0]), (7, &both[1]), (8, &both[0]), (8, &both[1])];
    let expected = (1..).zip(expected).map(|(id, (at, event))| event.clone().recorded(id, UnixMillis::new(at)));
    assert_eq!(all, expected.collect::<Vec<_>>());
    for (after, expected) in [(0, &all[..]), (3, &all[3..]), (4, &[]), (99, &[]), (u32::MAX, &[])] {
        assert_eq!(store.journeys().timeline(a, after).await.unwrap().unwrap(), expected, "{after}");
    }
}

async fn a_timeline_belongs_to_its_transaction(store: &impl Store) {
    let [a, b, c] = &same_ids();
    record(store, a, 7, 1).await;
    assert_eq!(timeline(store, a).await, None, "without a transaction events are dropped");
    for (count, id) in (1..).zip([a, b, c]) {
        let first = JourneyWrite { timeline: vec![event("ok")], ..write_of(id, None, RowChange::Put(transaction(id))) };
        assert!(write(store, first).await);
        record(store, id, 7, count).await;
    }
    let all = async || [event_ids(store, a).await, event_ids(store, b).await, event_ids(store, c).await];
    assert_eq!(all().await, [Some(vec![1, 2]), Some(vec![1, 2, 3]), Some(vec![1, 2, 3, 4])]);
    let last = write_of(b, version(store, b).await, RowChange::Delete);
    assert!(write(store, JourneyWrite { timeline: vec![event("ok")], ..last }).await);
    assert_eq!(all().await[1], None, "it is deleted with its transaction");
    put(store, &transaction(b)).await;
    assert_eq!(all().await, [Some(vec![1, 2]), Some(vec![]), Some(vec![1, 2, 3, 4])], "another begins with none");
}

async fn the_newest_events_of_a_transaction_are_kept(store: &impl Store) {
    let (a, max) = (&id("a"), u32::try_from(MAX_TIMELINE_EVENTS).unwrap());
    put(store, &transaction(a)).await;
    record(store, a, 0, MAX_TIMELINE_EVENTS).await;
    assert_eq!(event_ids(store, a).await, Some((1..=max).collect()));
    record(store, a, 1, 1).await;
    record(store, a, 2, 4).await;
    assert_eq!(event_ids(store, a).await, Some((6..=max + 5).collect()), "ids keep counting");
    assert_eq!(store.journeys().timeline(a, 3).await.unwrap().unwrap()[0].id, 6);
    record(store, a, 3, MAX_TIMELINE_EVENTS + 10).await;
    let all = timeline(store, a).await.unwrap();
    assert_eq!((all.len(), all[0].id), (MAX_TIMELINE_EVENTS, max + 16), "even if one write appends more");
    assert!(all.iter().all(|event| event.at == UnixMillis::new(3)));
}

async fn attempts_belong_to_one_contact_and_purpose(store: &impl Store) {
    let key = contact_key(PROJECT, "5005550006");
    let all = [
        key.clone(),
        contact_key(PROJECT, "5005550007"),
        contact_key("other", "5005550006"),
        ContactAttemptsKey { app_id: "app-2".to_owned(), ..key.clone() },
        ContactAttemptsKey { purpose: CodePurpose::Module, ..key.clone() },
        ContactAttemptsKey { purpose: CodePurpose::Handoff, ..key.clone() },
        ContactAttemptsKey { contact: "email:ada@shop.test".into(), ..key.clone() },
    ];
    for (count, key) in (1..).zip(&all) {
        assert_eq!(attempts(store, key).await, None, "{key:?}");
        put_attempts(store, key, wrong(count, 7)).await;
    }
    for (count, key) in (1..).zip(&all) {
        assert_eq!(attempts(store, key).await, Some(wrong(count, 7)), "{key:?}");
    }
    assert_eq!(attempts(store, &contact_key(PROJECT, "+1 500 555 0006")).await, Some(wrong(1, 7)), "in any notation");
    change_attempts(store, &key, RowChange::Delete).await;
    assert_eq!(attempts(store, &key).await, None);
    for (count, key) in (2..).zip(&all[1..]) {
        assert_eq!(attempts(store, key).await, Some(wrong(count, 7)), "{key:?}");
    }
}

async fn attempts_that_never_end_are_none(store: &impl Store) {
    let key = &contact_key(PROJECT, "5005550006");
    put_attempts(store, key, ContactAttempts::default()).await;
    assert_eq!(attempts(store, key).await, None);
    put_attempts(store, key, wrong(1, 7)).await;
    put_attempts(store, key, ContactAttempts::default()).await;
    assert_eq!(attempts(store, key).await, None);
    assert_eq!(store.settings().projects().await.unwrap(), [""; 0]);
}

async fn attempts_of_another_version_are_not_written(store: &impl Store) {
    let key = &contact_key(PROJECT, "5005550006");
    let row_of = |version, attempts| ContactAttemptsWrite { key: key.clone(), version, attempts };
    let mut old = vec![None];
    for count in 1..=3 {
        put_attempts(store, key, wrong(count, 7)).await;
        old.push(read_attempts(store, key).await.map(|row| row.version));
        if count == 1 {
            change_attempts(store, key, RowChange::Delete).await;
        }
    }
    let current = old.pop().unwrap();
    for version in old {
        for change in [RowChange::Keep, RowChange::Put(wrong(9, 7)), RowChange::Delete] {
            let lost = attempts_write(key, row_of(version, change.clone()));
            assert!(!write(store, lost).await, "{version:?} {change:?}");
        }
    }
    assert_eq!(attempts(store, key).await, Some(wrong(3, 7)));
    assert!(write(store, attempts_write(key, row_of(current, RowChange::Keep))).await);
    assert_eq!(read_attempts(store, key).await.map(|row| row.version), current);
}

async fn attempts_of_a_project_end(store: &impl Store) {
    let [a, b, c] = ["5005550006", "5005550007", "5005550008"].map(|number| contact_key(PROJECT, number));
    let other = contact_key("other", "5005550006");
    for (key, at) in [(&a, 10), (&b, 20), (&c, 10), (&other, 10)] {
        put_attempts(store, key, wrong(1, at)).await;
    }
    // A later wrong code.
    put_attempts(store, &c, wrong(2, 30)).await;
    let kept = async || {
        let all = [&a, &b, &c, &other].map(|key| attempts(store, key));
        let [a, b, c, other] = all;
        [a.await.is_some(), b.await.is_some(), c.await.is_some(), other.await.is_some()]
    };
    let expire = async |project: &str, at: i64| {
        store.journeys().expire_attempts(project, UnixMillis::new(at) + DAY).await.unwrap();
    };
    expire(PROJECT, 10).await;
    expire("none", i64::from(u32::MAX)).await;
    assert_eq!(kept().await, [true; 4], "the limit is exclusive");
    expire(PROJECT, 11).await;
    assert_eq!(kept().await, [false, true, true, true]);
    expire(PROJECT, 30).await;
    assert_eq!(kept().await, [false, false, true, true]);
    expire("other", 31).await;
    assert_eq!(kept().await, [false, false, true, false]);
    expire(PROJECT, 31).await;
    assert_eq!(kept().await, [false; 4]);
    put_attempts(store, &a, wrong(1, 40)).await;
    assert_eq!(attempts(store, &a).await, Some(wrong(1, 40)), "a contact is counted again");
}

async fn a_project_of_journeys_is_listed_and_deleted(store: &impl Store) {
    put(store, &transaction(&id_in("of-a-journey", "t"))).await;
    let key = contact_key("of-attempts", "5005550006");
    put_attempts(store, &key, wrong(1, 7)).await;
    assert_eq!(store.settings().projects().await.unwrap(), ["of-a-journey", "of-attempts"]);
    let [gone, kept] = [id("t"), id_in("of-a-journey", "t")];
    put(store, &with_handoffs(&gone, &["one"])).await;
    record(store, &gone, 7, 3).await;
    put_attempts(store, &contact_key(PROJECT, "5005550006"), wrong(1, 7)).await;
    store.settings().delete_project(PROJECT).await.unwrap();
    assert_eq!((get(store, &gone).await, timeline(store, &gone).await), (None, None));
    assert_eq!(attempts(store, &contact_key(PROJECT, "5005550006")).await, None);
    assert_eq!(store.journeys().list(PROJECT).await.unwrap(), []);
    assert_eq!(get(store, &kept).await, Some(transaction(&kept)));
    assert_eq!(attempts(store, &key).await, Some(wrong(1, 7)));
    put(store, &transaction(&gone)).await;
    assert_eq!(timeline(store, &gone).await, Some(vec![]), "another begins with none");
    for project in [PROJECT, "of-a-journey", "of-attempts"] {
        store.settings().delete_project(project).await.unwrap();
    }
    assert_eq!(store.settings().projects().await.unwrap(), [""; 0]);
}
