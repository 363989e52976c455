//! `/sandbox/workflows`: the workflows of a project. The members of a definition have tests of their own, beside their reader.

use handset_sandbox::{AppState, Config};
use handset_sandbox_store::MemoryStore;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::{TestSandbox, parts};

const PATH: &str = "/sandbox/workflows";

fn small(id: &str) -> Value {
    json!({"id": id, "modules": [{"id": "phone"}]})
}

async fn put(bench: &TestSandbox, id: &str, body: Value) -> Value {
    let answer = bench.put(&format!("{PATH}/{id}"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(bench.get(&format!("{PATH}/{id}")).await.json(), answer.json());
    answer.json()
}

/// Each workflow as `id: origin`.
async fn list(bench: &TestSandbox, query: &str) -> Vec<String> {
    let answer = bench.get(&format!("{PATH}{query}")).await.json();
    let text = |entry: &Value| format!("{}: {}", entry["id"].as_str().unwrap(), entry["origin"].as_str().unwrap());
    answer.as_array().unwrap().iter().map(text).collect()
}

async fn open(config: Config, store: &Arc<MemoryStore>) -> TestSandbox {
    let (clock, random) = parts();
    TestSandbox::on(AppState::open(config, clock, random, store.clone()).await.unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn are_built_in_and_a_projects_own() {
    let bench = TestSandbox::new().await;
    assert_eq!(list(&bench, "").await, ["onboarding: built_in"]);
    let built_in = bench.get("/sandbox/workflows/onboarding").await.json();
    let ids: Vec<_> = built_in["modules"].as_array().unwrap().iter().map(|module| module["id"].clone()).collect();
    assert_eq!(ids, ["phone", "document", "selfie", "form"]);
    assert_eq!(put(&bench, "own", small("own")).await, small("own"));
    assert_eq!(put(&bench, "onboarding", json!({"modules": [{"id": "form"}]})).await["id"], "onboarding");
    assert_eq!(list(&bench, "").await, ["onboarding: project", "own: project"]);
    assert_eq!(list(&bench, "?project=other").await, ["onboarding: built_in"]);
    let missing = "the project has no such workflow of its own";
    for id in ["own", "onboarding"] {
        assert_eq!(bench.delete(&format!("{PATH}/{id}")).await.status, 204);
        bench.delete(&format!("{PATH}/{id}")).await.refused(404, 404, missing);
    }
    assert_eq!(bench.get("/sandbox/workflows/onboarding").await.json(), built_in);
    bench.get("/sandbox/workflows/own").await.refused(404, 404, "no such workflow");
    let methods = "wrong method: this path takes GET, PUT or DELETE";
    bench.post("/sandbox/workflows/own", None, "{}").await.refused(405, 405, methods);
}

#[tokio::test(start_paused = true)]
async fn can_be_sent_back_as_they_are_shown() {
    let bench = TestSandbox::new().await;
    let built_in = bench.get("/sandbox/workflows/onboarding").await.json();
    assert_eq!(put(&bench, "onboarding", built_in.clone()).await, built_in);
}

#[tokio::test(start_paused = true)]
async fn refuse_a_bad_member_by_name() {
    let bench = TestSandbox::new().await;
    let id = "1 to 128 letters, digits, '.', '_' or '-'";
    let modules = json!([{"id": "phone"}, {"id": "form"}]);
    let condition = |resume_from: &str| json!({"module": "phone", "when": {"outcome": "x"}, "resumeFrom": resume_from});
    for (body, message) in [
        (json!({}), "field 'modules' is missing; it must be a list of 1 to 100 objects".to_owned()),
        (small("other"), "field 'id' must be the id in the path, or absent".to_owned()),
        (json!({"id": 7, "modules": modules}), format!("field 'id' must be {id}")),
        (
            json!({"modules": [{"id": "phone", "colour": 1}]}),
            "field 'modules[0].colour' is unknown; known here: id, skipCPRPut, outcomeFrom, properties".to_owned(),
        ),
        (json!({"modules": [["phone"]]}), "field 'modules[0]' must be an object".to_owned()),
        (json!({"modules": [{"id": "a b"}]}), format!("field 'modules[0].id' must be {id}")),
        (json!({"modules": modules, "handoff": "yes"}), "field 'handoff' must be off, ask or same-owner".to_owned()),
        (
            json!({"modules": modules, "conditions": [condition("form")]}),
            "field 'conditions[0].resumeFrom' must be 'phone', the module of the condition, or one before it: with a \
             later one the condition would hold at every resume, and each would begin there again"
                .to_owned(),
        ),
        (json!([]), "the body must be a JSON object".to_owned()),
    ] {
        bench.put("/sandbox/workflows/own", &body).await.refused(400, 8001, &message);
    }
    bench.put("/sandbox/workflows/a%20b", &json!({"modules": modules})).await.refused(
        400,
        8001,
        &format!("field 'id' must be {id}"),
    );
    assert_eq!(list(&bench, "").await, ["onboarding: built_in"], "nothing has changed");
}

#[tokio::test(start_paused = true)]
async fn are_bounded_in_number() {
    let bench = TestSandbox::new().await;
    for number in 0..100 {
        let id = format!("w{number}");
        put(&bench, &id, small(&id)).await;
    }
    let message = "a project has at most 100 workflows of its own";
    bench.put("/sandbox/workflows/another", &small("another")).await.refused(400, 8001, message);
    put(&bench, "w7", small("w7")).await;
}

#[tokio::test(start_paused = true)]
async fn outlive_a_restart_but_no_reset() {
    let store = Arc::new(MemoryStore::new());
    let first = open(Config::default(), &store).await;
    put(&first, "own", small("own")).await;
    put(&first, "gone", small("gone")).await;
    assert_eq!(first.delete("/sandbox/workflows/gone").await.status, 204);
    let next = open(Config::default(), &store).await;
    assert_eq!(list(&next, "").await, ["onboarding: built_in", "own: project"]);
    assert_eq!(next.get("/sandbox/workflows/own").await.json(), small("own"));
    next.post("/sandbox/reset", None, "").await;
    assert_eq!(list(&next, "").await, ["onboarding: built_in"]);
    assert_eq!(list(&open(Config::default(), &store).await, "").await, ["onboarding: built_in"]);
}

#[tokio::test(start_paused = true)]
async fn of_files_are_there_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journeys.toml");
    std::fs::write(&file, "[[workflows]]\nid = 'of-file'\nmodules = [{id = 'phone'}]\n").unwrap();
    let config = Config { workflows: Some(folder.path().to_owned()), ..Config::default() };
    let bench = open(config.clone(), &Arc::default()).await;
    assert_eq!(list(&bench, "").await, ["of-file: file", "onboarding: built_in"]);
    assert_eq!(bench.get("/sandbox/workflows/of-file").await.json(), small("of-file"));
    put(&bench, "of-file", json!({"modules": [{"id": "form"}]})).await;
    assert_eq!(list(&bench, "").await, ["of-file: project", "onboarding: built_in"]);
    bench.post("/sandbox/reset", None, "").await;
    assert_eq!(bench.get("/sandbox/workflows/of-file").await.json(), small("of-file"));

    std::fs::write(&file, "id = 'of-file'\nmodules = [{id = 'a b'}]\n").unwrap();
    let (clock, random) = parts();
    let error = AppState::open(config, clock, random, Arc::new(MemoryStore::new())).await.unwrap_err().to_string();
    let told = format!("'workflows' (--workflows) {}: line 2, column 18: 'modules[0].id' must be ", file.display());
    assert!(error.starts_with(&told), "{error}");
}
