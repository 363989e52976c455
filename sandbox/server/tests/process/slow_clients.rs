//! Slow clients: each one is disconnected at its deadline, and other clients are served.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{interval, timeout};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;

use crate::running::{ClientConnection, PATIENCE, PlainSocket, SandboxProcess, limited, logging};

/// How often a slow client sends a byte.
const DRIBBLE: Duration = Duration::from_millis(20);

/// Everything that arrives until the other side ends the connection.
async fn rest(stream: &mut ClientConnection) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a byte now and then until the other side ends it.
async fn dribble(stream: ClientConnection, byte: u8) -> String {
    let (mut from, mut to) = tokio::io::split(stream);
    let sending = async move {
        let mut ticks = interval(DRIBBLE);
        while to.write_all(&[byte]).await.is_ok() {
            ticks.tick().await;
        }
        // What was said before the end is still to be read.
        std::future::pending().await
    };
    let mut bytes = Vec::new();
    let reading = async { from.read_to_end(&mut bytes).await.map(drop) };
    let both = async {
        tokio::select! { _ = reading => {}, () = sending => {} }
    };
    timeout(PATIENCE, both).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The value of a metric without labels.
async fn metric(running: &SandboxProcess, name: &str) -> u64 {
    let (_, text) = running.send("GET", "/metrics", &[], "").await;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or("0");
    value.parse().unwrap()
}

async fn until_metric(running: &SandboxProcess, name: &str, value: u64) {
    let reached = async {
        while metric(running, name).await != value {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap();
}

#[tokio::test]
async fn an_endless_head_times_out() {
    let running = limited("head_seconds = 1", &[]).await;
    let mut silent = running.connect().await.unwrap();
    let mut half = running.connect().await.unwrap();
    half.write_all(b"POST /v3/start HTTP/1.1\r\nhost: localhost\r\nx-more: ").await.unwrap();
    let mut slow = running.connect().await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nx-more: ").await.unwrap();
    let (silent, half, slow) = tokio::join!(rest(&mut silent), rest(&mut half), dribble(slow, b'x'));
    assert_eq!((silent.as_str(), half.as_str(), slow.as_str()), ("", "", ""));
    until_metric(&running, "handset_sandbox_connections_open", 1).await;
    assert!(running.send("GET", "/healthz", &[], "").await.0.contains(" 200 "));
}

#[tokio::test]
async fn a_connection_that_idles_between_requests_is_closed() {
    let running = limited("head_seconds = 1", &[]).await;
    let mut stream = running.connect().await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let reply = rest(&mut stream).await;
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("\r\n\r\nok\n"), "{reply}");
}

#[tokio::test]
async fn an_endless_handshake_times_out() {
    let data = tempdir().unwrap();
    let flags = ["--tls-self-signed", "--data", data.path().to_str().unwrap()];
    let running = limited("head_seconds = 1", &flags).await;
    let mut silent = running.connect().await.unwrap();
    let mut half = running.connect().await.unwrap();
    // The beginning of a client's hello, of 512 bytes.
    half.write_all(&[0x16, 3, 1, 2, 0, 1]).await.unwrap();
    let (silent, half) = tokio::join!(rest(&mut silent), rest(&mut half));
    assert_eq!((silent.as_str(), half.as_str()), ("", ""));
    running.logged("TLS handshake timed out").await;
}

#[tokio::test]
async fn a_long_head_is_refused() {
    let running = limited("head_bytes = 16384", &[]).await;
    let (fits, long) = ("x".repeat(8 * 1024), "x".repeat(17 * 1024));
    assert!(running.send("GET", "/healthz", &[("x-long", &fits)], "").await.0.starts_with("HTTP/1.1 200 "));
    assert!(running.send("GET", "/healthz", &[("x-long", &long)], "").await.0.starts_with("HTTP/1.1 431 "));
    let (head, _) = running.send("GET", &format!("/healthz?{long}"), &[], "").await;
    assert!(head.starts_with("HTTP/1.1 431 ") || head.starts_with("HTTP/1.1 414 "), "{head}");
    let many: Vec<_> = (0..200).map(|number| format!("x-{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    assert!(running.send("GET", "/healthz", &many, "").await.0.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn an_endless_body_is_answered_408() {
    let running = limited("body_seconds = 1", &[]).await;
    let (token, _) = running.flow("mobile", "5005550006").await;
    let head = format!(
        "POST /v1/client/status HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{"
    );
    let mut half = running.connect().await.unwrap();
    half.write_all(head.as_bytes()).await.unwrap();
    let mut slow = running.connect().await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    let (half, slow) = tokio::join!(rest(&mut half), dribble(slow, b' '));
    for reply in [half, slow] {
        assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
        let body = json!({"code": 408, "message": "the body was not complete in time"});
        assert_eq!(serde_json::from_str::<Value>(reply.split_once("\r\n\r\n").unwrap().1).unwrap(), body);
    }
}

#[tokio::test]
async fn a_long_body_is_refused_before_it_arrives() {
    let running = limited("body_seconds = 600", &[]).await;
    let (token, _) = running.flow("mobile", "5005550006").await;
    for length in ["content-length: 1000000000000", "transfer-encoding: chunked"] {
        let mut stream = running.connect().await.unwrap();
        let head = format!(
            "POST /v1/client/status HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\n{length}\r\n\r\n4001\r\n{}",
            " ".repeat(0x4001)
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut reply = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut reply)).await.unwrap().unwrap();
        assert_eq!(&reply, b"HTTP/1.1 400", "{length}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let www = tempdir().unwrap();
    std::fs::write(www.path().join("large.bin"), vec![0; 32 * 1024 * 1024]).unwrap();
    let running = limited("write_seconds = 1", &["--www", www.path().to_str().unwrap()]).await;
    let mut stream = running.connect().await.unwrap();
    stream.write_all(b"GET /large.bin HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut begin = [0; 15];
    stream.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200 OK");
    until_metric(&running, "handset_sandbox_connections_open", 1).await;
    assert!(rest(&mut stream).await.len() < 32 * 1024 * 1024);
}

/// A connection that has ended may count for a moment yet.
async fn socket_when_free(running: &SandboxProcess, token: &str) -> PlainSocket {
    let opened = async {
        loop {
            if let Ok((socket, _)) = connect_async(running.socket_url(token)).await {
                break socket;
            }
        }
    };
    timeout(PATIENCE, opened).await.unwrap()
}

#[tokio::test]
async fn a_connection_over_the_limit_is_closed_until_another_one_ends() {
    let running = limited("connections = 2", &[]).await;
    let (token, _) = running.flow("desktop", "5005550006").await;
    // A socket is a connection as well, also when the request that opened it is over.
    let places = [socket_when_free(&running, &token).await, socket_when_free(&running, &token).await];
    let mut third = running.connect().await.unwrap();
    assert_eq!(rest(&mut third).await, "");
    running.logged("connection limit reached; closing").await;
    drop(places);
    let counted = async {
        // Until the server has seen that the first two ended.
        loop {
            let mut stream = running.open("GET", "/metrics", &[], "").await;
            let text = rest(&mut stream).await;
            if text.starts_with("HTTP/1.1 200 ") {
                break text;
            }
        }
    };
    let text = timeout(PATIENCE, counted).await.unwrap();
    assert!(text.contains("handset_sandbox_connections_refused_total{reason=\"too_many\"}"), "{text}");
}

#[tokio::test]
async fn a_socket_over_the_limit_is_refused_until_another_one_ends() {
    let running = limited("sockets = 2", &[]).await;
    let (token, _) = running.flow("desktop", "5005550006").await;
    let first = running.socket(&token).await;
    let _second = running.socket(&token).await;
    assert_eq!(metric(&running, "handset_sandbox_sockets_open").await, 2);
    let Err(Error::Http(response)) = connect_async(running.socket_url(&token)).await else { panic!("no refusal") };
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (503, "1"));
    drop(first);
    until_metric(&running, "handset_sandbox_sockets_open", 1).await;
    let at_once = futures_util::future::join_all((0..20).map(|_| connect_async(running.socket_url(&token)))).await;
    assert_eq!(at_once.iter().filter(|opened| opened.is_ok()).count(), 1);
}

/// The most memory that it has taken so far, in KiB; where the system says so.
fn peak_kib(running: &SandboxProcess) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}

#[tokio::test]
async fn a_flood_of_pings_from_a_client_that_does_not_read_takes_no_memory() {
    // A trace of each ping would hold the flood up.
    let running = logging("info", "write_seconds = 2", &[]).await;
    let (token, _) = running.flow("desktop", "5005550006").await;
    let before = peak_kib(&running);
    let mut stream = running.socket(&token).await.into_inner();
    // Final, a ping, masked with zeros, of 120 bytes.
    let ping = [&[0x89, 0x80 | 120, 0, 0, 0, 0][..], &[b'x'; 120]].concat();
    let pings = ping.repeat(512);
    // Until the server ends it, because its pongs are not taken.
    let flooding = async { while stream.write_all(&pings).await.is_ok() {} };
    timeout(PATIENCE, flooding).await.unwrap();
    until_metric(&running, "handset_sandbox_sockets_open", 0).await;
    let grown = peak_kib(&running).zip(before).map(|(after, before)| after - before);
    assert!(grown.is_none_or(|kib| kib < 4096), "{grown:?} KiB");
}
