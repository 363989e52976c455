//! `/readyz`: whether the sandbox accepts new flows.

use std::sync::Arc;

use crate::support::TestSandbox;
use crate::support::yielding_store::{StoreTrouble, YieldingStore};

#[tokio::test(start_paused = true)]
async fn it_is_ready_while_its_store_writes() {
    let store = Arc::new(YieldingStore::default());
    let bench = TestSandbox::over(store.clone()).await;
    for (trouble, says) in
        [(StoreTrouble::Fails, "the store fails"), (StoreTrouble::Hangs, "the store does not answer")]
    {
        store.is_in(trouble);
        bench.get("/readyz").await.refused(503, 503, says);
        assert_eq!(bench.get("/healthz").await.status, 200, "a restart would not help");
        store.is_in(StoreTrouble::None);
        assert_eq!(bench.get("/readyz").await.text, "ready\n");
    }
    let counted = bench.get("/metrics").await.text;
    assert!(counted.lines().any(|line| line == "handset_sandbox_store_errors_total 1"), "{counted}");
}

#[tokio::test(start_paused = true)]
async fn it_is_not_ready_once_it_shuts_down() {
    let bench = TestSandbox::new().await;
    assert_eq!(bench.get("/readyz").await.status, 200);
    bench.state.shut_down().await;
    bench.get("/readyz").await.refused(503, 503, "the sandbox is shutting down");
    assert_eq!(bench.get("/healthz").await.status, 200);
}
