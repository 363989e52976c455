//! Deliveries to webhooks: pending, attempted and finished, in order.

use std::sync::Arc;

use handset_protocol::UnixMillis;

use super::fixtures::PROJECT;
use crate::{MAX_FINISHED_DELIVERIES, PendingDelivery, Store};
use handset_sandbox_domain::{
    AfterAttempt, Attempt, AttemptOutcome, Delivery, DeliveryStatus, Effect, FinishedDelivery, NotSentReason,
};

pub(super) async fn check<S: Store>(new: impl Fn() -> S) {
    a_delivery_is_pending_apart_from_the_outbox(&new()).await;
    an_attempted_delivery_is_pending_or_finished(&new()).await;
    a_removed_delivery_does_not_come_back(&new()).await;
    the_newest_finished_deliveries_are_kept(&new()).await;
    deliveries_of_projects_are_kept_apart(&new()).await;
    a_reader_of_the_sequences_misses_none(Arc::new(new())).await;
}

pub(super) fn delivery(project: &str, name: &str) -> Delivery {
    Delivery::test(project, "nobody", &[name.to_owned()], UnixMillis::new(7)).unwrap()
}

/// Writes a delivery into the outbox. Returns its sequence.
pub(super) async fn enqueue(store: &impl Store, project: &str, name: &str) -> u64 {
    let deliver = Effect::DeliverWebhook(Box::new(delivery(project, name)));
    store.update("nobody", &|_| (None, vec![deliver.clone()])).await.unwrap();
    let pending = store.pending_deliveries(Some(project), 0).await.unwrap();
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
    store.finished_deliveries(project).await.unwrap().iter().map(|delivery| delivery.id().to_owned()).collect()
}

async fn a_delivery_is_pending_apart_from_the_outbox(store: &impl Store) {
    let deliver = |name: &str| Effect::DeliverWebhook(Box::new(delivery(PROJECT, name)));
    let effects = vec![deliver("one"), Effect::WakeWatchers, deliver("two")];
    assert_eq!(store.update("nobody", &|_| (None, effects.clone())).await.unwrap(), effects);
    let at_once = store.outbox().await.unwrap();
    assert_eq!(at_once.iter().map(|entry| &entry.effect).collect::<Vec<_>>(), [&Effect::WakeWatchers]);
    let pending = store.pending_deliveries(None, 0).await.unwrap();
    let deliveries: Vec<_> = pending.iter().map(|entry| entry.delivery.clone()).collect();
    assert_eq!(deliveries, [delivery(PROJECT, "one"), delivery(PROJECT, "two")]);
    let [first, second] = [pending[0].sequence, pending[1].sequence];
    assert!(first < at_once[0].sequence && at_once[0].sequence < second, "in the order of the effects");
    assert_eq!(
        store.pending_deliveries(None, first).await.unwrap(),
        pending[1..],
        "only those after the given sequence"
    );
    assert_eq!(store.pending_deliveries(None, second).await.unwrap(), []);
    assert_eq!(store.delivery(second).await.unwrap(), Some(delivery(PROJECT, "two")));
    for other in [at_once[0].sequence, second + 1] {
        assert_eq!(store.delivery(other).await.unwrap(), None);
    }
}

async fn an_attempted_delivery_is_pending_or_finished(store: &impl Store) {
    let first = enqueue(store, PROJECT, "one").await;
    let again = attempted(delivery(PROJECT, "one"), AttemptOutcome::Rejected);
    store.record_attempt(first, again.clone()).await.unwrap();
    assert_eq!(store.delivery(first).await.unwrap(), None);
    let AfterAttempt::Retry(again) = again else { panic!("{again:?}") };
    let pending = store.pending_deliveries(None, 0).await.unwrap();
    let second = pending[0].sequence;
    assert_eq!(pending, [PendingDelivery { sequence: second, delivery: again.clone() }]);
    assert!(second > first, "a reader past the first sequence sees the retry");
    assert_eq!((store.finished_deliveries(PROJECT).await.unwrap(), again.attempts.len()), (Vec::new(), 1));
    let accepted = attempted(again, AttemptOutcome::Accepted);
    store.record_attempt(second, accepted.clone()).await.unwrap();
    assert_eq!(store.pending_deliveries(None, 0).await.unwrap(), []);
    assert_eq!(store.finished_deliveries(PROJECT).await.unwrap(), [finished(&accepted).clone()]);
    assert_eq!((finished(&accepted).status, finished(&accepted).attempts.len()), (DeliveryStatus::Delivered, 2));
    let third = enqueue(store, PROJECT, "two").await;
    assert!(third > second);
    store
        .record_attempt(third, AfterAttempt::Finished(delivery(PROJECT, "two").cancel(NotSentReason::IdentityDeleted)))
        .await
        .unwrap();
    assert_eq!(names(store, PROJECT).await, ["one", "two"]);
}

async fn a_removed_delivery_does_not_come_back(store: &impl Store) {
    let sequence = enqueue(store, PROJECT, "one").await;
    store.delete_project(PROJECT).await.unwrap();
    for outcome in [AttemptOutcome::Rejected, AttemptOutcome::Accepted] {
        store.record_attempt(sequence, attempted(delivery(PROJECT, "one"), outcome)).await.unwrap();
        assert_eq!(store.pending_deliveries(None, 0).await.unwrap(), []);
        assert_eq!(store.finished_deliveries(PROJECT).await.unwrap(), []);
    }
    let sequence = enqueue(store, PROJECT, "two").await;
    for _ in 0..2 {
        store.record_attempt(sequence, attempted(delivery(PROJECT, "two"), AttemptOutcome::Accepted)).await.unwrap();
        assert_eq!(names(store, PROJECT).await, ["two"], "once");
    }
}

async fn the_newest_finished_deliveries_are_kept(store: &impl Store) {
    let late = enqueue(store, PROJECT, "late").await;
    for name in 0..=MAX_FINISHED_DELIVERIES {
        let name = name.to_string();
        let sequence = enqueue(store, PROJECT, &name).await;
        store.record_attempt(sequence, attempted(delivery(PROJECT, &name), AttemptOutcome::Accepted)).await.unwrap();
    }
    let expected: Vec<_> = (1..=MAX_FINISHED_DELIVERIES).map(|name| name.to_string()).collect();
    assert_eq!(names(store, PROJECT).await, expected);
    store.record_attempt(late, attempted(delivery(PROJECT, "late"), AttemptOutcome::Accepted)).await.unwrap();
    let names = names(store, PROJECT).await;
    assert_eq!(
        (names.len(), names.first(), names.last()),
        (MAX_FINISHED_DELIVERIES, expected.get(1), Some(&"late".to_owned()))
    );
}

async fn deliveries_of_projects_are_kept_apart(store: &impl Store) {
    for project in ["default", "other"] {
        let sequence = enqueue(store, project, "finished").await;
        store
            .record_attempt(sequence, attempted(delivery(project, "finished"), AttemptOutcome::Accepted))
            .await
            .unwrap();
        enqueue(store, project, "pending").await;
    }
    assert_eq!(store.projects().await.unwrap(), ["default", "other"]);
    let of = async |project| {
        (store.pending_deliveries(Some(project), 0).await.unwrap().len(), names(store, project).await.len())
    };
    assert_eq!((of("default").await, of("other").await, of("none").await), ((1, 1), (1, 1), (0, 0)));
    assert_eq!(store.pending_deliveries(None, 0).await.unwrap().len(), 2);
    store.delete_project("default").await.unwrap();
    assert_eq!((of("default").await, of("other").await), ((0, 0), (1, 1)));
    assert_eq!(store.projects().await.unwrap(), ["other"]);
}

/// A reader that has seen a sequence has seen every lower one.
async fn a_reader_of_the_sequences_misses_none(store: Arc<impl Store>) {
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (store, handle) = (store.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                handle.block_on(async {
                    for turn in 0..25 {
                        let deliver = Effect::DeliverWebhook(Box::new(delivery(PROJECT, &format!("{writer}-{turn}"))));
                        store.update(&format!("nobody-{writer}"), &|_| (None, vec![deliver.clone()])).await.unwrap();
                    }
                });
            })
        })
        .collect();
    let (mut seen, mut last) = (Vec::new(), 0);
    while seen.len() < 4 * 25 {
        let is_finished = writers.iter().all(std::thread::JoinHandle::is_finished);
        let pending = store.pending_deliveries(None, last).await.unwrap();
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
