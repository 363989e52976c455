//! A sandbox that opens the file of an earlier one.

use std::sync::Arc;

use handset_sandbox::{AppState, Config, SystemClock, SystemRandom};
use handset_sandbox_domain::Phone;
use handset_sandbox_store::{IdentityLookup, SqliteStore, Store};

/// The file of an earlier sandbox, as SQL.
const FILE: &str = include_str!("../../../store/src/sqlite/versions/1.sql");

#[tokio::test]
async fn the_outbox_of_an_earlier_sandbox_is_drained_by_the_next() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("sandbox.db");
    rusqlite::Connection::open(&file).unwrap().execute_batch(FILE).unwrap();
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    assert!(!store.outbox().await.unwrap().is_empty());
    let random = Arc::new(SystemRandom::new().unwrap());
    let _state = AppState::open(Config::default(), Arc::new(SystemClock), random, store.clone()).await.unwrap();
    assert_eq!(store.outbox().await.unwrap(), []);
    let phone = Phone::parse(&"5005550006".into()).unwrap();
    let owner = store.identity("default", IdentityLookup::Number(&phone)).await.unwrap().unwrap();
    assert!(owner.enrollment.is_some() && owner.devices.len() == 1);
}
