//! The in-memory queue of pending deliveries, filled from the store's outbox up to `cursor`. No requests and no store.

use std::collections::{BTreeSet, HashMap};

use prometheus_client::metrics::gauge::Gauge;

use handset_sandbox_domain::WebhookPayload;
use handset_sandbox_store::PendingDelivery;

/// The key of deliveries that are made one after the other. One task runs each queue until it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OrderedQueue {
    pub(crate) project: String,
    key: OrderingKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum OrderingKey {
    /// The id of an identity: its events are delivered in order.
    Identity(String),
    /// The ids of an application and a transaction: the events of a journey are delivered in order.
    Journey(String, String),
    /// The outbox sequence of a test: each test has its own queue.
    Test(u64),
}

/// The pending deliveries of all projects.
#[derive(Default)]
pub(crate) struct DeliveryQueue {
    /// The last outbox sequence that was enqueued.
    cursor: u64,
    /// The outbox sequences of each queue, ordered by position first.
    queues: HashMap<OrderedQueue, BTreeSet<(u64, u64)>>,
    /// The number of entries in all queues.
    pending: Gauge,
}

impl DeliveryQueue {
    /// An empty queue. Keeps `pending` at the number of entries.
    pub(crate) fn new(pending: Gauge) -> Self {
        Self { pending, ..Self::default() }
    }

    /// The last enqueued outbox sequence: later entries are still to be enqueued.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Enqueues the deliveries after the cursor, and ignores others. Returns the queues that were empty: the caller starts a
    /// task for each.
    pub(crate) fn enqueue(&mut self, deliveries: Vec<PendingDelivery>) -> Vec<OrderedQueue> {
        let mut started = Vec::new();
        for PendingDelivery { sequence, delivery } in deliveries {
            if sequence <= self.cursor {
                continue;
            }
            self.cursor = sequence;
            let position = delivery.position(sequence);
            let key = match (delivery.identity_id, delivery.payload) {
                (Some(id), _) => OrderingKey::Identity(id),
                (None, WebhookPayload::Journey(event)) => OrderingKey::Journey(event.app_id, event.transaction_id),
                (None, WebhookPayload::Identity(_)) => OrderingKey::Test(sequence),
            };
            let queue = OrderedQueue { project: delivery.project, key };
            let entries = self.queues.entry(queue.clone()).or_default();
            if entries.is_empty() {
                started.push(queue);
            }
            entries.insert((position, sequence));
            self.pending.inc();
        }
        started
    }

    /// The outbox sequence of the first entry of a queue. `None`: the queue is empty and its task ends; the next entry needs a
    /// new task.
    pub(crate) fn next(&mut self, queue: &OrderedQueue) -> Option<u64> {
        let first = self.queues.get(queue).and_then(|entries| entries.first()).map(|(_, sequence)| *sequence);
        if first.is_none() {
            self.queues.remove(queue);
        }
        first
    }

    /// Removes an entry from its queue.
    pub(crate) fn complete(&mut self, queue: &OrderedQueue, sequence: u64) {
        if let Some(entries) = self.queues.get_mut(queue) {
            entries.retain(|(_, entry)| *entry != sequence);
            self.pending.dec();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handset_protocol::UnixMillis;
    use handset_protocol::journey::webhooks::{JourneyWebhookEvent, JourneyWebhookEventType};
    use handset_sandbox_domain::Delivery;

    fn pending(sequence: u64, identity: Option<&str>, event_sequence: u64) -> PendingDelivery {
        let test = Delivery::test("default", "nobody", &["event".to_owned()], UnixMillis::EPOCH).unwrap();
        PendingDelivery {
            sequence,
            delivery: Delivery { identity_id: identity.map(str::to_owned), event_sequence, ..test },
        }
    }

    #[test]
    fn deliveries_of_one_identity_are_in_order_and_each_test_has_its_own_queue() {
        let mut queue = DeliveryQueue::default();
        let all = [(1, Some("a"), 7), (2, Some("b"), 1), (4, None, 0), (5, None, 0), (6, Some("a"), 8)];
        let started =
            queue.enqueue(all.into_iter().map(|(sequence, id, number)| pending(sequence, id, number)).collect());
        assert_eq!((started.len(), queue.cursor(), queue.pending.get()), (4, 6, 5));
        // After a failed attempt, the delivery comes back with a later outbox sequence and is still first in its queue.
        assert_eq!(queue.next(&started[0]), Some(1));
        assert_eq!(queue.enqueue(vec![pending(6, Some("a"), 8), pending(9, Some("a"), 7)]), [], "its task goes on");
        queue.complete(&started[0], 1);
        assert_eq!(queue.next(&started[0]), Some(9));
        queue.complete(&started[0], 9);
        assert_eq!(queue.next(&started[0]), Some(6), "enqueued once, although it was read twice");
        queue.complete(&started[0], 6);
        assert_eq!((queue.next(&started[0]), queue.pending.get()), (None, 3));
        assert_eq!(queue.enqueue(vec![pending(10, Some("a"), 9)]), [started[0].clone()], "a new task");
    }

    fn of_journey(sequence: u64, transaction_id: &str, event_sequence: u64) -> PendingDelivery {
        let event = JourneyWebhookEvent {
            event_id: "event".to_owned(),
            event_type: JourneyWebhookEventType::JourneyFinished,
            event_time: "2027-01-15T08:00:00.000Z".to_owned(),
            app_id: "app".to_owned(),
            transaction_id: transaction_id.to_owned(),
            workflow_id: "onboarding".to_owned(),
            status: Some("auto_approved".to_owned()),
            previous_status: None,
            reviewer_id: None,
            reset_type: None,
            module_id: None,
        };
        let delivery = Delivery::of_journey(event, "default", UnixMillis::EPOCH);
        PendingDelivery { sequence, delivery: Delivery { event_sequence, ..delivery } }
    }

    #[test]
    fn deliveries_of_one_transaction_are_in_the_order_of_their_first_sequences() {
        let mut queue = DeliveryQueue::default();
        let started = queue.enqueue(vec![of_journey(1, "a", 0), of_journey(2, "b", 0), of_journey(3, "a", 0)]);
        assert_eq!((started.len(), queue.next(&started[0]), queue.next(&started[1])), (2, Some(1), Some(2)));
        assert_eq!(queue.enqueue(vec![of_journey(4, "a", 1)]), [], "a retry of the first");
        queue.complete(&started[0], 1);
        assert_eq!(queue.next(&started[0]), Some(4));
        queue.complete(&started[0], 4);
        assert_eq!(queue.next(&started[0]), Some(3));
    }
}
