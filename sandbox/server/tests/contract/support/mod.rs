//! One sandbox in one process, in tokio's paused time.
#![allow(dead_code, reason = "every test crate uses a part of it")]

pub(crate) mod broken_store;
pub(crate) mod event_stream;
pub(crate) mod openapi_document;
pub(crate) mod receiver;
pub(crate) mod replies;
pub(crate) mod socket;
pub(crate) mod visits;
pub(crate) mod webhooks;
pub(crate) mod yielding_store;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Extension, Router};
use handset_protocol::{Secret, UnixMillis};
use handset_sandbox::{AppState, Clock, Config, Random, app};
use handset_sandbox_listener::PeerAddress;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt;

/// Where the test clock begins, in ms since the epoch.
pub(crate) const BEGIN: i64 = 1_800_000_000_000;
/// The other end of every connection.
pub(crate) const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);
/// The number of a synthetic person.
pub(crate) const PHONE: &str = "5005550006";
/// Another number.
pub(crate) const OTHER_PHONE: &str = "5005550007";
/// A test user.
pub(crate) const TEST_USER: &str = "2001004009";
/// The final target of links.
pub(crate) const TARGET: &str = "https://shop.test/linked";

/// Reads tokio's time, which stands still while the test computes.
struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> UnixMillis {
        UnixMillis::new(BEGIN) + self.0.elapsed()
    }
}

struct SeededRandom(Mutex<StdRng>);

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(buffer);
    }
}

/// A sandbox under test.
pub(crate) struct TestSandbox {
    pub(crate) state: AppState,
    pub(crate) app: Router,
    pub(crate) access_token: Secret,
}

/// A session that was started.
#[derive(Clone, Debug)]
pub(crate) struct StartedSession {
    pub(crate) auth_token: Secret,
    pub(crate) correlation_id: String,
}

/// A response of the sandbox, read whole.
#[derive(Debug)]
pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl TestResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, code and message of a refusal, which has exactly these two members.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: u16, message: &str) {
        let expected = json!({"code": code, "message": message});
        assert_eq!((self.status.as_u16(), self.json()), (status, expected));
        assert_eq!(self.header("content-type"), "application/json");
    }

    /// The refusal of the token call, which has two more members.
    #[track_caller]
    pub(crate) fn token_refused(&self, status: u16, code: u16, error: &str, message: &str) {
        let expected = json!({"code": code, "message": message, "error": error, "error_description": message});
        assert_eq!((self.status.as_u16(), self.json()), (status, expected));
        assert_eq!(self.header("content-type"), "application/json");
    }
}

pub(crate) fn parts() -> (Arc<dyn Clock>, Arc<dyn Random>) {
    (Arc::new(TestClock(Instant::now())), Arc::new(SeededRandom(Mutex::new(StdRng::seed_from_u64(1)))))
}

pub(crate) fn state(config: Config) -> AppState {
    let (clock, random) = parts();
    AppState::new(config, clock, random)
}

impl TestSandbox {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::on(state(config)).await
    }

    pub(crate) async fn on(state: AppState) -> Self {
        let app = app(state.clone()).layer(Extension(PeerAddress(PEER)));
        let mut bench = Self { state, app, access_token: Secret::default() };
        bench.access_token = bench.access_token("sandbox").await;
        bench
    }

    /// A sandbox whose concurrent requests all read before any of them writes. It has no rate limit.
    pub(crate) async fn yielding() -> Self {
        Self::over(Arc::new(yielding_store::YieldingStore::default())).await
    }

    /// Such a sandbox on that store.
    pub(crate) async fn over(store: Arc<yielding_store::YieldingStore>) -> Self {
        let config = Config { rate_limit: 0, ..Config::default() };
        let (clock, random) = parts();
        Self::on(AppState::with_store(config, clock, random, store.observing())).await
    }

    pub(crate) async fn access_token(&self, client_id: &str) -> Secret {
        let form = format!("grant_type=client_credentials&client_id={client_id}&client_secret=sandbox-secret");
        let answer = self.token(&form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().into()
    }

    pub(crate) async fn token(&self, form: &str) -> TestResponse {
        let request = Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(form.to_owned().into()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> TestResponse {
        self.try_send(request).await.expect("a reply")
    }

    /// A request through a connection from that address.
    pub(crate) async fn send_from(&self, peer: SocketAddr, request: Request<Body>) -> TestResponse {
        let app = app(self.state.clone()).layer(Extension(PeerAddress(peer)));
        Self::try_send_to(app, request).await.expect("a reply")
    }

    /// `None`: the connection broke before the reply.
    pub(crate) async fn try_send(&self, request: Request<Body>) -> Option<TestResponse> {
        Self::try_send_to(self.app.clone(), request).await
    }

    async fn try_send_to(app: Router, request: Request<Body>) -> Option<TestResponse> {
        let response = app.oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.ok()?;
        let response = TestResponse { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() };
        replies::record(response.status.as_u16(), &response.text);
        Some(response)
    }

    /// A GET, as from this machine.
    pub(crate) async fn get(&self, uri: &str) -> TestResponse {
        self.get_with(uri, &[]).await
    }

    pub(crate) async fn get_with(&self, uri: &str, headers: &[(&str, &str)]) -> TestResponse {
        let mut request = Request::get(uri).header("host", "localhost:8787");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn put(&self, uri: &str, body: &Value) -> TestResponse {
        let request = Request::put(uri).header("host", "localhost:8787").header("content-type", "application/json");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    pub(crate) async fn delete(&self, uri: &str) -> TestResponse {
        self.send(Request::delete(uri).header("host", "localhost:8787").body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, uri: &str, token: Option<&Secret>, body: &str) -> TestResponse {
        self.try_post(uri, token, body).await.expect("a reply")
    }

    pub(crate) async fn try_post(&self, uri: &str, token: Option<&Secret>, body: &str) -> Option<TestResponse> {
        let mut request =
            Request::post(uri).header("host", "localhost:8787").header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        self.try_send(request.body(body.to_owned().into()).unwrap()).await
    }

    /// A call of the relying party's server.
    pub(crate) async fn call(&self, path: &str, body: Value) -> TestResponse {
        self.post(path, Some(&self.access_token), &body.to_string()).await
    }

    pub(crate) async fn call_as(&self, client_id: &str, path: &str, body: Value) -> TestResponse {
        let token = self.access_token(client_id).await;
        self.post(path, Some(&token), &body.to_string()).await
    }

    pub(crate) async fn start(&self, body: Value) -> StartedSession {
        let answer = self.call("/v3/start", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let reply = answer.json();
        StartedSession {
            auth_token: reply["authToken"].as_str().unwrap().into(),
            correlation_id: reply["correlationId"].as_str().unwrap().to_owned(),
        }
    }

    /// A session of another call than Start, and the reply of that call.
    pub(crate) async fn open(&self, path: &str, body: Value) -> (StartedSession, Value) {
        let answer = self.call(path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let reply = answer.json();
        let auth_token = reply["authToken"].as_str().unwrap_or_default().into();
        (StartedSession { auth_token, correlation_id: reply["correlationId"].as_str().unwrap().to_owned() }, reply)
    }

    /// The response to a call with the correlationId alone.
    pub(crate) async fn ask(&self, started: &StartedSession, path: &str) -> TestResponse {
        self.call(path, json!({"correlationId": started.correlation_id})).await
    }

    /// The page proves possession with a code.
    pub(crate) async fn show_by_code(&self, started: &StartedSession) {
        assert_eq!(self.page(started, "mobile/otp/start", json!({})).await, json!({}));
        let reply = self.page(started, "mobile/otp/finish", json!({"otp": self.code().await})).await;
        assert_eq!(reply, json!({"next": "done"}));
    }

    /// The page gives up.
    pub(crate) async fn give_up(&self, started: &StartedSession) {
        let reply = self.page(started, "mobile/otp/error", json!({"message": "x"})).await;
        assert_eq!(reply, json!({"next": "done"}));
    }

    /// A request of any method, with the access token of a credential.
    pub(crate) async fn request_as(
        &self,
        client_id: &str,
        method: &str,
        uri: &str,
        body: Option<Value>,
    ) -> TestResponse {
        let token = self.access_token(client_id).await;
        self.request_with(&token, method, uri, body).await
    }

    /// A request of any method, with that access token.
    pub(crate) async fn request_with(
        &self,
        token: &Secret,
        method: &str,
        uri: &str,
        body: Option<Value>,
    ) -> TestResponse {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "localhost:8787")
            .header("authorization", format!("Bearer {}", token.expose()));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or(Body::empty(), |body| body.to_string().into());
        self.send(request.body(body).unwrap()).await
    }

    /// The same request four times at once: the statuses and texts of the answers.
    pub(crate) async fn at_once(&self, method: &str, uri: &str, body: &str) -> Vec<(u16, String)> {
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let request = Request::builder()
                    .method(method)
                    .uri(uri)
                    .header("content-type", "application/json")
                    .header("authorization", format!("Bearer {}", self.access_token.expose()));
                let request = request.body(Body::from(body.to_owned())).unwrap();
                tokio::spawn(self.app.clone().oneshot(request))
            })
            .collect();
        let mut answers = Vec::new();
        for call in calls {
            let response = call.await.unwrap().unwrap();
            let status = response.status().as_u16();
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            answers.push((status, String::from_utf8(bytes.to_vec()).unwrap()));
        }
        answers
    }

    /// A session at the code step, with a number.
    pub(crate) async fn otp(&self, retry: bool) -> StartedSession {
        self.start(json!({"flowType": "mobile", "phoneNumber": PHONE, "allowOTPRetry": retry})).await
    }

    /// A session at the link step, with a number.
    pub(crate) async fn link(&self, retry: bool) -> StartedSession {
        let target = {
            let (flow, phone) = ("desktop", PHONE);
            json!({"flowType": flow, "phoneNumber": phone, "finalTargetUrl": TARGET, "allowOTPRetry": retry})
        };
        self.start(target).await
    }

    /// A request of the page; the reply without the extensions, which have tests of their own.
    pub(crate) async fn page(&self, started: &StartedSession, path: &str, body: Value) -> Value {
        let mut reply = self.page_with_times(started, path, body).await;
        for extension in ["serverTime", "expiresAt", "resendAt"] {
            reply.as_object_mut().unwrap().remove(extension);
        }
        reply
    }

    /// A request of the page. `None`: the connection broke before the reply.
    pub(crate) async fn try_page(&self, started: &StartedSession, path: &str, body: Value) -> Option<TestResponse> {
        self.try_post(&format!("/v1/client/{path}"), Some(&started.auth_token), &body.to_string()).await
    }

    /// Lists these faults, and no others.
    pub(crate) async fn faults(&self, faults: Value) -> Value {
        let answer = self.post("/sandbox/faults", None, &json!({"faults": faults}).to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()["faults"].clone()
    }

    pub(crate) async fn page_with_times(&self, started: &StartedSession, path: &str, body: Value) -> Value {
        let uri = format!("/v1/client/{path}");
        let answer = self.post(&uri, Some(&started.auth_token), &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    pub(crate) async fn validate(&self, started: &StartedSession) -> TestResponse {
        self.call("/v3/validate", json!({"correlationId": started.correlation_id})).await
    }

    /// Whether Validate says yes; and its `next`.
    pub(crate) async fn validated(&self, started: &StartedSession) -> (bool, Value) {
        let answer = self.validate(started).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        (answer.json()["success"].as_bool().unwrap(), answer.json()["next"].clone())
    }

    pub(crate) async fn messages(&self) -> Vec<Value> {
        self.get("/sandbox/messages").await.json().as_array().unwrap().clone()
    }

    /// The code of the newest message.
    pub(crate) async fn code(&self) -> String {
        self.messages().await.last().unwrap()["code"].as_str().unwrap().to_owned()
    }

    /// The path of the newest message's link.
    pub(crate) async fn link_path(&self) -> String {
        let url = self.messages().await.last().unwrap()["url"].as_str().unwrap().to_owned();
        url.strip_prefix("http://127.0.0.1:8787").unwrap().to_owned()
    }

    pub(crate) async fn session(&self, started: &StartedSession) -> Value {
        self.get(&format!("/sandbox/sessions/{}", started.correlation_id)).await.json()
    }

    /// The timeline of a session from that index on, each event as `from>to kind`, followed by its outcome and by
    /// `!` with its fault.
    pub(crate) async fn timeline_lines(&self, started: &StartedSession, from: usize) -> Vec<String> {
        let line = |moment: &Value| {
            let text = |member: &str| moment[member].as_str();
            let mut line = format!("{}>{} {}", text("from").unwrap(), text("to").unwrap(), text("kind").unwrap());
            if let Some(outcome) = text("outcome") {
                line = format!("{line} {outcome}");
            }
            if let Some(fault) = text("fault") {
                line = format!("{line} !{fault}");
            }
            line
        };
        let session = self.session(started).await;
        session["timeline"].as_array().unwrap()[from..].iter().map(line).collect()
    }

    pub(crate) async fn pass_ms(&self, ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }
}

/// Whether the value holds a null, an empty list or an empty map at any depth.
pub(crate) fn holds_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.is_empty() || all.iter().any(holds_nothing),
        Value::Object(all) => all.is_empty() || all.values().any(holds_nothing),
        _ => false,
    }
}

/// A code other than this one.
pub(crate) fn wrong(code: &str) -> String {
    let digit = |digit: char| if digit == '9' { '0' } else { char::from(digit as u8 + 1) };
    code.chars().map(digit).collect()
}

/// The claims of an authToken.
pub(crate) fn claims(token: &Secret) -> Value {
    let claims: handset_protocol::token::Claims =
        jsonwebtoken::dangerous::insecure_decode(token.expose()).unwrap().claims;
    serde_json::to_value(claims).unwrap()
}
