//! Injected faults over real connections.

use std::io::ErrorKind;

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::running::SandboxProcess;

const STATUS: &str = "/v1/client/status";

async fn post(running: &SandboxProcess, faults: Value) {
    running.post("/sandbox/faults", "", json!({"faults": faults})).await;
}

/// The bytes before the connection breaks, and the kind of its end.
async fn broken(running: &SandboxProcess, path: &str, token: &str, body: &str) -> (String, ErrorKind) {
    let mut stream = running.open("POST", path, &[("authorization", &format!("Bearer {token}"))], body).await;
    let mut reply = Vec::new();
    let error = stream.read_to_end(&mut reply).await.unwrap_err();
    (String::from_utf8(reply).unwrap(), error.kind())
}

/// A browser sends a request again by itself where not a byte of a reply came, and takes an orderly end after an
/// interim reply for an empty one.
#[tokio::test]
async fn a_broken_connection_is_reset_after_an_interim_reply() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let path = "/v1/client/mobile/otp/start";
    let reset = ("HTTP/1.1 102 Processing\r\n\r\n".to_owned(), ErrorKind::ConnectionReset);
    for (kind, messages) in [("drop", 0), ("refuse", 0), ("lose_reply", 1)] {
        let (token, _) = running.flow("mobile", "5005550006").await;
        post(&running, json!([{"path": path, "kind": kind}])).await;
        assert_eq!(broken(&running, path, &token, "{}").await, reset, "{kind}");
        assert_eq!(running.messages().await.len(), messages, "{kind}");
    }
}

#[tokio::test]
async fn a_handshake_is_refused() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let (token, _) = running.flow("desktop", "5005550006").await;
    for (fault, expected) in [
        (json!({"path": STATUS, "kind": "refuse"}), 503),
        (json!({"path": STATUS, "kind": "status", "status": 429}), 429),
    ] {
        post(&running, json!([fault])).await;
        let Err(Error::Http(response)) = connect_async(running.socket_url(&token)).await else { panic!("{fault}") };
        assert_eq!(response.status(), expected);
    }
    post(&running, json!([{"path": STATUS, "kind": "lose_reply", "count": 1}])).await;
    let Err(error) = connect_async(running.socket_url(&token)).await else { panic!("lose_reply") };
    assert!(!matches!(error, Error::Http(_)), "no reply: {error}");
    assert!(connect_async(running.socket_url(&token)).await.is_ok());
}

#[tokio::test]
async fn a_socket_is_dropped_without_a_close() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let (token, _) = running.flow("desktop", "5005550006").await;
    let fault = json!([{"path": STATUS, "kind": "drop", "method": "GET", "count": 1}]);
    let (mut waiting, _) = connect_async(running.socket_url(&token)).await.unwrap();
    post(&running, fault.clone()).await;
    assert!(matches!(waiting.next().await, Some(Err(_))), "it waited");
    post(&running, fault).await;
    let (mut fresh, _) = connect_async(running.socket_url(&token)).await.unwrap();
    assert!(matches!(fresh.next().await, Some(Err(_))), "it was new");
}

#[tokio::test]
async fn a_silent_socket_stays_open_and_says_nothing() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let (token, id) = running.flow("desktop", "5005550006").await;
    let (mut waiting, _) = connect_async(running.socket_url(&token)).await.unwrap();
    post(&running, json!([{"path": STATUS, "kind": "silence"}])).await;
    let (mut fresh, _) = connect_async(running.socket_url(&token)).await.unwrap();
    post(&running, json!([])).await;
    running.wait_for_timeline(&id, "socket_silent", 2).await;
    for socket in [&mut waiting, &mut fresh] {
        socket.send(Message::text("ping")).await.unwrap();
    }
    running.post("/v1/client/mobile/instantlink/start", &token, json!({"isMobile": false})).await;
    let url = running.messages().await[0]["url"].as_str().unwrap().to_owned();
    running.send("GET", url.strip_prefix(&format!("http://{}", running.address)).unwrap(), &[], "").await;
    let (mut told, _) = connect_async(running.socket_url(&token)).await.unwrap();
    assert_eq!(told.next().await.unwrap().unwrap(), Message::text(r#"{"next":"done"}"#));
    for socket in [&mut waiting, &mut fresh] {
        assert!(socket.next().now_or_never().is_none());
    }
}

#[tokio::test]
async fn a_request_that_a_fault_holds_does_not_delay_the_shutdown() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let (token, id) = running.flow("desktop", "5005550006").await;
    post(&running, json!([{"path": "/v1/client/*", "kind": "silence"}])).await;
    let (_socket, _) = connect_async(running.socket_url(&token)).await.unwrap();
    let _request = running.open("POST", STATUS, &[("authorization", &format!("Bearer {token}"))], "{}").await;
    running.wait_for_timeline(&id, "socket_silent", 1).await;
    running.wait_for_timeline(&id, "status_polled", 1).await;
    let begin = std::time::Instant::now();
    assert!(running.end("TERM").await.status.success());
    assert!(begin.elapsed().as_secs() < 10);
}
