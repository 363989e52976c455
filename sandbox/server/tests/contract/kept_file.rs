//! A sandbox that opens the file of an earlier one.

use std::sync::Arc;

use handset_sandbox::{AppState, Config, SystemClock, SystemRandom};
use handset_sandbox_store::{SqliteStore, Store, Topic};

/// The file of an earlier sandbox, as SQL.
const FILE: &str = include_str!("../../../store/src/sqlite/versions/1.sql");

#[tokio::test]
async fn the_deliveries_of_an_earlier_sandbox_are_dispatched_by_the_next() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("sandbox.db");
    rusqlite::Connection::open(&file).unwrap().execute_batch(FILE).unwrap();
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    let pending = store.deliveries().pending(None, 0).await.unwrap();
    assert!(!pending.is_empty());
    let project = pending[0].delivery.project.clone();
    let before = store.deliveries().finished(&project).await.unwrap().len();
    let mut acknowledged = store.notifier().subscribe(Topic::Deliveries);
    let random = Arc::new(SystemRandom::new().unwrap());
    let _state = AppState::open(Config::default(), Arc::new(SystemClock), random, store.clone()).await.unwrap();
    while !store.deliveries().pending(None, 0).await.unwrap().is_empty() {
        acknowledged.changed().await;
    }
    let finished = store.deliveries().finished(&project).await.unwrap();
    assert_eq!(finished.len(), before + pending.len(), "cancelled, since no webhook is set");
}
