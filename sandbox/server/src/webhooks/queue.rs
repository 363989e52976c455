//! What waits, as far as the courier has taken it up.

use std::collections::{BTreeSet, HashMap};

use prometheus_client::metrics::gauge::Gauge;

use handset_sandbox_store::PendingDelivery;

/// Deliveries that wait for each other. Each has a task for as long as there are any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OrderedQueue {
    /// Of which project.
    pub(crate) project: String,
    key: OrderingKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum OrderingKey {
    /// By its id: what is told of it is told in order.
    Identity(String),
    /// Tests wait for nobody: by its sequence.
    Test(u64),
}

#[derive(Default)]
pub(crate) struct DeliveryQueue {
    /// The last sequence that was taken up.
    cursor: u64,
    /// By the number of the news, then by their sequence.
    queues: HashMap<OrderedQueue, BTreeSet<(u64, u64)>>,
    /// How many they are.
    waiting: Gauge,
}

impl DeliveryQueue {
    /// `waiting` shows how many wait.
    pub(crate) fn new(waiting: Gauge) -> Self {
        Self { waiting, ..Self::default() }
    }

    /// What comes after this sequence has yet to be taken up.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Takes up all that follows what is [`Queue::seen`], and maybe some that was taken up meanwhile. Returns the lanes
    /// that need a task.
    pub(crate) fn enqueue(&mut self, waiting: Vec<PendingDelivery>) -> Vec<OrderedQueue> {
        let mut begun = Vec::new();
        for PendingDelivery { sequence, delivery } in waiting {
            if sequence <= self.cursor {
                continue;
            }
            self.cursor = sequence;
            let whose = delivery.identity_id.map_or(OrderingKey::Test(sequence), OrderingKey::Identity);
            let lane = OrderedQueue { project: delivery.project, key: whose };
            let entries = self.queues.entry(lane.clone()).or_default();
            if entries.is_empty() {
                begun.push(lane);
            }
            entries.insert((delivery.event_sequence, sequence));
            self.waiting.inc();
        }
        begun
    }

    /// The sequence of what is next on a lane. `None`: it is over, and whatever comes then needs another task.
    pub(crate) fn next(&mut self, lane: &OrderedQueue) -> Option<u64> {
        let first = self.queues.get(lane).and_then(|entries| entries.first()).map(|(_, sequence)| *sequence);
        if first.is_none() {
            self.queues.remove(lane);
        }
        first
    }

    /// One waits no longer.
    pub(crate) fn complete(&mut self, lane: &OrderedQueue, sequence: u64) {
        if let Some(entries) = self.queues.get_mut(lane) {
            entries.retain(|(_, waiting)| *waiting != sequence);
            self.waiting.dec();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handset_protocol::UnixMillis;
    use handset_sandbox_domain::Delivery;

    fn waiting(sequence: u64, identity: Option<&str>, number: u64) -> PendingDelivery {
        let test = Delivery::test("default", "nobody", &["event".to_owned()], UnixMillis::EPOCH).unwrap();
        PendingDelivery {
            sequence,
            delivery: Delivery { identity_id: identity.map(str::to_owned), event_sequence: number, ..test },
        }
    }

    #[test]
    fn what_is_told_of_one_goes_in_order_and_tests_wait_for_nobody() {
        let mut queue = DeliveryQueue::default();
        let all = [(1, Some("a"), 7), (2, Some("b"), 1), (4, None, 0), (5, None, 0), (6, Some("a"), 8)];
        let begun =
            queue.enqueue(all.into_iter().map(|(sequence, id, number)| waiting(sequence, id, number)).collect());
        assert_eq!((begun.len(), queue.cursor(), queue.waiting.get()), (4, 6, 5));
        // Tried in vain: it comes back behind the others, and is still the first.
        assert_eq!(queue.next(&begun[0]), Some(1));
        assert_eq!(queue.enqueue(vec![waiting(6, Some("a"), 8), waiting(9, Some("a"), 7)]), [], "its task goes on");
        queue.complete(&begun[0], 1);
        assert_eq!(queue.next(&begun[0]), Some(9));
        queue.complete(&begun[0], 9);
        assert_eq!(queue.next(&begun[0]), Some(6), "once, whoever looks meanwhile");
        queue.complete(&begun[0], 6);
        assert_eq!((queue.next(&begun[0]), queue.waiting.get()), (None, 3));
        assert_eq!(queue.enqueue(vec![waiting(10, Some("a"), 9)]), [begun[0].clone()], "another task");
    }
}
