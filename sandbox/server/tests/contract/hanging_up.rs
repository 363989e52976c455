//! A client that disconnects before the reply to its request: the request is completed.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use handset_sandbox::{AppState, Config, SystemClock, SystemRandom};
use handset_sandbox_store::SqliteStore;
use serde_json::{Value, json};

use crate::support::{PHONE, TestSandbox};

/// In real time: the store has a thread of its own.
async fn bench(folder: &tempfile::TempDir) -> TestSandbox {
    let store = SqliteStore::open(&folder.path().join("sandbox.db")).unwrap();
    let random = Arc::new(SystemRandom::new().unwrap());
    TestSandbox::on(AppState::open(Config::default(), Arc::new(SystemClock), random, Arc::new(store)).await.unwrap())
        .await
}

/// Polls the request once.
fn poll_once<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[tokio::test]
async fn the_effects_of_a_request_do_not_wait_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let bench = bench(&folder).await;
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": PHONE})).await;
    let mut messages = pin!(bench.get("/sandbox/messages?wait=30"));
    poll_once(messages.as_mut());
    {
        let sending = pin!(bench.post("/v1/client/mobile/otp/start", Some(&started.auth_token), "{}"));
        // Pending, unless the thread of the store is done already.
        let _ = sending.poll(&mut Context::from_waker(Waker::noop()));
    }
    let messages = messages.await.json();
    assert_eq!(messages.as_array().map(Vec::len), Some(1), "a waiting reader gets the message");
    let reply = bench.page(&started, "mobile/otp/finish", json!({"otp": messages[0]["code"]})).await;
    assert_eq!(reply["next"], Value::from("done"));
}

#[tokio::test]
async fn a_request_is_completed_without_its_client() {
    let bench = TestSandbox::yielding().await;
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": PHONE})).await;
    {
        let sending = pin!(bench.post("/v1/client/mobile/otp/start", Some(&started.auth_token), "{}"));
        // Not yet at its write: each read of this store waits.
        poll_once(sending);
    }
    let messages = bench.get("/sandbox/messages?wait=30").await.json();
    assert_eq!(messages.as_array().map(Vec::len), Some(1));
}
