//! The requests of a relying party, its page and its test. Only a whole response counts.

use std::time::Duration;

use handset_protocol::UnixMillis;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::running::PATIENCE;

/// The page's part of a session.
#[derive(Clone)]
pub(super) struct PageSession {
    pub(super) auth_token: String,
    pub(super) correlation_id: String,
}

pub(super) struct RelyingParty {
    address: String,
    token: String,
    project: String,
    answers: watch::Sender<u64>,
}

pub(super) struct JsonResponse {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// `None`: the sandbox went before its response was whole.
async fn ask(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Option<JsonResponse> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}");
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).await.ok()?;
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
    if body.len() != length {
        return None;
    }
    let status = head.split(' ').nth(1)?.parse().unwrap();
    Some(JsonResponse { status, body: serde_json::from_str(body).unwrap_or_default() })
}

impl RelyingParty {
    pub(super) fn new(address: &str, token: &str, project: String) -> Self {
        Self { address: address.to_owned(), token: token.to_owned(), project, answers: watch::Sender::new(0) }
    }

    /// The same relying party in a project of its own, whose clock moves without the others.
    pub(super) fn for_attempts(&self) -> Self {
        let Self { address, token, project, answers } = self;
        let project = format!("{project}-attempts");
        Self { address: address.clone(), token: token.clone(), project, answers: answers.clone() }
    }

    /// An access token. It stays valid over every restart.
    pub(super) async fn token(address: &str) -> String {
        let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
        let headers = "content-type: application/x-www-form-urlencoded\r\n";
        let answer = ask(address, "POST", "/token", headers, form).await.unwrap();
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    /// Waits until that many requests were answered.
    pub(super) async fn answered(&self, count: u64) {
        timeout(PATIENCE, self.answers.subscribe().wait_for(|answers| *answers >= count)).await.unwrap().unwrap();
    }

    async fn send(&self, method: &str, path: &str, bearer: &str, body: &Value) -> Option<JsonResponse> {
        let project = &self.project;
        let headers = format!(
            "authorization: Bearer {bearer}\r\nhandset-project: {project}\r\ncontent-type: application/json\r\n"
        );
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = ask(&self.address, method, path, &headers, &body).await?;
        self.answers.send_modify(|answers| *answers += 1);
        Some(answer)
    }

    /// A call of the server API.
    pub(super) async fn call(&self, method: &str, path: &str, body: &Value) -> Option<JsonResponse> {
        self.send(method, path, &self.token, body).await
    }

    /// A call that the sandbox has to accept.
    pub(super) async fn post(&self, path: &str, body: Value) -> Option<Value> {
        let JsonResponse { status, body } = self.call("POST", path, &body).await?;
        assert_eq!(status, 200, "{path}: {body}");
        Some(body)
    }

    /// A call of the page's authenticator.
    pub(super) async fn page(&self, page: &PageSession, path: &str, body: Value) -> Option<Value> {
        let path = format!("/v1/client/{path}");
        let JsonResponse { status, body } = self.send("POST", &path, &page.auth_token, &body).await?;
        assert_eq!(status, 200, "{path}: {body}");
        Some(body)
    }

    pub(super) async fn open(&self, path: &str, body: Value) -> Option<PageSession> {
        let reply = self.post(path, body).await?;
        let text = |member: &str| reply[member].as_str().unwrap().to_owned();
        Some(PageSession { auth_token: text("authToken"), correlation_id: text("correlationId") })
    }

    /// Whether possession was proved.
    pub(super) async fn validate(&self, page: &PageSession) -> Option<bool> {
        let reply = self.post("/v3/validate", json!({"correlationId": page.correlation_id})).await?;
        reply["success"].as_bool()
    }

    pub(super) async fn messages(&self, number: &str) -> Option<Vec<Value>> {
        let path = format!("/sandbox/messages?to={}", number.replace('+', "%2B"));
        Some(self.call("GET", &path, &Value::Null).await?.body.as_array().unwrap().clone())
    }

    /// The session as the inspection shows it.
    pub(super) async fn session(&self, page: &PageSession) -> Option<Value> {
        let JsonResponse { status, body } =
            self.call("GET", &format!("/sandbox/sessions/{}", page.correlation_id), &Value::Null).await?;
        assert_eq!(status, 200, "{body}");
        Some(body)
    }

    pub(super) async fn timeline(&self, page: &PageSession) -> Option<Vec<Value>> {
        Some(self.session(page).await?["timeline"].as_array().unwrap().clone())
    }

    /// The status of opening a link.
    pub(super) async fn open_link(&self, url: &str) -> Option<u16> {
        let path = url.strip_prefix(&format!("http://{}", self.address)).unwrap();
        Some(self.call("GET", path, &Value::Null).await?.status)
    }

    pub(super) fn socket_url(&self, page: &PageSession) -> String {
        format!("ws://{}/v1/client/status?token={}", self.address, page.auth_token)
    }

    /// Moves the project's clock by whole seconds. Returns its time.
    pub(super) async fn advance(&self, by: Duration) -> Option<UnixMillis> {
        let reply = self.post("/sandbox/clock", json!({"advanceSeconds": by.as_secs()})).await?;
        reply["now"].as_i64().map(UnixMillis::new)
    }
}

/// The timeline begins with the events that were seen of it.
pub(super) fn assert_goes_on(timeline: &[Value], seen: &[Value]) {
    assert!(timeline.starts_with(seen), "events are missing: {seen:?} of {timeline:?}");
}
