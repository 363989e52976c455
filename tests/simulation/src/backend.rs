//! The sandbox of a run: its router, its restarts, its pauses and its clock.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body};
use futures_lite::future::or;
use handset_protocol::UnixMillis;
use handset_sandbox::{AppState, Clock, Config, InstantLinkConfig, OtpConfig, Random, app};
use handset_sandbox_store::{MemoryStore, Store, StoreError};
use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tower::ServiceExt;

use crate::{
    carrier::MOBILE_AUTH_NUMBER,
    machine::SimulatedMachine,
    planned_fault::PlannedFault,
    scenario::{BackendFaults, Restart, Scenario, Setup},
    trace::{Trace, TraceEntry},
};

/// Where the sandbox's clock stands when a run begins.
const BEGIN: UnixMillis = UnixMillis::new(1_800_000_000_000);
/// Where the page loaded from: names the host in the text of an SMS.
const PAGE: &str = "https://shop.example";
/// Lifetime of a session, in ms.
const SESSION_MS: u64 = 900_000;
/// Maximum size of a reply.
const BODY_BYTES: usize = 1 << 20;

/// The phone numbers of the simulated person.
pub(crate) const NUMBERS: [&str; 3] = ["+15550000101", "+15550000102", "+15550000103"];

/// The sandbox, and the relying party's server.
pub(crate) struct Backend {
    scenario: Rc<Scenario>,
    trace: Rc<Trace>,
    machine: Rc<SimulatedMachine>,
    clock: Arc<VirtualClock>,
    seed: u64,
    app: RefCell<Router>,
    /// The sandbox's store.
    store: RefCell<Arc<dyn Store>>,
    /// The number of kills.
    lives: watch::Sender<u64>,
    is_down: watch::Sender<bool>,
    /// How many restarts had an empty store.
    forgotten: Cell<u64>,
    /// The last state of a session that a restart lost.
    lost: RefCell<Option<Value>>,
    access_token: RefCell<String>,
}

/// Start's reply.
pub(crate) struct StartedFlow {
    pub(crate) auth_token: String,
    pub(crate) correlation_id: String,
    pub(crate) auth_id: String,
}

struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> UnixMillis {
        BEGIN + self.0.elapsed()
    }
}

struct BackendRandom(Mutex<ChaCha8Rng>);

impl Random for BackendRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().fill_bytes(buffer);
    }
}

impl Backend {
    pub(crate) async fn new(
        scenario: &Rc<Scenario>,
        trace: &Rc<Trace>,
        machine: &Rc<SimulatedMachine>,
        seed: u64,
    ) -> Result<Rc<Self>, StoreError> {
        let clock = Arc::new(VirtualClock(Instant::now()));
        // Not SQLite, which writes in another thread without virtual time. Both stores pass the same conformance suite.
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let app = sandbox(scenario, &clock, !seed, &store).await?;
        Ok(Rc::new(Self {
            scenario: scenario.clone(),
            trace: trace.clone(),
            machine: machine.clone(),
            clock,
            seed,
            app: RefCell::new(app),
            store: RefCell::new(store),
            lives: watch::Sender::new(0),
            is_down: watch::Sender::new(false),
            forgotten: Cell::default(),
            lost: RefCell::default(),
            access_token: RefCell::default(),
        }))
    }

    /// The router itself, for connections.
    pub(crate) fn app(&self) -> Router {
        self.app.borrow().clone()
    }

    /// How many restarts had an empty store.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten.get()
    }

    /// Resolves when the current process is killed.
    pub(crate) async fn ended(&self) {
        // Cannot fail: the sender is here.
        let _ = self.lives.subscribe().changed().await;
    }

    /// Whether no process listens.
    pub(crate) fn is_down(&self) -> bool {
        *self.is_down.borrow()
    }

    /// Resolves when a process listens.
    pub(crate) async fn is_up(&self) {
        // Cannot fail: the sender is here.
        let _ = self.is_down.subscribe().wait_for(|is_down| !is_down).await;
    }

    /// Waits while the process is stopped.
    pub(crate) async fn runs(&self) {
        let at = self.machine.at_ms();
        if let Some((_, to)) = self.scenario.backend.pauses.iter().find(|(from, to)| (*from..*to).contains(&at)) {
            self.trace.strikes("backend stopped for a while");
            sleep(Duration::from_millis(to - at)).await;
        }
    }

    /// Injects the scenario's fault for its time. A restart ends it, too.
    pub(crate) async fn obeys(self: Rc<Self>) {
        let Some(PlannedFault { from, to, fault }) = &self.scenario.backend.planned_fault else { return };
        sleep(Duration::from_millis(*from)).await;
        self.json("POST", "/sandbox/faults", json!({ "faults": [fault] })).await;
        sleep(Duration::from_millis(to - from)).await;
        self.record_fault_hits().await;
        self.json("DELETE", "/sandbox/faults", Value::Null).await;
    }

    /// Records the injected faults that have hit a request.
    pub(crate) async fn record_fault_hits(&self) {
        if self.scenario.backend.planned_fault.is_some() {
            let listed = self.json("GET", "/sandbox/faults", Value::Null).await;
            PlannedFault::struck(&listed).for_each(|fault| self.trace.strikes(fault));
        }
    }

    /// Applies the scenario's changes: the clock is moved, the backend is killed and started again.
    pub(crate) async fn suffers(self: Rc<Self>, correlation_id: String) {
        let BackendFaults { advances, restart, .. } = &self.scenario.backend;
        let mut turns: Vec<_> = advances.iter().map(|(at, seconds)| (*at, Some(*seconds))).collect();
        turns.extend(restart.iter().map(|restart| (restart.at, None)));
        turns.sort_unstable();
        for (at, turn) in turns {
            sleep(Duration::from_millis(at.saturating_sub(self.machine.at_ms()))).await;
            match turn {
                Some(seconds) => {
                    self.json("POST", "/sandbox/clock", json!({ "advanceSeconds": seconds })).await;
                }
                None => {
                    if let Some(restart) = restart {
                        self.restarts(restart, &correlation_id).await;
                    }
                }
            }
        }
    }

    async fn restarts(&self, restart: &Restart, correlation_id: &str) {
        let before = (self.state(correlation_id).await, self.messages(0, 0).await);
        if !restart.keeps {
            self.lost.replace(Some(before.0.clone()));
            self.forgotten.update(|times| times + 1);
            self.store.replace(Arc::new(MemoryStore::new()));
        }
        self.trace.strikes(match restart.keeps {
            true => "backend killed, and begun anew with its sessions",
            false => "backend killed, and begun anew without its sessions",
        });
        self.is_down.send_replace(true);
        self.lives.send_modify(|life| *life += 1);
        sleep(Duration::from_millis(restart.down_ms)).await;
        let store = self.store.borrow().clone();
        match sandbox(&self.scenario, &self.clock, self.seed ^ 1, &store).await {
            Ok(app) => *self.app.borrow_mut() = app,
            Err(_) => self.trace.add(TraceEntry::Flaw("the sandbox begins anew")),
        }
        self.is_down.send_replace(false);
        let after = (self.state(correlation_id).await, self.messages(0, 0).await);
        if restart.keeps && without_timeline(after) != without_timeline(before) {
            self.trace.add(TraceEntry::Flaw("what was written is there after a kill"));
        }
    }

    /// Whether the backend must know the run's session at this time.
    pub(crate) fn must_know_at(&self, at_ms: u64) -> bool {
        let advanced_s: u64 = self.scenario.backend.advances.iter().map(|(_, seconds)| u64::from(*seconds)).sum();
        self.forgotten() == 0 && at_ms + advanced_s * 1000 < SESSION_MS
    }

    /// The session, or its last state before a restart lost it.
    pub(crate) async fn last_state(&self, correlation_id: &str) -> Value {
        let lost = self.lost.borrow().clone();
        match lost {
            Some(state) => state,
            None => self.state(correlation_id).await,
        }
    }

    /// Sends a request through the router; returns status, relevant headers and body. `None` without a reply: the
    /// sandbox has broken the connection by an injected fault, or was killed.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Option<(u16, Option<u32>, String)> {
        let mut request = axum::http::Request::builder().method(method).uri(path).header("Host", "127.0.0.1:8787");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let Ok(request) = request.body(Body::from(body)) else { return None };
        let answered = async {
            let Ok(response) = self.app().oneshot(request).await;
            let status = response.status().as_u16();
            let retry_after = response.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
            let bytes = axum::body::to_bytes(response.into_body(), BODY_BYTES).await.ok()?;
            Some((status, retry_after, String::from_utf8_lossy(&bytes).into_owned()))
        };
        let killed = async {
            self.ended().await;
            None
        };
        or(killed, answered).await
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> Value {
        let bearer = format!("Bearer {}", self.access_token.borrow());
        let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (_, _, text) = self.send(method, path, &headers, body).await.unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// A request of the client.
    pub(crate) async fn client(
        &self,
        path: &str,
        token: &str,
        version: &str,
        body: String,
    ) -> Option<(u16, Option<u32>, String)> {
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
    pub(crate) async fn start(&self) -> StartedFlow {
        let Setup { is_mobile, allow_otp_retry, server_has_number, .. } = self.scenario.setup;
        let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let (_, _, text) = self.send("POST", "/token", &headers, form.into()).await.unwrap_or_default();
        let token: Value = serde_json::from_str(&text).unwrap_or_default();
        *self.access_token.borrow_mut() = text_of(&token, "access_token");
        let mut body = json!({
            "flowType": if is_mobile { "mobile" } else { "desktop" },
            "allowOTPRetry": allow_otp_retry,
            "finalTargetUrl": "https://shop.example/linked",
            // Six digits, so that the search for secrets finds no other text.
            "smsMessage": "Code or link: ######",
        });
        if let (true, Some(members)) = (server_has_number, body.as_object_mut()) {
            let number = self.scenario.carrier.map_or(NUMBERS[0], |_| MOBILE_AUTH_NUMBER);
            members.insert("phoneNumber".into(), number.into());
        }
        let started = self.json("POST", "/v3/start", body).await;
        let correlation_id = text_of(&started, "correlationId");
        let auth_id = text_of(&self.state(&correlation_id).await, "authId");
        StartedFlow { auth_token: text_of(&started, "authToken"), correlation_id, auth_id }
    }

    /// The session in the sandbox's inspection API.
    async fn state(&self, correlation_id: &str) -> Value {
        self.json("GET", &format!("/sandbox/sessions/{correlation_id}"), Value::Null).await
    }

    /// Waits for messages with an id above `since`.
    pub(crate) async fn messages(&self, since: u64, wait_s: u32) -> Vec<Value> {
        let path = format!("/sandbox/messages?since={since}&wait={wait_s}");
        self.json("GET", &path, Value::Null).await.as_array().cloned().unwrap_or_default()
    }
}

/// The state without its timeline. The killed sandbox shares this process, so it still records the end of its sockets.
fn without_timeline((mut session, messages): (Value, Vec<Value>)) -> (Value, Vec<Value>) {
    session.as_object_mut().and_then(|members| members.remove("timeline"));
    (session, messages)
}

async fn sandbox(
    scenario: &Scenario,
    clock: &Arc<VirtualClock>,
    seed: u64,
    store: &Arc<dyn Store>,
) -> Result<Router, StoreError> {
    let config = Config {
        otp: OtpConfig { resend_pause_seconds: scenario.setup.resend_pause_s, ..OtpConfig::default() },
        instant_link: InstantLinkConfig { start_reply: scenario.setup.start_reply, ..InstantLinkConfig::default() },
        rate_limit: 0,
        ..Config::default()
    };
    let random = BackendRandom(Mutex::new(ChaCha8Rng::seed_from_u64(seed)));
    let state = AppState::open(config, clock.clone(), Arc::new(random), store.clone()).await;
    Ok(app(state.map_err(|error| StoreError(error.to_string()))?))
}

pub(crate) fn text_of(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}
