//! Status sockets over a real port.

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::running::SandboxProcess;

#[tokio::test]
async fn a_bad_token_fails_the_handshake_with_401() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    for token in ["", "garbage"] {
        let Err(Error::Http(response)) = connect_async(running.socket_url(token)).await else { panic!("{token}") };
        assert_eq!(response.status(), 401);
    }
}

#[tokio::test]
async fn a_link_opened_on_the_phone_ends_the_wait_of_the_desktop() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let (token, correlation_id) = running.flow("desktop", "5005550006").await;
    let (mut socket, _) = connect_async(running.socket_url(&token)).await.unwrap();
    socket.send(Message::text("ping")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("pong"));
    running.post("/v1/client/mobile/instantlink/start", &token, json!({"isMobile": false})).await;
    let url = running.messages().await[0]["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&format!("http://{}", running.address)).unwrap();
    let (head, _) = running.send("GET", path, &[], "").await;
    assert!(head.starts_with("HTTP/1.1 303 "), "{head}");
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(r#"{"next":"done"}"#));
    let Message::Close(Some(frame)) = socket.next().await.unwrap().unwrap() else { panic!("no close") };
    assert_eq!(u16::from(frame.code), 1000);
    assert!(socket.next().await.is_none(), "an orderly end");
    let verified = running.post("/demo/verify", "", json!({"correlationId": correlation_id})).await;
    assert_eq!(verified["success"], true);
}

#[tokio::test]
async fn a_long_frame_ends_the_socket() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let (token, _) = running.flow("desktop", "5005550006").await;
    let (mut socket, _) = connect_async(running.socket_url(&token)).await.unwrap();
    socket.send(Message::text("x".repeat(1025))).await.unwrap();
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            Some(Ok(other)) => assert!(matches!(other, Message::Ping(_)), "{other:?}"),
        }
    }
}
