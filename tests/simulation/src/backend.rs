use std::{
    cell::RefCell,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Body};
use handset_sandbox::{AppState, Clock, Config, Random, app};
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt;

use crate::scenario::Scenario;

/// Where the sandbox's clock stands when a run begins, in epoch ms.
const EPOCH_MS: i64 = 1_800_000_000_000;
/// Where the page loaded from: names the host in the text of an SMS.
const PAGE: &str = "https://shop.example";
/// Longest reply that is read.
const BODY_BYTES: usize = 1 << 20;

/// The numbers that a person of this simulation has.
pub(crate) const NUMBERS: [&str; 3] = ["+15550000101", "+15550000102", "+15550000103"];

/// The sandbox, and what a relying party's server does with it.
pub(crate) struct Backend {
    app: Router,
    access_token: RefCell<String>,
}

/// What Start gave.
pub(crate) struct Started {
    pub(crate) auth_token: String,
    pub(crate) correlation_id: String,
    pub(crate) auth_id: String,
}

struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now_ms(&self) -> i64 {
        EPOCH_MS + i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

struct Seeded(Mutex<ChaCha8Rng>);

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
    }
}

impl Backend {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let config = Config {
            otp_resend_pause_seconds: scenario.resend_pause_s,
            link_start_reply: scenario.start_reply,
            rate_limit: 0,
            ..Config::default()
        };
        let random = Seeded(Mutex::new(ChaCha8Rng::seed_from_u64(!seed)));
        let state = AppState::new(config, Arc::new(VirtualClock(Instant::now())), Arc::new(random));
        Self { app: app(state), access_token: RefCell::default() }
    }

    /// The router itself, for connections.
    pub(crate) fn app(&self) -> Router {
        self.app.clone()
    }

    /// Sends a request through the router: status, headers that matter here, body.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> (u16, Option<u32>, String) {
        let mut request = axum::http::Request::builder().method(method).uri(path).header("Host", "127.0.0.1:8787");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let Ok(request) = request.body(Body::from(body)) else { return (0, None, String::new()) };
        let Ok(response) = self.app.clone().oneshot(request).await;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = axum::body::to_bytes(response.into_body(), BODY_BYTES).await.unwrap_or_default();
        (status, retry_after, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> Value {
        let bearer = format!("Bearer {}", self.access_token.borrow());
        let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (_, _, text) = self.send(method, path, &headers, body).await;
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What the client sends.
    pub(crate) async fn client(
        &self,
        path: &str,
        token: &str,
        version: &str,
        body: String,
    ) -> (u16, Option<u32>, String) {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
            ("PA-Version", version),
            ("Origin", PAGE),
        ];
        self.send("POST", path, &headers, body).await
    }

    /// The relying party's server starts a flow.
    pub(crate) async fn start(&self, scenario: &Scenario) -> Started {
        let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let (_, _, text) = self.send("POST", "/token", &headers, form.into()).await;
        let token: Value = serde_json::from_str(&text).unwrap_or_default();
        *self.access_token.borrow_mut() = text_of(&token, "access_token");
        let mut body = json!({
            "flowType": if scenario.is_mobile { "mobile" } else { "desktop" },
            "allowOTPRetry": scenario.allow_otp_retry,
            "finalTargetUrl": "https://shop.example/linked",
        });
        if let (true, Some(members)) = (scenario.server_has_number, body.as_object_mut()) {
            members.insert("phoneNumber".into(), NUMBERS[0].into());
        }
        let started = self.json("POST", "/v3/start", body).await;
        let correlation_id = text_of(&started, "correlationId");
        let auth_id = text_of(&self.state(&correlation_id).await, "authId");
        Started { auth_token: text_of(&started, "authToken"), correlation_id, auth_id }
    }

    /// The session, as the sandbox shows it.
    pub(crate) async fn state(&self, correlation_id: &str) -> Value {
        self.json("GET", &format!("/sandbox/sessions/{correlation_id}"), Value::Null).await
    }

    /// Messages that came after the one with the id `since`; waits for the first.
    pub(crate) async fn messages(&self, since: u64, wait_s: u32) -> Vec<Value> {
        let path = format!("/sandbox/messages?since={since}&wait={wait_s}");
        self.json("GET", &path, Value::Null).await.as_array().cloned().unwrap_or_default()
    }
}

pub(crate) fn text_of(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}
