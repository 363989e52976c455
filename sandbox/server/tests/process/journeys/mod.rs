//! Journeys by the binary: the error tables, addresses, many saves at the same time, and kills.

mod addresses;
mod error_tables;
mod kills;
mod parallel_saves;
mod state_reset;

use serde_json::{Value, json};

use crate::running::{LOGS, SandboxProcess};

pub(crate) const APP: &str = "sandbox-app";
pub(crate) const KEY: &str = "sandbox-app-key";
const WORKFLOW: &str = "onboarding";

/// A page with its token and its session.
#[derive(Clone)]
pub(crate) struct SavingPage {
    pub(crate) token: String,
    pub(crate) session: String,
}

/// Status and body of a reply.
pub(crate) type Answered = (u16, Value);

pub(crate) async fn send(sandbox: &SandboxProcess, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
    let (head, body) = sandbox.send("POST", path, headers, body).await;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{head}")), serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// Sets a workflow of four modules for the test: no code on resume, State Reset on.
pub(crate) async fn set_workflow(sandbox: &SandboxProcess, id: &str, properties: Value) {
    let mut workflow = json!({
        "id": id,
        "modules": [{"id": "phone"}, {"id": "document"}, {"id": "selfie"}, {"id": "form"}],
        "properties": {"dashboardStateReset": {"enable": true}},
    });
    for (name, value) in properties.as_object().unwrap() {
        workflow["properties"][name] = value.clone();
    }
    let (head, body) = sandbox.send("PUT", &format!("/sandbox/workflows/{id}"), &[], &workflow.to_string()).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head} {body}");
}

/// Generate Auth, as the built-in app.
pub(crate) async fn generate_auth(sandbox: &SandboxProcess, changes: Value) -> Answered {
    let mut body = json!({"appId": APP, "appKey": KEY, "transactionId": "t1", "workflowId": WORKFLOW});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    send(sandbox, "/v2/auth/token", &[], &body.to_string()).await
}

/// A token, and the session of a first get.
pub(crate) async fn open_page(sandbox: &SandboxProcess, changes: Value) -> SavingPage {
    let (status, reply) = generate_auth(sandbox, changes).await;
    assert_eq!(status, 200, "{reply}");
    let token = reply["result"]["authToken"].as_str().unwrap().to_owned();
    LOGS.secret("journey token", token.trim_start_matches("Bearer "));
    let mut page = SavingPage { token, session: String::new() };
    let (status, reply) = page.call(sandbox, "/v2/transaction-state/get", json!({"inputs": {}})).await;
    assert_eq!(status, 200, "{reply}");
    page.session = reply["result"]["sessionId"].as_str().unwrap_or_default().to_owned();
    page
}

impl SavingPage {
    pub(crate) async fn call(&self, sandbox: &SandboxProcess, path: &str, body: Value) -> Answered {
        let headers = [("authorization", self.token.as_str()), ("x-cpr-session-id", &self.session)];
        send(sandbox, path, &headers, &body.to_string()).await
    }

    /// Saves one module.
    pub(crate) async fn put(
        &self,
        sandbox: &SandboxProcess,
        revision: u64,
        module: &str,
        variables: Value,
    ) -> Answered {
        let modules = json!({module: {"action": "put", "variables": variables}});
        let body = json!({"revision": revision, "modules": modules});
        self.call(sandbox, "/v2/transaction-state/put", body).await
    }
}
