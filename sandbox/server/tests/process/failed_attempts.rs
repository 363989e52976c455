//! Ten thousand wrong codes for one number in parallel, over the port: no more are checked than the limit allows.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use base64ct::{Base64UrlUnpadded, Encoding};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::running::{ClientConnection, LOGS, PATIENCE, SandboxProcess, command};

/// The sandbox's default limit.
const LIMIT: usize = 10;
/// The wrong codes before the codes are sent again.
const ATTEMPTS_BEFORE: usize = 4;
const SESSIONS: usize = 250;
/// Codes of each session.
const EACH: usize = 40;
/// Clients at the same time.
const CLIENTS: usize = 150;
const PHONE: &str = "5005550006";
const START: &str = "/v1/client/mobile/otp/start";
const FINISH: &str = "/v1/client/mobile/otp/finish";

/// A connection that is used again and again.
struct HttpClient(ClientConnection);

impl HttpClient {
    async fn post(&mut self, path: &str, token: &str, body: &Value) -> Value {
        self.send("POST", path, token, &body.to_string()).await
    }

    async fn send(&mut self, method: &str, path: &str, token: &str, body: &str) -> Value {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n");
        let head = format!("{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        self.0.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        timeout(PATIENCE, self.reply()).await.unwrap()
    }

    async fn reply(&mut self) -> Value {
        let mut bytes = Vec::new();
        loop {
            assert_ne!(self.0.read_buf(&mut bytes).await.unwrap(), 0, "it has ended");
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let mut body = bytes.split_off(end + 4);
            let head = String::from_utf8(bytes).unwrap();
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
            let begun = body.len();
            body.resize(length, 0);
            self.0.read_exact(&mut body[begun..]).await.unwrap();
            return serde_json::from_slice(&body).unwrap();
        }
    }
}

/// Calls `ask` with each number below `count`, over all clients.
async fn at_once<T>(running: &SandboxProcess, count: usize, ask: impl AsyncFn(&mut HttpClient, usize) -> T) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let client = async || {
        let mut client = HttpClient(running.connect().await.unwrap());
        let mut answers = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return answers;
            }
            answers.push(ask(&mut client, number).await);
        }
    };
    join_all((0..CLIENTS).map(|_| client())).await.into_iter().flatten().collect()
}

/// A session of the number, as its page knows it.
struct NumberSession {
    token: String,
    correlation_id: String,
    auth_id: String,
}

/// Starts a session and has a code sent.
async fn begin(client: &mut HttpClient) -> NumberSession {
    let body = json!({"flowType": "mobile", "phoneNumber": PHONE, "allowOTPRetry": true, "smsMessage": "######"});
    let started = client.post("/demo/start", "", &body).await;
    let text = |member: &str| started[member].as_str().unwrap().to_owned();
    let (token, correlation_id) = (text("authToken"), text("correlationId"));
    LOGS.secret("token", &token);
    client.post(START, &token, &json!({})).await;
    let claims = Base64UrlUnpadded::decode_vec(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    NumberSession { token, correlation_id, auth_id: claims["auth"]["id"].as_str().unwrap().to_owned() }
}

/// The newest code of every session, by its authId, where each was sent one so many times.
async fn codes(running: &SandboxProcess, times: usize) -> HashMap<String, String> {
    let text = |message: &Value, member: &str| message[member].as_str().unwrap().to_owned();
    let messages = running.messages().await;
    assert_eq!(messages.len(), times * SESSIONS);
    messages.iter().map(|message| (text(message, "authId"), text(message, "code"))).collect()
}

fn wrong(code: &str) -> Value {
    json!({"otp": code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect::<String>()})
}

fn is_wrong_code(reply: &Value) -> bool {
    reply["data"]["code"] == 10000
}

/// The outcomes of all codes and their counts, by the timelines.
async fn outcomes(running: &SandboxProcess, sessions: &[NumberSession]) -> BTreeMap<String, usize> {
    let sessions_seen = at_once(running, sessions.len(), async |client, number| {
        client.send("GET", &format!("/sandbox/sessions/{}", sessions[number].correlation_id), "", "").await
    });
    let mut outcomes = BTreeMap::new();
    for session in sessions_seen.await {
        for moment in session["timeline"].as_array().unwrap() {
            if let (Some("otp_finish"), Some(outcome)) = (moment["kind"].as_str(), moment["outcome"].as_str()) {
                *outcomes.entry(outcome.to_owned()).or_default() += 1;
            }
        }
    }
    outcomes
}

async fn submit_codes(store: &str) {
    // What is counted here is codes.
    let folder = tempdir().unwrap();
    let config = folder.path().join("sandbox.toml");
    std::fs::write(&config, "[sms]\nper_session = 0\nper_number = 0\n").unwrap();
    let config = config.to_str().unwrap();
    let mut command =
        command(&["--listen", "127.0.0.1:0", "--rate-limit", "off", "--store", store, "--config", config]);
    // So many requests would fill a disk at the trace level.
    command.env("RUST_LOG", "warn");
    let running = SandboxProcess::spawn(command).await;
    let sessions = at_once(&running, SESSIONS, async |client, _| begin(client).await).await;
    let old = codes(&running, 1).await;
    let before = at_once(&running, ATTEMPTS_BEFORE, async |client, number| {
        let session = &sessions[number];
        client.post(FINISH, &session.token, &wrong(&old[&session.auth_id])).await
    });
    assert!(before.await.iter().all(is_wrong_code));
    at_once(&running, SESSIONS, async |client, number| client.post(START, &sessions[number].token, &json!({})).await)
        .await;
    let codes = codes(&running, 2).await;

    // In turn: the first thousand are wrong, which is more than may be checked and more than are asked at the same time.
    let replies = at_once(&running, SESSIONS * EACH, async |client, number| {
        let (session, turn) = (&sessions[number % SESSIONS], number / SESSIONS);
        let code = &codes[&session.auth_id];
        let is_right = turn > 3 && turn % 4 == 0;
        let body = if is_right { json!({"otp": code}) } else { wrong(code) };
        client.post(FINISH, &session.token, &body).await
    })
    .await;
    assert_eq!(replies.len(), SESSIONS * EACH);
    assert!(!replies.contains(&json!({"next": "done"})), "a right code was checked");
    assert!(replies.iter().filter(|reply| is_wrong_code(reply)).count() <= LIMIT - ATTEMPTS_BEFORE);
    let outcomes = outcomes(&running, &sessions).await;
    let checked = ["wrong_code", "attempts_exhausted", "passed"].map(|name| outcomes.get(name).copied().unwrap_or(0));
    assert_eq!(checked.iter().sum::<usize>(), LIMIT, "{outcomes:?}");
    assert_eq!(outcomes.values().sum::<usize>(), ATTEMPTS_BEFORE + SESSIONS * EACH, "each was answered: {outcomes:?}");
    assert_eq!(running.kill().await, "", "it has nothing to complain of");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_wrong_codes_in_parallel_are_not_checked_beyond_the_limit() {
    submit_codes("memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_wrong_codes_in_parallel_are_not_checked_beyond_the_limit_in_a_file() {
    let folder = tempdir().unwrap();
    submit_codes(&format!("sqlite:{}", folder.path().join("sandbox.db").display())).await;
}
