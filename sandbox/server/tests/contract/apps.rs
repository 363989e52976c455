//! `/sandbox/apps`: the apps of a project, whose servers call about journeys.

use handset_sandbox::{AppState, Config};
use handset_sandbox_store::MemoryStore;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::{TestSandbox, parts};

const PATH: &str = "/sandbox/apps";

fn sandbox_app() -> Value {
    json!({"appId": "sandbox-app", "name": "Handset sandbox", "allowlist": ["127.0.0.0/8", "::1/128"]})
}

fn staging_app() -> Value {
    json!({"appId": "staging-app", "name": "Handset sandbox (staging)", "allowlist": ["*"]})
}

async fn put(bench: &TestSandbox, id: &str, body: Value) -> Value {
    let answer = bench.put(&format!("{PATH}/{id}"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(bench.get(&format!("{PATH}/{id}")).await.json(), answer.json());
    assert!(!answer.text.contains("secret-key"), "a key is not returned");
    answer.json()
}

#[tokio::test(start_paused = true)]
async fn are_built_in_and_a_projects_own() {
    let bench = TestSandbox::new().await;
    assert_eq!(bench.get(PATH).await.json(), json!([sandbox_app(), staging_app()]));
    assert_eq!(bench.get("/sandbox/apps/sandbox-app").await.json(), sandbox_app());
    let own = json!({"appKey": "secret-key", "name": "Shop", "allowlist": ["10.0.0.7", "fd00::/8", "10.1.2.3/16"]});
    let view = json!({"appId": "a.shop", "name": "Shop", "allowlist": ["10.0.0.7/32", "fd00::/8", "10.1.0.0/16"]});
    assert_eq!(put(&bench, "a.shop", own).await, view);
    assert_eq!(bench.get(PATH).await.json(), json!([view, sandbox_app(), staging_app()]));
    let replaced = put(&bench, "sandbox-app", json!({"appKey": "secret-key", "allowlist": ["*"]})).await;
    assert_eq!(replaced, json!({"appId": "sandbox-app", "name": "sandbox-app", "allowlist": ["*"]}));
    assert!(!bench.get(PATH).await.text.contains("key"));
    bench.post("/sandbox/apps/a", None, "{}").await.refused(405, 405, "wrong method: this path takes GET or PUT");
    bench.get("/sandbox/apps/none").await.refused(404, 404, "no such app");
    bench.get("/sandbox/apps?x=1").await.refused(400, 8001, "allowed query parameters are 'project'");
}

#[tokio::test(start_paused = true)]
async fn refuse_a_bad_member_by_name() {
    let bench = TestSandbox::new().await;
    let key = "field 'appKey' must be 1 to 128 printable characters without blanks";
    let list = "field 'allowlist' must be a list of 1 to 100 strings";
    let entry = "must be an IP address or a network, for example 10.0.0.0/8, or * alone";
    for (body, message) in [
        (json!({"allowlist": ["*"]}), "field 'appKey' is missing".to_owned()),
        (json!({"appKey": "k"}), "field 'allowlist' is missing".to_owned()),
        (json!({"appKey": 7, "allowlist": ["*"]}), key.to_owned()),
        (json!({"appKey": "", "allowlist": ["*"]}), key.to_owned()),
        (json!({"appKey": "a b", "allowlist": ["*"]}), key.to_owned()),
        (json!({"appKey": "k".repeat(129), "allowlist": ["*"]}), key.to_owned()),
        (json!({"appKey": "k", "allowlist": "*"}), list.to_owned()),
        (json!({"appKey": "k", "allowlist": []}), list.to_owned()),
        (json!({"appKey": "k", "allowlist": vec!["::1"; 101]}), list.to_owned()),
        (json!({"appKey": "k", "allowlist": [7]}), "field 'allowlist[0]' must be a string".to_owned()),
        (json!({"appKey": "k", "allowlist": ["::1", "localhost"]}), format!("field 'allowlist[1]' {entry}")),
        (json!({"appKey": "k", "allowlist": ["*", "::1"]}), format!("field 'allowlist[0]' {entry}")),
        (json!({"appKey": "k", "allowlist": ["10.0.0.0/33"]}), format!("field 'allowlist[0]' {entry}")),
        (
            json!({"appKey": "k", "allowlist": ["*"], "name": " "}),
            "field 'name' must be 1 to 80 characters, not only blanks".to_owned(),
        ),
        (json!({"appKey": "k", "allowlist": ["*"], "allowList": []}), "field 'allowList' is unknown".to_owned()),
    ] {
        bench.put("/sandbox/apps/own", &body).await.refused(400, 8001, &message);
    }
    let expected = "the id in the path must be 1 to 128 letters, digits, '.', '_' or '-'";
    let body = json!({"appKey": "k", "allowlist": ["*"]});
    bench.put("/sandbox/apps/a%20b", &body).await.refused(400, 8001, expected);
    assert_eq!(bench.get(PATH).await.json(), json!([sandbox_app(), staging_app()]), "nothing has changed");
}

#[tokio::test(start_paused = true)]
async fn are_bounded_in_number() {
    let bench = TestSandbox::new().await;
    let body = json!({"appKey": "secret-key", "allowlist": ["*"]});
    for number in 0..100 {
        put(&bench, &format!("app-{number}"), body.clone()).await;
    }
    let message = "a project has at most 100 apps of its own";
    bench.put("/sandbox/apps/another", &body).await.refused(400, 8001, message);
    put(&bench, "app-7", body).await;
}

#[tokio::test(start_paused = true)]
async fn outlive_a_restart_but_no_reset() {
    let store = Arc::new(MemoryStore::new());
    let open = async || {
        let (clock, random) = parts();
        TestSandbox::on(AppState::open(Config::default(), clock, random, store.clone()).await.unwrap()).await
    };
    let first = open().await;
    let view = put(&first, "own", json!({"appKey": "secret-key", "allowlist": ["10.0.0.0/8"]})).await;
    let elsewhere = first.get("/sandbox/apps?project=other").await;
    assert_eq!(elsewhere.json(), json!([sandbox_app(), staging_app()]), "of one project");
    let next = open().await;
    assert_eq!(next.get("/sandbox/apps/own").await.json(), view);
    next.post("/sandbox/reset", None, "").await;
    assert_eq!(next.get("/sandbox/apps/own").await.status, 404);
    assert_eq!(open().await.get(PATH).await.json(), json!([sandbox_app(), staging_app()]));
}
