//! One write of a transaction, its attempts, timeline, messages and deliveries: all of it or nothing, also among many writers;
//! and the deletion of a transaction's messages.

use std::collections::HashSet;
use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{JourneyTransaction, Message};
use tokio::task::JoinSet;

use super::deliveries::{delivery, enqueue, pending};
use super::fixtures::{PROJECT, sent, session, sms};
use super::journey_fixtures::*;
use super::notifications::is_changed;
use crate::{
    ContactAttemptsKey, ContactAttemptsWrite, JourneyWrite, MAX_MESSAGES, MessageFilter, RowChange, Store, Topic,
    TransactionId,
};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_write_of_a_journey_changes_every_row_at_once(&new()).await;
    a_lost_race_for_a_row_of_a_journey_changes_none(&new()).await;
    a_write_without_a_transaction_writes_the_rest(&new()).await;
    a_write_of_a_journey_wakes_its_subscribers(&new()).await;
    the_messages_of_one_transaction_are_erased(&new()).await;
    ids_continue_after_messages_are_erased(&new()).await;
    the_newest_messages_are_kept_after_some_are_erased(&new()).await;
    a_transaction_is_created_once(Arc::new(new())).await;
    each_version_of_a_transaction_has_one_successor(Arc::new(new())).await;
    no_attempt_of_concurrent_transactions_is_lost(Arc::new(new())).await;
    one_of_many_gets_the_last_attempt_at_a_contact(Arc::new(new())).await;
    a_recreated_transaction_has_no_event_of_the_deleted_one(Arc::new(new())).await;
}

fn contact() -> ContactAttemptsKey {
    contact_key(PROJECT, "5005550006")
}

/// A write of every kind of row, by a caller that has read the store.
pub(super) async fn decide(store: &impl Store, id: &TransactionId) -> JourneyWrite {
    let (before, attempts) = (read(store, id).await, read_attempts(store, &contact()).await);
    let next = counted(id, before.as_ref().map(|row| &*row.value));
    let version = attempts.as_ref().map(|row| row.version);
    let one_more = RowChange::Put(one_more(attempts.as_ref()));
    JourneyWrite {
        attempts: Some(ContactAttemptsWrite { key: contact(), version, attempts: one_more }),
        timeline: vec![event("ok")],
        messages: vec![message(id, 7)],
        deliveries: vec![delivery(PROJECT, "one")],
        ..write_of(id, before.map(|row| row.version), RowChange::Put(next))
    }
}

/// Whether each kind of row tells of so many writes of a transaction.
pub(super) async fn has_writes(store: &impl Store, id: &TransactionId, number: usize) -> bool {
    let attempts = attempts(store, &contact()).await.unwrap_or_default();
    let rows = [
        usize::try_from(count(store, id).await).unwrap(),
        timeline(store, id).await.map_or(0, |events| events.len()),
        sent(store, PROJECT).await.len(),
        pending(store).await.len(),
    ];
    rows == [number; 4] && attempts == wrong(number, 0)
}

async fn a_write_of_a_journey_changes_every_row_at_once(store: &impl Store) {
    let a = &id("a");
    for number in 0..3 {
        assert!(has_writes(store, a, number).await, "{number}");
        let next = decide(store, a).await;
        assert!(write(store, next).await);
    }
    assert!(has_writes(store, a, 3).await);
    let (messages, deliveries) = (sent(store, PROJECT).await, pending(store).await);
    let ids = messages.iter().map(|sent| sent.id).zip(deliveries.iter().map(|entry| entry.sequence));
    let ids: Vec<_> = ids.flat_map(<[u64; 2]>::from).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "messages and deliveries share their ids: {ids:?}");
    let two = JourneyWrite {
        messages: vec![message(a, 8), message(a, 9)],
        deliveries: vec![delivery(PROJECT, "two"), delivery(PROJECT, "three")],
        ..decide(store, a).await
    };
    assert!(write(store, two).await);
    let (messages, deliveries) = (sent(store, PROJECT).await, pending(store).await);
    assert_eq!(times(store, PROJECT).await[3..], [8, 9]);
    assert_eq!(deliveries[3..].iter().map(|entry| entry.delivery.id()).collect::<Vec<_>>(), ["two", "three"]);
    let new = messages[3..].iter().map(|sent| sent.id).chain(deliveries[3..].iter().map(|entry| entry.sequence));
    let all: Vec<_> = ids.into_iter().chain(new).collect();
    assert!(all.is_sorted_by(|a, b| a < b), "in the order of the write: {all:?}");
}

async fn a_lost_race_for_a_row_of_a_journey_changes_none(store: &impl Store) {
    let (a, key) = (&id("a"), contact());
    let first = decide(store, a).await;
    assert!(write(store, first).await);

    let of_the_transaction = decide(store, a).await;
    put(store, &counted(a, None)).await;
    assert!(!write(store, of_the_transaction).await);
    assert!(has_writes(store, a, 1).await);

    for other in [RowChange::Put(wrong(1, 0)), RowChange::Delete] {
        let of_the_attempts = decide(store, a).await;
        change_attempts(store, &key, other).await;
        let keep =
            of_the_attempts.attempts.clone().map(|row| ContactAttemptsWrite { attempts: RowChange::Keep, ..row });
        let kept = JourneyWrite { attempts: keep, ..of_the_attempts.clone() };
        let deletion = JourneyWrite { transaction: RowChange::Delete, erases_messages: true, ..kept.clone() };
        for lost in [of_the_attempts, kept, deletion] {
            assert!(!write(store, lost).await, "a row that is kept is compared, too");
            put_attempts(store, &key, wrong(1, 0)).await;
            assert!(has_writes(store, a, 1).await);
        }
    }
    let next = decide(store, a).await;
    assert!(write(store, next).await);
    assert!(has_writes(store, a, 2).await);
}

async fn a_write_without_a_transaction_writes_the_rest(store: &impl Store) {
    let a = &id("a");
    let keep = JourneyWrite { transaction: RowChange::Keep, ..decide(store, a).await };
    assert!(write(store, keep).await);
    assert_eq!((get(store, a).await, timeline(store, a).await), (None, None));
    assert_eq!((sent(store, PROJECT).await.len(), pending(store).await.len()), (1, 1));
    assert_eq!(attempts(store, &contact()).await, Some(wrong(1, 0)));
    assert_eq!(store.journeys().list(PROJECT).await.unwrap(), []);
}

async fn a_write_of_a_journey_wakes_its_subscribers(store: &impl Store) {
    let topics = || [Topic::Messages(PROJECT.to_owned()), Topic::Messages("other".to_owned()), Topic::Deliveries];
    let mut subscriptions = topics().map(|topic| store.notifier().subscribe(topic));
    let mut woken = async || {
        let mut all = [false; 3];
        for (woken, subscription) in all.iter_mut().zip(&mut subscriptions) {
            *woken = is_changed(subscription).await;
        }
        all
    };
    let a = &id("a");
    let all = decide(store, a).await;
    assert!(write(store, all.clone()).await);
    assert_eq!(woken().await, [true, false, true]);
    assert!(!write(store, all).await);
    assert_eq!(woken().await, [false; 3], "a lost race wakes nobody");
    put(store, &transaction(a)).await;
    record(store, a, 7, 1).await;
    assert_eq!(woken().await, [false; 3]);
    send(store, a, &[message(a, 7)]).await;
    assert_eq!(woken().await, [true, false, false]);
}

/// A write that deletes the earlier messages of a transaction.
pub(super) fn erasing(id: &TransactionId, messages: &[Message]) -> JourneyWrite {
    JourneyWrite { erases_messages: true, messages: messages.to_vec(), ..write_of(id, None, RowChange::Keep) }
}

async fn times(store: &impl Store, project: &str) -> Vec<i64> {
    sent(store, project).await.iter().map(|sent| sent.message.sent_at.as_millis()).collect()
}

async fn the_messages_of_one_transaction_are_erased(store: &impl Store) {
    let other_app = TransactionId { app_id: "app-2".to_owned(), ..id("a") };
    let all = [id("a"), id("b"), other_app, id_in("other", "a")];
    for round in [0, 10] {
        for (at, id) in (1..).zip(&all) {
            send(store, id, &[message(id, round + at)]).await;
        }
        super::fixtures::send(store, &session("a"), &[sms(&session("a"), round + 5)]).await;
    }
    let a = &all[0];
    put(store, &transaction(a)).await;
    let lost = JourneyWrite { version: None, ..erasing(a, &[]) };
    assert!(!write(store, lost).await);
    assert_eq!(times(store, PROJECT).await, [1, 2, 3, 5, 11, 12, 13, 15], "a lost write deletes none");
    let before = sent(store, PROJECT).await;

    update(store, a, |_| JourneyWrite { transaction: RowChange::Delete, ..erasing(a, &[message(a, 20)]) }).await;
    assert_eq!(get(store, a).await, None);
    assert_eq!(times(store, PROJECT).await, [2, 3, 5, 12, 13, 15, 20], "a message of the same write stays");
    assert_eq!(times(store, "other").await, [4, 14]);
    let contact = before[0].message.recipient().unwrap();
    let filter = MessageFilter { project: PROJECT, since: 0, to: Some(&contact) };
    assert_eq!(store.messages().list(filter).await.unwrap(), sent(store, PROJECT).await, "also by recipient");
    let filter = MessageFilter { since: before[5].id, ..filter };
    let later: Vec<_> = store.messages().list(filter).await.unwrap();
    assert_eq!(later.iter().map(|sent| sent.message.sent_at.as_millis()).collect::<Vec<_>>(), [13, 15, 20]);
    for none in [id("none"), id_in("none", "a")] {
        assert!(write(store, erasing(&none, &[])).await);
    }
    assert_eq!(times(store, PROJECT).await.len(), 7);
}

async fn ids_continue_after_messages_are_erased(store: &impl Store) {
    let (a, mut last) = (&id("a"), 0);
    for at in 0..3 {
        send(store, a, &[message(a, at), message(a, at)]).await;
        let own = sent(store, PROJECT).await;
        assert!(own.len() == 2 && own[0].id > last, "{own:?}");
        last = own[1].id;
        assert!(write(store, erasing(a, &[])).await);
        assert_eq!(sent(store, PROJECT).await, []);
        assert_eq!(store.settings().projects().await.unwrap(), [""; 0], "the project has no row any more");
    }
    assert!(enqueue(store, PROJECT, "one").await > last);
}

async fn the_newest_messages_are_kept_after_some_are_erased(store: &impl Store) {
    let (a, b) = (&id("a"), &id("b"));
    let max = i64::try_from(MAX_MESSAGES).unwrap();
    let both: Vec<_> = (0..max).map(|at| message(if at % 2 == 0 { a } else { b }, at)).collect();
    send(store, a, &both).await;
    assert!(write(store, erasing(a, &[])).await);
    assert!(times(store, PROJECT).await.into_iter().eq((0..max).filter(|at| at % 2 == 1)));
    let more: Vec<_> = (max..2 * max - 10).map(|at| message(a, at)).collect();
    send(store, a, &more).await;
    let expected = || [max - 19, max - 17, max - 15, max - 13, max - 11, max - 9, max - 7, max - 5, max - 3, max - 1];
    assert!(times(store, PROJECT).await.into_iter().eq(expected().into_iter().chain(max..2 * max - 10)));
    let contact = more[0].recipient().unwrap();
    let filter = MessageFilter { project: PROJECT, since: 0, to: Some(&contact) };
    assert_eq!(store.messages().list(filter).await.unwrap(), sent(store, PROJECT).await);
}

async fn a_transaction_is_created_once(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            let next =
                JourneyTransaction { used_at: UnixMillis::new(task), ..with_handoffs(&id("a"), &[&format!("{task}")]) };
            let first = JourneyWrite {
                timeline: vec![event("ok")],
                messages: vec![message(&id("a"), task)],
                ..write_of(&id("a"), None, RowChange::Put(next))
            };
            write(&*store, first).await.then_some(task)
        });
    }
    let first: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let store = &*store;
    assert_eq!(first, [count(store, &id("a")).await]);
    assert_eq!((event_ids(store, &id("a")).await, times(store, PROJECT).await), (Some(vec![1]), first.clone()));
    for task in 0..32 {
        let secret = format!("{task}").into();
        let found = store.journeys().get(crate::JourneyKey::HandoffSecret(&secret)).await.unwrap();
        assert_eq!(found.is_some(), [task] == first[..], "{task}");
    }
}

/// Writes by [`decide`] until a write has lost no race. Returns the version that it has replaced.
async fn write_once(store: &impl Store, id: &TransactionId) -> Option<crate::Version> {
    loop {
        let next = decide(store, id).await;
        let version = next.version;
        if write(store, next).await {
            return version;
        }
    }
}

async fn each_version_of_a_transaction_has_one_successor(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut replaced = Vec::new();
            for _ in 0..6 {
                replaced.push(write_once(&*store, &id("a")).await);
            }
            replaced
        });
    }
    let replaced: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(replaced.iter().collect::<HashSet<_>>().len(), 32 * 6, "no version is replaced twice");
    assert!(has_writes(&*store, &id("a"), 32 * 6).await);
    assert_eq!(event_ids(&*store, &id("a")).await, Some((1..=32 * 6).collect()));
    let ids: HashSet<_> = sent(&*store, PROJECT).await.iter().map(|sent| sent.id).collect();
    assert_eq!(ids.len(), 32 * 6);
}

async fn no_attempt_of_concurrent_transactions_is_lost(store: Arc<impl Store>) {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            for turn in 0..6 {
                write_once(&*store, &id(NAMES[(task + turn) % NAMES.len()])).await;
            }
        });
    }
    tasks.join_all().await;
    let each = 32 * 6 / u32::try_from(NAMES.len()).unwrap();
    for name in NAMES {
        assert_eq!(count(&*store, &id(name)).await, i64::from(each), "{name}");
        assert_eq!(event_ids(&*store, &id(name)).await, Some((1..=each).collect()), "{name}");
    }
    assert_eq!(attempts(&*store, &contact()).await, Some(wrong(32 * 6, 0)));
    assert_eq!((sent(&*store, PROJECT).await.len(), pending(&*store).await.len()), (32 * 6, 32 * 6));
}

/// A limit holds over any number of transactions.
async fn one_of_many_gets_the_last_attempt_at_a_contact(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            let own = id(&format!("{task}"));
            loop {
                if attempts(&*store, &contact()).await == Some(wrong(3, 0)) {
                    return 0;
                }
                let next = decide(&*store, &own).await;
                if next.attempts.as_ref().is_some_and(|row| row.attempts == RowChange::Put(wrong(4, 0))) {
                    continue;
                }
                if write(&*store, next).await {
                    return 1;
                }
            }
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 3);
    assert_eq!(attempts(&*store, &contact()).await, Some(wrong(3, 0)));
    let written = store.journeys().list(PROJECT).await.unwrap();
    assert_eq!((written.len(), sent(&*store, PROJECT).await.len()), (3, 3));
}

async fn a_recreated_transaction_has_no_event_of_the_deleted_one(store: Arc<impl Store>) {
    let mut tasks = JoinSet::new();
    for task in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            let a = &id("a");
            for turn in 0..8 {
                match (task + turn) % 4 {
                    0 => delete(&*store, a).await,
                    1 => put(&*store, &transaction(a)).await,
                    _ => record(&*store, a, 7, 2).await,
                }
            }
        });
    }
    tasks.join_all().await;
    let a = &id("a");
    if let Some(all) = event_ids(&*store, a).await {
        assert_eq!(all, (1..=u32::try_from(all.len()).unwrap()).collect::<Vec<_>>());
    }
    delete(&*store, a).await;
    put(&*store, &transaction(a)).await;
    assert_eq!(timeline(&*store, a).await, Some(vec![]));
}
