//! The calls of a page about its journey.

mod bodies;
mod handoff;
mod origins;
mod resume_code;
mod sessions;
mod state;

use axum::body::Body;
use axum::http::Request;
use handset_protocol::Secret;
use handset_sandbox::Config;
use serde_json::{Value, json};

use crate::journeys_server::{MOBILE, result, saved, token};
use crate::support::{TestResponse, TestSandbox};

pub(crate) const GET: &str = "/v2/transaction-state/get";
pub(crate) const PUT: &str = "/v2/transaction-state/put";
pub(crate) const CHECK: &str = "/v2/check-session";
pub(crate) const SEND: &str = "/v2/auth/otp/send";
pub(crate) const VERIFY: &str = "/v2/auth/otp/verify";
pub(crate) const HANDOFF: &str = "/v2/handoff";
pub(crate) const REDEEM: &str = "/v2/handoff/redeem";
/// Every call with a token that takes a body.
pub(crate) const WITH_TOKEN: [&str; 7] = [GET, PUT, CHECK, SEND, VERIFY, HANDOFF, "/v2/handoff/none/confirm"];

/// Members of Generate Auth of a user with a known contact, who is asked for a code on resume.
pub(crate) fn asked() -> Value {
    json!({"authenticateOnResume": "yes", "mobileNumber": MOBILE})
}

/// A sandbox without a rate limit: a test makes many calls at one time.
pub(crate) async fn sandbox() -> TestSandbox {
    TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await
}

/// A page with a token, and the session of its last get.
pub(crate) struct CallingPage<'a> {
    pub(crate) bench: &'a TestSandbox,
    pub(crate) token: Secret,
    pub(crate) session: Option<String>,
}

impl<'a> CallingPage<'a> {
    /// A page with a token of Generate Auth, for transaction `t1` with changes.
    pub(crate) async fn new(bench: &'a TestSandbox, changes: Value) -> Self {
        Self::with(bench, token(bench, changes).await)
    }

    /// A page with that token.
    pub(crate) fn with(bench: &'a TestSandbox, token: Secret) -> Self {
        Self { bench, token, session: None }
    }

    pub(crate) async fn send(&self, request: axum::http::request::Builder, body: Body) -> TestResponse {
        self.bench.send(self.request(request, body)).await
    }

    pub(crate) fn request(&self, request: axum::http::request::Builder, body: Body) -> Request<Body> {
        let mut request = request.header("authorization", self.token.expose());
        if let Some(session) = &self.session {
            request = request.header("x-cpr-session-id", session);
        }
        request.body(body).unwrap()
    }

    /// A call with that text as its body.
    pub(crate) async fn post(&self, path: &str, body: &str) -> TestResponse {
        self.send(Request::post(path).header("content-type", "application/json"), Body::from(body.to_owned())).await
    }

    pub(crate) async fn call(&self, path: &str, body: Value) -> TestResponse {
        self.post(path, &body.to_string()).await
    }

    /// The result of a get, whose session the page keeps.
    pub(crate) async fn get(&mut self) -> Value {
        self.get_with(json!({"inputs": {}})).await
    }

    pub(crate) async fn get_with(&mut self, body: Value) -> Value {
        let reply = result(&self.call(GET, body).await);
        if let Some(session) = reply["sessionId"].as_str() {
            self.session = Some(session.to_owned());
        }
        reply
    }

    pub(crate) async fn put(&self, revision: u64, modules: Value) -> TestResponse {
        self.call(PUT, json!({"revision": revision, "modules": modules})).await
    }

    /// Saves these modules, one after the other, from the current revision on. Returns the last result.
    pub(crate) async fn save(&mut self, modules: &[&str]) -> Value {
        let mut reply = self.get().await;
        for module in modules {
            reply = result(&self.put(reply["revision"].as_u64().unwrap(), saved(module)).await);
        }
        reply
    }
}
