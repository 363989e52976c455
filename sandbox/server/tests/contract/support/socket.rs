//! A status socket without a port.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::ws::Message;
use axum::http::StatusCode;
use futures_util::{Sink, Stream};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::{StartedSession, TestSandbox};

/// The server's end.
struct ServerEnd {
    incoming: UnboundedReceiver<Message>,
    outgoing: UnboundedSender<Message>,
}

/// The page's end.
pub(crate) struct TestSocket {
    incoming: UnboundedReceiver<Message>,
    outgoing: Option<UnboundedSender<Message>>,
    server: JoinHandle<()>,
}

impl Stream for ServerEnd {
    type Item = Result<Message, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_recv(context).map(|message| message.map(Ok))
    }
}

impl Sink<Message> for ServerEnd {
    type Error = ();

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), ()> {
        self.outgoing.send(message).map_err(drop)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }
}

impl TestSocket {
    pub(crate) fn open(bench: &TestSandbox, started: &StartedSession) -> Self {
        let (to_server, from_page) = unbounded_channel();
        let (to_page, from_server) = unbounded_channel();
        let (state, token) = (bench.state.clone(), started.auth_token.clone());
        let served = ServerEnd { incoming: from_page, outgoing: to_page };
        let server = tokio::spawn(async move {
            handset_sandbox::status_socket(&state, &token, served).await.unwrap();
        });
        Self { incoming: from_server, outgoing: Some(to_server), server }
    }

    pub(crate) fn send(&self, message: Message) {
        self.outgoing.as_ref().unwrap().send(message).unwrap();
    }

    /// The next message of any kind.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.incoming.recv().await
    }

    /// The next message other than a ping.
    pub(crate) async fn next_but_pings(&mut self) -> Option<Message> {
        loop {
            match self.next().await {
                Some(Message::Ping(_)) => {}
                other => return other,
            }
        }
    }

    /// The outcome of the flow, which a close with 1000 and nothing else follows.
    pub(crate) async fn outcome(mut self) -> Value {
        let Some(Message::Text(text)) = self.next_but_pings().await else { panic!("no text") };
        let outcome = serde_json::from_str(&text).unwrap();
        assert_eq!(self.closed_with().await, 1000);
        outcome
    }

    /// The code of the close that has to come next.
    pub(crate) async fn closed_with(mut self) -> u16 {
        let Some(Message::Close(Some(frame))) = self.next_but_pings().await else { panic!("no close") };
        self.outgoing = None;
        self.server.await.unwrap();
        assert_eq!(self.incoming.recv().await, None, "nothing after a close");
        frame.code
    }

    /// Closes the page's end, and waits until the server's end is closed too.
    pub(crate) async fn left(mut self) {
        self.outgoing = None;
        self.server.await.unwrap();
    }

    /// Whether the server has ended the socket.
    pub(crate) fn is_over(&self) -> bool {
        self.server.is_finished()
    }

    /// Whether the server has sent nothing so far.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        // The server's task runs until it waits.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.incoming.is_empty()
    }
}

impl TestSandbox {
    /// The page proves possession with a link that is opened on the phone.
    pub(crate) async fn show_by_link(&self, started: &StartedSession) {
        let mut socket = TestSocket::open(self, started);
        self.page(started, "mobile/instantlink/start", json!({"sourceIp": null, "isMobile": false})).await;
        assert!(socket.is_quiet().await);
        assert_eq!(self.get(&self.link_path().await).await.status, StatusCode::SEE_OTHER);
        assert_eq!(socket.outcome().await, json!({"next": "done"}));
    }
}
