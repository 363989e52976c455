//! Webhooks over real connections, a kill and a restart.

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::running::{LOGS, PATIENCE, SandboxProcess};

pub(crate) const SECRET: &str = "whsec_bm9ib2R5cy1wcm9jZXNzLXNlY3JldA==";
const PHONE: &str = "5005550177";
/// May hold a secret, too.
pub(crate) const PATH: &str = "/hook-of-9bW2xQ";

/// The next request: its `X-Correlation-ID`, its body, and the connection that waits for the answer.
async fn got(listener: &TcpListener) -> (String, Value, TcpStream) {
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    request(stream).await
}

/// The next request over an accepted connection.
pub(crate) async fn request<S: AsyncRead + Unpin>(mut stream: S) -> (String, Value, S) {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    loop {
        let count = timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
            line.unwrap().split_once(": ").unwrap().1.to_owned()
        };
        if body.len() == header("content-length").parse::<usize>().unwrap() {
            assert!(head.starts_with(&format!("POST {PATH} HTTP/1.1\r\n")), "{head}");
            LOGS.secret("token", header("x-prove-authorization").strip_prefix("Bearer ").unwrap());
            return (header("x-correlation-id"), serde_json::from_str(body).unwrap(), stream);
        }
    }
}

pub(crate) async fn answer(mut stream: impl AsyncWrite + Unpin, status: &str) {
    let reply = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(reply.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

async fn get(running: &SandboxProcess, path: &str) -> Value {
    serde_json::from_str(&running.send("GET", path, &[], "").await.1).unwrap()
}

/// The only delivery, once it has that many attempts.
pub(crate) async fn tried(running: &SandboxProcess, attempts: usize) -> Value {
    let tried = async {
        loop {
            let all = get(running, "/sandbox/webhook/deliveries").await;
            assert_eq!(all.as_array().unwrap().len(), 1);
            if all[0]["attempts"].as_array().unwrap().len() == attempts {
                return all[0].clone();
            }
        }
    };
    timeout(PATIENCE, tried).await.unwrap()
}

#[tokio::test]
async fn a_pending_event_is_delivered_after_a_kill_and_no_secret_is_logged() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("sandbox.db").display());
    let flags = ["--listen", "127.0.0.1:0", "--store", store.as_str()];
    let secrets = [("webhook secret", SECRET), ("webhook path", PATH), ("number", PHONE)];
    for (kind, secret) in secrets {
        LOGS.secret(kind, secret);
    }
    let mut logs = Vec::new();

    let running = SandboxProcess::start(&flags).await;
    let body = json!({"url": url, "secret": SECRET}).to_string();
    let (head, _) = running.send("PUT", "/sandbox/webhook", &[], &body).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let credentials = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
    let granted: Value = serde_json::from_str(&running.send("POST", "/token", &form, credentials).await.1).unwrap();
    let access_token = granted["access_token"].as_str().unwrap();
    LOGS.secret("token", access_token);
    running.post("/v3/identity", access_token, json!({"phoneNumber": PHONE})).await;
    let told = running.post("/sandbox/webhook/events", "", json!({"type": "PORT", "phoneNumber": PHONE})).await;
    let (first, body, stream) = got(&listener).await;
    assert_eq!(body[0]["eventId"], told["eventIds"][0]);
    answer(stream, "500 Internal Server Error").await;
    tried(&running, 1).await;
    running.post("/sandbox/clock", "", json!({"advanceSeconds": 5})).await;
    // Killed while the receiver works: the outcome of the attempt stays unknown.
    let (lost, again, stream) = got(&listener).await;
    logs.push(running.end("KILL").await.stderr);
    drop(stream);

    let running = SandboxProcess::start(&flags).await;
    let (second, third_time, stream) = got(&listener).await;
    assert_eq!((&again, &third_time), (&body, &body), "the same events, with the same ids");
    answer(stream, "204 No Content").await;
    let delivery = tried(&running, 2).await;
    assert_eq!(delivery["status"], "delivered");
    let names: Vec<_> = (0..2).map(|index| delivery["attempts"][index]["correlationId"].as_str().unwrap()).collect();
    assert_eq!(names, [first.as_str(), second.as_str()]);
    assert!(!names.contains(&lost.as_str()), "an attempt that it did not live to see the end of does not count");
    logs.push(running.end("TERM").await.stderr);

    // Finished deliveries and the webhook are kept, too.
    let running = SandboxProcess::start(&flags).await;
    assert_eq!(get(&running, "/sandbox/webhook").await, json!({"url": url}));
    assert_eq!(tried(&running, 2).await, delivery);
    logs.push(running.end("TERM").await.stderr);
    let log = logs.concat();
    assert!(log.contains("DEBUG") && log.contains("webhook attempt=1"));
    for (kind, secret) in secrets {
        assert!(!log.contains(secret), "{kind}");
    }
}
