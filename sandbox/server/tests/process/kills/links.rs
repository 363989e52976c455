//! Flows with a link: a page that waits at its socket completes after a kill.

use futures_util::StreamExt;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::relying_party::{PageSession, RelyingParty, assert_goes_on};
use crate::running::{PATIENCE, PlainSocket};

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum LinkRequest {
    #[default]
    Nothing,
    Sending,
    Opening,
}

#[derive(Default)]
pub(super) struct LinkFlow {
    number: String,
    page: Option<PageSession>,
    /// The socket at which the page waits.
    socket: Option<PlainSocket>,
    doing: LinkRequest,
    /// How many requests for an SMS were answered.
    sent: usize,
    /// The messages that the inspection showed.
    shown: Vec<Value>,
    /// Whether the phone got a response.
    opened: bool,
    /// The timeline that the inspection showed.
    timeline: Vec<Value>,
}

/// `None`: the socket is gone.
async fn outcome(socket: &mut PlainSocket) -> Option<Value> {
    match timeout(PATIENCE, socket.next()).await.unwrap()? {
        Ok(Message::Text(text)) => Some(serde_json::from_str(&text).unwrap()),
        _ => None,
    }
}

impl LinkFlow {
    pub(super) fn of(number: String) -> Self {
        Self { number, ..Self::default() }
    }

    /// Whether a request was under way at the kill.
    pub(super) fn is_unsure(&self) -> bool {
        self.doing != LinkRequest::Nothing
    }

    fn url(&self) -> &str {
        self.shown.last().unwrap()["url"].as_str().unwrap()
    }

    /// `None`: the sandbox is gone.
    pub(super) async fn run(&mut self, party: &RelyingParty, chance: &mut StdRng) -> Option<()> {
        let body = json!({"flowType": "desktop", "phoneNumber": self.number, "allowOTPRetry": true,
            "finalTargetUrl": "https://shop.test/linked"});
        let page = self.page.insert(party.open("/v3/start", body).await?).clone();
        let (socket, _) = connect_async(party.socket_url(&page)).await.ok()?;
        let socket = self.socket.insert(socket);
        self.doing = LinkRequest::Sending;
        party.page(&page, "mobile/instantlink/start", json!({"isMobile": false})).await?;
        self.doing = LinkRequest::Nothing;
        self.sent += 1;
        self.shown = party.messages(&self.number).await?;
        assert_eq!(self.shown.len(), 1);
        if chance.random_bool(0.5) {
            self.timeline = party.timeline(&page).await?;
        }
        if chance.random_bool(0.5) {
            self.doing = LinkRequest::Opening;
            let url = self.shown[0]["url"].as_str().unwrap();
            assert_eq!(party.open_link(url).await?, 303);
            self.doing = LinkRequest::Nothing;
            self.opened = true;
            assert_eq!(outcome(socket).await?, json!({"next": "done"}));
        }
        Some(())
    }

    /// Checks every answered request; a page that waits asks and connects again, as the client does, and completes.
    pub(super) async fn check(&mut self, party: &RelyingParty) {
        let Some(page) = self.page.clone() else { return };
        let session = party.session(&page).await.unwrap();
        assert_goes_on(session["timeline"].as_array().unwrap(), &self.timeline);
        let messages = party.messages(&self.number).await.unwrap();
        assert!(messages.starts_with(&self.shown), "messages are missing: {messages:?}");
        let unsure = usize::from(self.doing == LinkRequest::Sending);
        assert!((self.sent..=self.sent + unsure).contains(&messages.len()), "{messages:?}");
        self.shown = messages;
        let is_passed = session["status"] == "passed";
        assert!(if self.opened { is_passed } else { !is_passed || self.doing == LinkRequest::Opening }, "{session}");
        if let Some(mut old) = self.socket.take().filter(|_| !self.opened) {
            // The page may have heard of an opened link although the phone's response was lost.
            let heard = outcome(&mut old).await;
            assert!(heard.is_none() || is_passed && heard == Some(json!({"next": "done"})), "{heard:?}");
        }
        let status = party.page(&page, "status", json!({})).await.unwrap();
        assert_eq!(status["next"] == "done", is_passed, "{status}");
        let (mut socket, _) = connect_async(party.socket_url(&page)).await.unwrap();
        if self.shown.is_empty() {
            party.page(&page, "mobile/instantlink/start", json!({"isMobile": false})).await.unwrap();
            self.shown = party.messages(&self.number).await.unwrap();
        }
        if !is_passed {
            assert_eq!(party.open_link(self.url()).await, Some(303));
        }
        assert_eq!(outcome(&mut socket).await, Some(json!({"next": "done"})));
        assert!(party.validate(&page).await.unwrap());
        let individual = json!({"firstName": "Ada", "lastName": "Example"});
        let body = json!({"correlationId": page.correlation_id, "individual": individual});
        assert_eq!(party.post("/v3/complete", body).await.unwrap()["next"], json!({"done": "done"}));
    }
}
