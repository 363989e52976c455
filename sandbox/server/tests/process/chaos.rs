//! `--chaos` over real connections.

use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::running::{PATIENCE, SandboxProcess};

/// The outcome of a handshake, and the socket if there is one, which has answered a ping.
macro_rules! open {
    ($running:expr, $token:expr) => {
        match connect_async($running.socket_url($token)).await {
            Ok((mut socket, _)) => {
                socket.send(Message::text("ping")).await.unwrap();
                assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("pong"));
                ("open".to_owned(), Some(socket))
            }
            Err(Error::Http(response)) => (response.status().as_u16().to_string(), None),
            Err(_) => ("reset".to_owned(), None),
        }
    };
}

#[tokio::test]
async fn the_schedule_of_the_seed_breaks_sockets() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0", "--chaos", "7"]).await;
    let (token, id) = running.flow("desktop", "5005550006").await;
    let (mut outcomes, mut sockets) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        let (outcome, socket) = open!(running, &token);
        outcomes.push(outcome);
        sockets.extend(socket);
    }
    assert_eq!(outcomes, ["reset", "open", "open", "open", "503", "open", "open", "open", "open"]);
    let mut last = sockets.pop().unwrap();
    let dropped = timeout(PATIENCE, last.next()).await.unwrap();
    assert!(matches!(dropped, Some(Err(_))), "without a close: {dropped:?}");
    running.wait_for_timeline(&id, "socket_closed", 1).await;
    // The other sockets stay open.
    for socket in &mut sockets {
        socket.send(Message::text("ping")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("pong"));
    }
}

#[tokio::test]
async fn the_seed_is_logged() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0", "--chaos", "18446744073709551615"]).await;
    let log = running.end("TERM").await.stderr;
    let line = log.lines().find(|line| line.contains("chaos")).unwrap();
    assert!(line.contains("WARN") && line.ends_with("seed 18446744073709551615"), "{line}");
}
