//! The state is saved and read.

use serde_json::json;

use super::{CallingPage, GET, PUT, sandbox};
use crate::journeys_server::{failed, pass, put_workflow, result};
use crate::support::BEGIN;

#[tokio::test(start_paused = true)]
async fn a_new_journey_has_no_state_and_begins_at_its_first_module() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    let reply = page.get().await;
    let session = page.session.clone().unwrap();
    let modules = json!([{"id": "phone"}, {"id": "document"}, {"id": "selfie"}, {"id": "form"}]);
    let expected = json!({
        "state": null, "modules": modules, "resumeAt": "phone", "revision": 0, "sessionId": session,
        "transactionId": "t1",
    });
    assert_eq!(reply, expected);
    assert_eq!(page.get().await, expected, "the page keeps its session");
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_comes_back_as_it_was() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.get().await;
    let variables = json!({"name": "Ä \u{1F600}", "list": [1, 2.5, null, {"b": true, "a": "x"}], "none": null});
    let changes = json!({
        "phone": {"action": "put", "variables": variables, "outcome": "auto_approved"},
        "document": {"action": "put"},
    });
    let reply = result(&page.put(0, changes).await);
    assert_eq!(reply, json!({"revision": 1, "status": "in_progress", "resumeAt": "selfie"}));
    let reply = page.get().await;
    let modules = json!({
        "phone": {"variables": variables, "outcome": "auto_approved", "clientAsserted": true, "savedAt": BEGIN},
        "document": {"variables": {}, "savedAt": BEGIN},
    });
    assert_eq!(reply["state"], json!({"status": "in_progress", "modules": modules}));
    assert_eq!((&reply["resumeAt"], &reply["revision"]), (&json!("selfie"), &json!(1)));
    assert!(reply.get("refreshed").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_save_is_a_delta_and_names_where_to_go_on() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.save(&["phone", "document"]).await;
    let changes = json!({"document": {"action": "delete"}, "phone": {"action": "put", "outcome": "done"}});
    assert_eq!(result(&page.put(2, changes).await)["resumeAt"], "document");
    let reply = page.get().await;
    let phone = json!({"variables": {"phone": 1}, "outcome": "done", "clientAsserted": true, "savedAt": BEGIN});
    assert_eq!(reply["state"]["modules"], json!({"phone": phone}));
    let body = json!({"revision": 3, "modules": {}, "moduleToResumeFrom": "form"});
    assert_eq!(result(&page.call(PUT, body).await)["resumeAt"], "form");
    assert_eq!(page.get().await["resumeAt"], "form");
}

#[tokio::test(start_paused = true)]
async fn a_page_may_cancel_or_fail_and_the_journey_goes_on_later() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    for (revision, status) in [(1, "user_cancelled"), (2, "error")] {
        page.save(if revision == 1 { &["phone"] } else { &[] }).await;
        let reply = page.call(PUT, json!({"revision": revision, "modules": {}, "status": status})).await;
        assert_eq!(result(&reply), json!({"revision": revision + 1, "status": status, "resumeAt": "document"}));
        assert_eq!(page.get().await["state"]["status"], "in_progress");
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_bars_a_restart_comes_back_without_data() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.save(&["phone", "document", "selfie"]).await;
    let last = json!({"form": {"action": "put", "outcome": "auto_approved"}});
    let reply = result(&page.put(3, last.clone()).await);
    assert_eq!(reply, json!({"revision": 4, "status": "auto_approved", "resumeAt": null}));
    let expected = json!({
        "state": null, "status": "auto_approved", "transactionId": "t1", "transactionAlreadyProcessed": true,
    });
    assert_eq!(page.get().await, expected);
    let refused = page.put(4, last).await;
    let error = "The transaction is already processed";
    failed(&refused, 409, error, "transaction_already_processed", json!({}));
}

#[tokio::test(start_paused = true)]
async fn another_end_starts_over_with_a_reason() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    let reply = page.save(&["phone", "document", "selfie", "form"]).await;
    assert_eq!((&reply["status"], &reply["resumeAt"]), (&json!("needs_review"), &json!(null)));
    let reply = page.get().await;
    assert_eq!((&reply["refreshed"], &reply["state"]), (&json!("started_over"), &json!(null)));
    assert_eq!(reply["resumeAt"], "phone");
}

#[tokio::test(start_paused = true)]
async fn other_inputs_discard_the_state_unless_they_are_ignored() {
    let bench = sandbox().await;
    let workflow = json!({
        "id": "inputs", "workflowVersion": "1.0.0", "modules": [{"id": "phone"}, {"id": "form", "skipCPRPut": "yes"}],
        "properties": {"serverSideResume": {"ignoredStateRefreshInputKeys": ["utm"]}},
    });
    put_workflow(&bench, workflow).await;
    let mut page = CallingPage::new(&bench, json!({"workflowId": "inputs"})).await;
    let first = page.get_with(json!({"inputs": {"plan": {"a": 1, "b": 2}, "utm": "x"}})).await;
    assert_eq!(first["modules"], json!([{"id": "phone"}, {"id": "form", "skipCPRPut": "yes"}]));
    result(&page.put(0, json!({"phone": {"action": "put"}})).await);
    let same = page.post(GET, r#"{"inputs": {"utm": "y", "plan": {"b": 2, "a": 1}}}"#).await;
    assert_eq!(result(&same)["state"]["modules"]["phone"]["variables"], json!({}));
    let other = page.get_with(json!({"inputs": {"plan": {"a": 2, "b": 2}}})).await;
    assert_eq!((&other["refreshed"], &other["state"]), (&json!("inputs_changed"), &json!(null)));
    result(&page.put(other["revision"].as_u64().unwrap(), json!({"phone": {"action": "put"}})).await);
    let newer = page.get_with(json!({"inputs": {"plan": {"a": 2, "b": 2}}, "workflowVersion": "2.0.0"})).await;
    assert_eq!(newer["refreshed"], "workflow_version_changed");
}

#[tokio::test(start_paused = true)]
async fn an_expired_module_and_all_later_ones_are_dropped() {
    let bench = sandbox().await;
    let modules = json!([{"id": "phone"}, {"id": "document", "properties": {"expiresAfter": "15m"}}, {"id": "form"}]);
    put_workflow(&bench, json!({"id": "short", "workflowVersion": "1.0.0", "modules": modules})).await;
    let mut page = CallingPage::new(&bench, json!({"workflowId": "short"})).await;
    page.save(&["phone", "document"]).await;
    pass(&bench, 900).await;
    let reply = page.get().await;
    assert_eq!((&reply["refreshed"], &reply["resumeAt"]), (&json!("module_expired"), &json!("document")));
    assert_eq!(reply["state"]["modules"].as_object().unwrap().keys().collect::<Vec<_>>(), ["phone"]);
    // The revision of the save before that.
    let stale = page.put(2, json!({"form": {"action": "put"}})).await;
    let error = "The state was reset since that revision";
    failed(&stale, 409, error, "state_reset", json!({"resumeAt": "document", "revision": reply["revision"]}));
}

#[tokio::test(start_paused = true)]
async fn a_save_of_an_older_revision_is_refused_and_changes_nothing() {
    let bench = sandbox().await;
    let mut page = CallingPage::new(&bench, json!({})).await;
    page.save(&["phone"]).await;
    for revision in [0, 2] {
        let refused = page.put(revision, json!({"document": {"action": "put"}})).await;
        let error = "The state has changed since that revision";
        failed(&refused, 409, error, "revision_conflict", json!({"revision": 1}));
    }
    assert_eq!(page.get().await["resumeAt"], "document");
}

#[tokio::test(start_paused = true)]
async fn a_state_has_a_largest_size() {
    let bench = sandbox().await;
    let ids: Vec<String> = (0..6).map(|place| format!("m{place}")).collect();
    let modules: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
    put_workflow(&bench, json!({"id": "large", "workflowVersion": "1.0.0", "modules": modules})).await;
    let mut page = CallingPage::new(&bench, json!({"workflowId": "large"})).await;
    page.get().await;
    let large = |id: &str| json!({id: {"action": "put", "variables": {"a": "x".repeat(250 * 1024)}}});
    for (revision, id) in (0..4).zip(&ids) {
        result(&page.put(revision, large(id)).await);
    }
    failed(&page.put(4, large("m4")).await, 413, "The state is too large", "state_too_large", json!({}));
    let reply = page.get().await;
    assert_eq!((&reply["revision"], &reply["resumeAt"]), (&json!(4), &json!("m4")));
}
