//! Each call of the server API makes the store calls that docs/architecture.md lists, and no others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use handset_sandbox::{AppState, Config};
use handset_sandbox_store::{MemoryStore, ObservedStore, StoreError, StoreObserver};
use serde_json::{Value, json};

use crate::support::{PHONE, StartedSession, TARGET, TestSandbox, parts};

const PAGE: &str = include_str!("../../../../docs/architecture.md");
const HEADER: &str = "| call of the server API | store calls | which |\n";

/// Records the operations of a store in their order.
#[derive(Default)]
struct OperationLog(Mutex<Vec<&'static str>>);

impl StoreObserver for OperationLog {
    async fn before(&self, operation: &'static str) -> Result<(), StoreError> {
        self.0.lock().unwrap().push(operation);
        Ok(())
    }
}

/// A sandbox of which each call is counted.
struct CountedSandbox {
    bench: TestSandbox,
    log: Arc<OperationLog>,
    /// The store calls of each row of the table.
    counted: BTreeMap<String, String>,
}

impl CountedSandbox {
    async fn new() -> Self {
        let log = Arc::new(OperationLog::default());
        let store = ObservedStore::new(Arc::new(MemoryStore::new()), log.clone());
        let (clock, random) = parts();
        let bench = TestSandbox::on(AppState::with_store(Config::default(), clock, random, Arc::new(store))).await;
        // The first session of a project collects garbage.
        bench.otp(false).await;
        Self { bench, log, counted: BTreeMap::new() }
    }

    /// Makes a call, which must succeed, and counts its store calls under that name.
    async fn call(&mut self, name: &str, method: &str, uri: &str, body: Option<Value>) -> Value {
        let token = self.bench.access_token.clone();
        self.log.0.lock().unwrap().clear();
        let answer = self.bench.request_with(&token, method, uri, body).await;
        let operations = std::mem::take(&mut *self.log.0.lock().unwrap());
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        let row = format!("| {name} | {} | {} |", operations.len(), operations.join(", "));
        let known = self.counted.entry(name.to_owned()).or_insert_with(|| row.clone());
        assert_eq!(*known, row, "the same call costs the same");
        answer.json()
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.call(&format!("POST {path}"), "POST", path, Some(body)).await
    }

    /// Opens a session by that call.
    async fn open(&mut self, path: &str, body: Value) -> StartedSession {
        let reply = self.post(path, body).await;
        StartedSession {
            auth_token: reply["authToken"].as_str().unwrap().into(),
            correlation_id: reply["correlationId"].as_str().unwrap().to_owned(),
        }
    }

    /// A call about a session, before and after its result.
    async fn ask(&mut self, session: &StartedSession, path: &str) -> Value {
        self.post(path, json!({"correlationId": session.correlation_id})).await
    }
}

#[tokio::test(start_paused = true)]
async fn each_server_call_makes_the_store_calls_of_the_table() {
    let mut sandbox = CountedSandbox::new().await;

    let session = sandbox.open("/v3/start", json!({"flowType": "mobile", "phoneNumber": PHONE})).await;
    sandbox.ask(&session, "/v3/validate").await;
    sandbox.bench.show_by_code(&session).await;
    sandbox.ask(&session, "/v3/validate").await;
    let individual = json!({"firstName": "Tod", "lastName": "Weedall"});
    sandbox.post("/v3/complete", json!({"correlationId": session.correlation_id, "individual": individual})).await;

    let prefill = sandbox.bench.access_token("sandbox-prefill").await;
    let all = std::mem::replace(&mut sandbox.bench.access_token, prefill);
    let session = sandbox.bench.start(json!({"flowType": "mobile", "phoneNumber": PHONE})).await;
    sandbox.bench.show_by_code(&session).await;
    sandbox.ask(&session, "/v3/validate").await;
    sandbox.post("/v3/challenge", json!({"correlationId": session.correlation_id, "dob": "1984-12-10"})).await;
    sandbox.bench.access_token = all;

    let verify = json!({
        "possessionType": "mobile", "phoneNumber": "2001004049", "firstName": "Bettina", "lastName": "Halbert"
    });
    let session = sandbox.open("/v3/verify", verify).await;
    sandbox.ask(&session, "/v3/verify-status").await;
    sandbox.bench.show_by_code(&session).await;
    let shown = sandbox.ask(&session, "/v3/verify-status").await;
    assert!(shown["identityId"].is_string(), "{shown}");
    let second = json!({
        "verificationType": "verifiedUser", "phoneNumber": "2001004049", "firstName": "Bettina", "lastName": "Halbert"
    });
    let reply = sandbox.call("POST /v3/verify, second generation", "POST", "/v3/verify", Some(second)).await;
    assert_eq!(reply["success"], "true", "{reply}");

    let unify = json!({"possessionType": "mobile", "phoneNumber": "2001004014", "finalTargetUrl": TARGET});
    let session = sandbox.open("/v3/unify", unify).await;
    sandbox.ask(&session, "/v3/unify-status").await;
    sandbox.bench.show_by_code(&session).await;
    let bound = sandbox.ask(&session, "/v3/unify-status").await;
    let again = json!({"possessionType": "none", "phoneNumber": "2001004014"});
    let session = sandbox.open("/v3/unify", again).await;
    let body = json!({"correlationId": session.correlation_id, "phoneNumber": "2001004014"});
    sandbox.post("/v3/unify-bind", body).await;
    let revoked = sandbox.post("/v3/device/revoke", json!({"deviceId": bound["deviceId"]})).await;
    assert_eq!(revoked, json!({"success": true}));

    let enrolled = sandbox.post("/v3/identity", json!({"phoneNumber": "2005550123"})).await;
    sandbox.post("/v3/identity/batch", json!({"items": [{"phoneNumber": "2005550124"}]})).await;
    sandbox.call("GET /v3/identity", "GET", "/v3/identity", None).await;
    let uri = format!("/v3/identity/{}", enrolled["identityId"].as_str().unwrap());
    sandbox.call("GET /v3/identity/{identityId}", "GET", &uri, None).await;
    for action in ["deactivate", "activate"] {
        let name = format!("POST /v3/identity/{{identityId}}/{action}");
        sandbox.call(&name, "POST", &format!("{uri}/{action}"), Some(json!({}))).await;
    }
    let lookup = "/v3/identity/2005550123/lookup";
    sandbox.call("GET /v3/identity/{mobileNumber}/lookup", "GET", lookup, None).await;
    sandbox.call("DELETE /v3/identity/{identityId}", "DELETE", &uri, None).await;

    let (_, table) = PAGE.split_once(HEADER).expect("the table");
    let documented: Vec<&str> = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
    let counted: Vec<&str> = sandbox.counted.values().map(String::as_str).collect();
    assert_eq!(documented, counted, "{HEADER}|---|---|---|\n{}\n", counted.join("\n"));

    let document = sandbox.bench.get("/openapi.json").await.json();
    let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, calls)| {
        calls.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    // The calls of journeys are no part of it: they read and write by a table of their own.
    for operation in operations.filter(|operation| operation.contains(" /v3/")) {
        assert!(sandbox.counted.contains_key(&operation), "the table has no row for {operation}");
    }
    let most = |row: &&str| row.split('|').nth(2).unwrap().trim().parse::<u32>().unwrap();
    assert!(counted.iter().map(most).max() <= Some(4), "no call makes more than four");
}
