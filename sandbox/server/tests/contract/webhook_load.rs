//! Webhooks under load: many events, slow receivers, and a store that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handset_sandbox::Config;
use serde_json::{Value, json};

use crate::support::receiver::{ReceiverBehaviour, SECRET, TestReceiver, URL};
use crate::support::webhooks::{deliveries, outcomes, trigger};
use crate::support::yielding_store::{StoreTrouble, YieldingStore};
use crate::support::{BEGIN, PHONE, TestSandbox};

/// How many requests of a project are under way at once.
const AT_ONCE: usize = 16;

async fn bench() -> TestSandbox {
    TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await
}

/// That many deliveries of one event each. Returns the ids of the events.
async fn test(bench: &TestSandbox, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let reply = trigger(bench, json!({"type": "TEST"})).await.json();
        ids.push(reply["eventIds"][0].as_str().unwrap().to_owned());
    }
    ids
}

/// Lets everything happen that can without time.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn take_a_bounded_number_of_connections() {
    const COUNT: usize = 10 * AT_ONCE;
    let bench = bench().await;
    let mut receiver = TestReceiver::set(&bench).await;
    receiver.always("receiver.test", ReceiverBehaviour::Hang);
    let ids = test(&bench, COUNT).await;
    settle().await;
    assert_eq!(receiver.connections(), (AT_ONCE, AT_ONCE));
    for id in &ids[..AT_ONCE] {
        assert_eq!(receiver.next().await.event_id(), id, "those that came first");
    }
    // Meanwhile another project's receiver gets all there is, and is called at once.
    let other = |path: &str| format!("{path}?project=other");
    bench.put(&other("/sandbox/webhook"), &json!({"url": "http://other.test/", "secret": SECRET})).await;
    for _ in 0..COUNT {
        bench.post(&other("/sandbox/webhook/events"), None, r#"{"type":"TEST"}"#).await;
        assert_eq!(receiver.next().await.header("host"), "other.test");
    }
    settle().await;
    let of_other = bench.get(&other("/sandbox/webhook/deliveries")).await.json();
    let is_delivered = |delivery: &Value| delivery["status"] == "delivered" && delivery["attempts"][0]["at"] == BEGIN;
    assert!(of_other.as_array().unwrap().iter().all(is_delivered), "no time has passed");
    assert_eq!((of_other.as_array().unwrap().len(), receiver.connections().0), (COUNT, AT_ONCE));
    // Whoever has waited in vain makes room for the next, and all have their turns.
    for _ in AT_ONCE..3 * COUNT {
        assert_eq!(receiver.next().await.header("host"), "receiver.test:3000");
        assert!(receiver.connections().0 <= AT_ONCE);
    }
    while deliveries(&bench).await.iter().any(|delivery| delivery["status"] == "pending") {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let over = deliveries(&bench).await;
    assert_eq!((over.len(), receiver.connections().0), (COUNT, 0));
    for delivery in over {
        assert_eq!((&delivery["status"], outcomes(&delivery)), (&json!("failed"), vec![("timed_out", None); 3]));
    }
    assert!(receiver.is_quiet());
}

/// How often each operation of the store was done so far.
async fn operations(bench: &TestSandbox) -> BTreeMap<String, u64> {
    let text = bench.get("/metrics").await.text;
    let lines = text.lines().filter_map(|line| line.strip_prefix("handset_sandbox_store_latency_seconds_count{"));
    let counted = |line: &str| {
        let (operation, count) = line.split_once("} ").unwrap();
        (operation.to_owned(), count.parse().unwrap())
    };
    lines.map(counted).collect()
}

/// The store calls of one flow.
async fn flow(bench: &TestSandbox) -> BTreeMap<String, u64> {
    let before = operations(bench).await;
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": PHONE})).await;
    bench.show_by_code(&started).await;
    let mut counts = operations(bench).await;
    for (operation, count) in &mut counts {
        *count -= before.get(operation).copied().unwrap_or(0);
    }
    counts.retain(|_, count| *count > 0);
    counts
}

#[tokio::test(start_paused = true)]
async fn cost_other_requests_nothing_while_pending() {
    let bench = bench().await;
    let receiver = TestReceiver::set(&bench).await;
    receiver.always("receiver.test", ReceiverBehaviour::Hang);
    // The first also collects garbage.
    flow(&bench).await;
    let alone = flow(&bench).await;
    test(&bench, 10 * AT_ONCE).await;
    settle().await;
    assert_eq!(receiver.connections().0, AT_ONCE);
    let before = operations(&bench).await;
    assert_eq!(flow(&bench).await, alone);
    assert!(alone.keys().all(|operation| !operation.contains("deliver")), "a flow reads and writes no delivery");
    // One more costs as much as the first.
    settle().await;
    let after = operations(&bench).await;
    let looked = |counts: &BTreeMap<String, u64>| counts[r#"operation="deliveries.pending""#];
    assert_eq!(looked(&before), looked(&after), "nobody looks where nothing has come");
    test(&bench, 1).await;
    settle().await;
    assert_eq!(looked(&operations(&bench).await), looked(&after) + 1);
}

#[tokio::test(start_paused = true)]
async fn continue_after_a_failure_of_the_store() {
    let store = Arc::new(YieldingStore::default());
    let bench = TestSandbox::over(store.clone()).await;
    let mut receiver = TestReceiver::set(&bench).await;
    store.is_in(StoreTrouble::Fails);
    let ids = test(&bench, 1).await;
    // What came of it cannot be written: it is tried again, and again.
    let begin = tokio::time::Instant::now();
    for _ in 0..2 {
        assert_eq!(receiver.next().await.event_id(), ids[0]);
    }
    assert_eq!(begin.elapsed().as_secs(), 5, "the failed attempt has released its claim");
    store.is_in(StoreTrouble::None);
    let last = receiver.next().await;
    settle().await;
    let over = deliveries(&bench).await;
    assert_eq!((over.len(), &over[0]["status"]), (1, &json!("delivered")));
    assert_eq!(outcomes(&over[0]), [("accepted", Some(204))]);
    assert_eq!(over[0]["attempts"][0]["correlationId"], last.header("x-correlation-id"));
}

#[tokio::test(start_paused = true)]
async fn keep_the_newest_finished_deliveries() {
    const KEPT: usize = 200;
    let bench = bench().await;
    let mut receiver = TestReceiver::set(&bench).await;
    receiver.always("receiver.test", ReceiverBehaviour::Status(200));
    let ids = test(&bench, KEPT + 5).await;
    for _ in &ids {
        receiver.next().await;
    }
    settle().await;
    let told: Vec<_> = deliveries(&bench).await.iter().map(|one| one["events"][0]["eventId"].clone()).collect();
    assert_eq!(told, ids[5..], "oldest first");
}

/// The metrics of webhooks with a value other than 0.
async fn counted(bench: &TestSandbox) -> Vec<String> {
    let text = bench.get("/metrics").await.text;
    let lines = text.lines().filter_map(|line| line.strip_prefix("handset_sandbox_webhook_"));
    let mut counted: Vec<_> = lines.filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect();
    counted.sort();
    counted
}

#[tokio::test(start_paused = true)]
async fn are_counted() {
    let bench = bench().await;
    let mut receiver = TestReceiver::set(&bench).await;
    assert_eq!(counted(&bench).await, [""; 0]);
    receiver.will([
        ReceiverBehaviour::Status(500),
        ReceiverBehaviour::Lose,
        ReceiverBehaviour::Status(204),
        ReceiverBehaviour::Status(500),
    ]);
    test(&bench, 1).await;
    for _ in 0..3 {
        receiver.next().await;
    }
    settle().await;
    test(&bench, 1).await;
    receiver.next().await;
    settle().await;
    let attempts = [
        r#"attempts_total{outcome="accepted"} 1"#,
        r#"attempts_total{outcome="connection_lost"} 1"#,
        r#"attempts_total{outcome="rejected"} 2"#,
    ];
    let waiting = [r#"deliveries_total{state="delivered"} 1"#, "deliveries_waiting 1"];
    assert_eq!(counted(&bench).await, [&attempts[..], &waiting].concat());
    // What is forgotten does not wait, nor has it come to an end.
    bench.post("/sandbox/reset", None, "{}").await;
    settle().await;
    assert_eq!(counted(&bench).await, [&attempts[..], &waiting[..1]].concat());
    // The receiver is gone.
    bench.put("/sandbox/webhook", &json!({"url": URL, "secret": SECRET})).await;
    receiver.will([ReceiverBehaviour::Status(500)]);
    test(&bench, 1).await;
    receiver.next().await;
    settle().await;
    assert_eq!(bench.delete("/sandbox/webhook").await.status, 204);
    bench.pass_ms(5_000).await;
    settle().await;
    let now = [r#"deliveries_total{state="cancelled"} 1"#, r#"deliveries_total{state="delivered"} 1"#];
    assert_eq!(counted(&bench).await[3..], now);
}
