//! Deliveries to webhooks: pending, attempted and finished, in order.

use std::sync::Arc;

use handset_protocol::UnixMillis;
use tokio::task::JoinSet;

use super::fixtures::{PROJECT, send, session, sms};
use crate::{MAX_FINISHED_DELIVERIES, PendingDelivery, Store};
use handset_sandbox_domain::{
    AfterAttempt, Attempt, AttemptOutcome, Delivery, DeliveryStatus, FinishedDelivery, NotSentReason,
};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    deliveries_are_pending_in_order(&new()).await;
    an_attempted_delivery_is_pending_or_finished(&new()).await;
    a_removed_delivery_does_not_come_back(&new()).await;
    one_caller_has_the_claim_until_it_ends(&new()).await;
    an_entry_that_is_gone_is_not_claimed(&new()).await;
    one_of_many_gets_the_claim_and_one_acknowledges(Arc::new(new())).await;
    the_newest_finished_deliveries_are_kept(&new()).await;
    deliveries_of_projects_are_kept_apart(&new()).await;
    a_reader_of_the_sequences_misses_none(Arc::new(new())).await;
}

pub(super) fn delivery(project: &str, name: &str) -> Delivery {
    Delivery::test(project, "nobody", &[name.to_owned()], UnixMillis::new(7)).unwrap()
}

/// Every pending delivery.
pub(super) async fn pending(store: &impl Store) -> Vec<PendingDelivery> {
    store.deliveries().pending(None, 0).await.unwrap()
}

/// Enqueues a delivery. Returns its sequence.
pub(super) async fn enqueue(store: &impl Store, project: &str, name: &str) -> u64 {
    assert!(store.identities().write(vec![], vec![delivery(project, name)]).await.unwrap());
    let pending = store.deliveries().pending(Some(project), 0).await.unwrap();
    pending.into_iter().find(|entry| entry.delivery.id() == name).unwrap().sequence
}

/// A delivery after one more attempt.
pub(super) fn attempted(delivery: Delivery, outcome: AttemptOutcome) -> AfterAttempt {
    let (at, now) = (UnixMillis::new(7), UnixMillis::new(8));
    delivery.record_attempt(Attempt { at, correlation_id: "attempt".to_owned(), outcome, status: None }, now)
}

pub(super) fn finished(next: &AfterAttempt) -> &FinishedDelivery {
    let AfterAttempt::Finished(delivery) = next else { panic!("{next:?}") };
    delivery
}

async fn names(store: &impl Store, project: &str) -> Vec<String> {
    store.deliveries().finished(project).await.unwrap().iter().map(|delivery| delivery.id().to_owned()).collect()
}

async fn deliveries_are_pending_in_order(store: &impl Store) {
    let first = enqueue(store, PROJECT, "one").await;
    send(store, &session("a"), &[sms(&session("a"), 7)]).await;
    let second = enqueue(store, PROJECT, "two").await;
    let pending = pending(store).await;
    let deliveries: Vec<_> = pending.iter().map(|entry| entry.delivery.clone()).collect();
    assert_eq!(deliveries, [delivery(PROJECT, "one"), delivery(PROJECT, "two")]);
    assert!(0 < first && first < second, "in the order of the writes");
    assert_eq!(
        store.deliveries().pending(None, first).await.unwrap(),
        pending[1..],
        "only those after the given sequence"
    );
    assert_eq!(store.deliveries().pending(None, second).await.unwrap(), []);
    assert_eq!(store.deliveries().pending(None, u64::MAX).await.unwrap(), []);
    assert_eq!(store.deliveries().get(second).await.unwrap(), Some(delivery(PROJECT, "two")));
    for other in [0, second + 1] {
        assert_eq!(store.deliveries().get(other).await.unwrap(), None);
    }
}

async fn an_attempted_delivery_is_pending_or_finished(store: &impl Store) {
    let first = enqueue(store, PROJECT, "one").await;
    let again = attempted(delivery(PROJECT, "one"), AttemptOutcome::Rejected);
    assert!(store.deliveries().acknowledge(first, again.clone()).await.unwrap());
    assert_eq!(store.deliveries().get(first).await.unwrap(), None);
    let AfterAttempt::Retry(again) = again else { panic!("{again:?}") };
    let waiting = pending(store).await;
    let second = waiting[0].sequence;
    assert_eq!(waiting, [PendingDelivery { sequence: second, delivery: again.clone() }]);
    assert!(second > first, "a reader past the first sequence sees the retry");
    assert_eq!((store.deliveries().finished(PROJECT).await.unwrap(), again.attempts.len()), (Vec::new(), 1));
    let accepted = attempted(again, AttemptOutcome::Accepted);
    assert!(store.deliveries().acknowledge(second, accepted.clone()).await.unwrap());
    assert_eq!(pending(store).await, []);
    assert_eq!(store.deliveries().finished(PROJECT).await.unwrap(), [finished(&accepted).clone()]);
    assert_eq!((finished(&accepted).status, finished(&accepted).attempts.len()), (DeliveryStatus::Delivered, 2));
    let third = enqueue(store, PROJECT, "two").await;
    assert!(third > second);
    let cancelled = AfterAttempt::Finished(delivery(PROJECT, "two").cancel(NotSentReason::IdentityDeleted));
    assert!(store.deliveries().acknowledge(third, cancelled).await.unwrap());
    assert_eq!(names(store, PROJECT).await, ["one", "two"]);
}

async fn a_removed_delivery_does_not_come_back(store: &impl Store) {
    let sequence = enqueue(store, PROJECT, "one").await;
    store.settings().delete_project(PROJECT).await.unwrap();
    for outcome in [AttemptOutcome::Rejected, AttemptOutcome::Accepted] {
        let next = attempted(delivery(PROJECT, "one"), outcome);
        assert!(!store.deliveries().acknowledge(sequence, next).await.unwrap());
        assert_eq!(pending(store).await, []);
        assert_eq!(store.deliveries().finished(PROJECT).await.unwrap(), []);
    }
    let sequence = enqueue(store, PROJECT, "two").await;
    for is_first in [true, false] {
        let next = attempted(delivery(PROJECT, "two"), AttemptOutcome::Accepted);
        assert_eq!(store.deliveries().acknowledge(sequence, next).await.unwrap(), is_first);
        assert_eq!(names(store, PROJECT).await, ["two"], "once");
    }
}

async fn one_caller_has_the_claim_until_it_ends(store: &impl Store) {
    let first = enqueue(store, PROJECT, "one").await;
    let second = enqueue(store, PROJECT, "two").await;
    let claim = async |sequence, now: i64, until: i64| {
        store.deliveries().claim(sequence, UnixMillis::new(now), UnixMillis::new(until)).await.unwrap()
    };
    assert!(claim(first, 10, 20).await);
    assert!(!claim(first, 10, 30).await, "claimed");
    assert!(!claim(first, 19, 30).await, "still claimed");
    assert!(claim(second, 19, 30).await, "each entry has a claim of its own");
    assert_eq!(pending(store).await.len(), 2, "a claimed delivery is pending");
    assert!(claim(first, 20, 30).await, "the claim has ended");
    assert!(!claim(first, 20, 30).await);
    store.deliveries().release(first).await.unwrap();
    assert!(claim(first, 20, 30).await, "the claim was released");
    store.deliveries().release(u64::MAX).await.unwrap();
    let again = attempted(delivery(PROJECT, "one"), AttemptOutcome::Rejected);
    assert!(store.deliveries().acknowledge(first, again).await.unwrap());
    let retry = pending(store).await[1].sequence;
    assert!(claim(retry, 21, 30).await, "a retry is not claimed");
}

async fn an_entry_that_is_gone_is_not_claimed(store: &impl Store) {
    let first = enqueue(store, PROJECT, "one").await;
    let second = enqueue(store, PROJECT, "two").await;
    let (now, until) = (UnixMillis::new(10), UnixMillis::new(20));
    assert!(store.deliveries().claim(first, now, until).await.unwrap());
    let accepted = attempted(delivery(PROJECT, "one"), AttemptOutcome::Accepted);
    assert!(store.deliveries().acknowledge(first, accepted).await.unwrap());
    store.settings().delete_project(PROJECT).await.unwrap();
    for gone in [first, second, second + 99] {
        assert!(!store.deliveries().claim(gone, until, UnixMillis::MAX).await.unwrap(), "{gone}");
    }
}

async fn one_of_many_gets_the_claim_and_one_acknowledges(store: Arc<impl Store>) {
    let sequence = enqueue(&*store, PROJECT, "one").await;
    let (now, until) = (UnixMillis::new(10), UnixMillis::new(20));
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            let has_claim = store.deliveries().claim(sequence, now, until).await.unwrap();
            let accepted = attempted(delivery(PROJECT, "one"), AttemptOutcome::Accepted);
            (has_claim, store.deliveries().acknowledge(sequence, accepted).await.unwrap())
        });
    }
    let (claims, acknowledgements): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().unzip();
    let count = |all: Vec<bool>| all.into_iter().filter(|is_first| *is_first).count();
    assert_eq!((count(claims), count(acknowledgements)), (1, 1));
    assert_eq!(names(&*store, PROJECT).await, ["one"]);
}

/// Enqueues a delivery that is accepted at once.
async fn deliver(store: &impl Store, project: &str, name: &str) {
    let sequence = enqueue(store, project, name).await;
    let accepted = attempted(delivery(project, name), AttemptOutcome::Accepted);
    assert!(store.deliveries().acknowledge(sequence, accepted).await.unwrap());
}

async fn the_newest_finished_deliveries_are_kept(store: &impl Store) {
    let late = enqueue(store, PROJECT, "late").await;
    for name in 0..=MAX_FINISHED_DELIVERIES {
        deliver(store, PROJECT, &name.to_string()).await;
    }
    let expected: Vec<_> = (1..=MAX_FINISHED_DELIVERIES).map(|name| name.to_string()).collect();
    assert_eq!(names(store, PROJECT).await, expected);
    let accepted = attempted(delivery(PROJECT, "late"), AttemptOutcome::Accepted);
    assert!(store.deliveries().acknowledge(late, accepted).await.unwrap());
    let names = names(store, PROJECT).await;
    assert_eq!(
        (names.len(), names.first(), names.last()),
        (MAX_FINISHED_DELIVERIES, expected.get(1), Some(&"late".to_owned()))
    );
}

async fn deliveries_of_projects_are_kept_apart(store: &impl Store) {
    for project in ["default", "other"] {
        deliver(store, project, "finished").await;
        enqueue(store, project, "pending").await;
    }
    assert_eq!(store.settings().projects().await.unwrap(), ["default", "other"]);
    let of = async |project| {
        let waiting = store.deliveries().pending(Some(project), 0).await.unwrap();
        (waiting.len(), names(store, project).await.len())
    };
    assert_eq!((of("default").await, of("other").await, of("none").await), ((1, 1), (1, 1), (0, 0)));
    assert_eq!(pending(store).await.len(), 2);
    store.settings().delete_project("default").await.unwrap();
    assert_eq!((of("default").await, of("other").await), ((0, 0), (1, 1)));
    assert_eq!(store.settings().projects().await.unwrap(), ["other"]);
}

/// A reader that has seen a sequence has seen every lower one.
async fn a_reader_of_the_sequences_misses_none(store: Arc<impl Store>) {
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (store, handle) = (store.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                handle.block_on(async {
                    for turn in 0..25 {
                        let delivery = delivery(PROJECT, &format!("{writer}-{turn}"));
                        assert!(store.identities().write(vec![], vec![delivery]).await.unwrap());
                    }
                });
            })
        })
        .collect();
    let (mut seen, mut last) = (Vec::new(), 0);
    while seen.len() < 4 * 25 {
        let is_finished = writers.iter().all(std::thread::JoinHandle::is_finished);
        let pending = store.deliveries().pending(None, last).await.unwrap();
        assert!(!is_finished || !pending.is_empty(), "only {} of 100 were seen", seen.len());
        for entry in pending {
            assert!(entry.sequence > last);
            last = entry.sequence;
            seen.push(entry.delivery.id().to_owned());
        }
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.join().unwrap();
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4 * 25);
}
