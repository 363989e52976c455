//! Scripted sockets, and the record of their use.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::pending,
    rc::Rc,
    time::Duration,
};

use handset::flow::{Socket, SocketEvent};
use handset_protocol::Secret;
use serde_json::Value;
use tokio::time::Instant;

use super::{ledger::LedgerEntry, time::until};

/// The events of a socket, in ms from its creation, and its answers to pings.
#[derive(Clone, Debug, Default)]
pub(crate) struct SocketScript {
    events: VecDeque<(u64, ScriptedEvent)>,
    pong_after_ms: Option<u64>,
    opens_at_ms: u64,
}

#[derive(Clone, Debug)]
enum ScriptedEvent {
    Open,
    Text(String),
    Closed,
}

/// Opens at once and answers pings at once.
pub(crate) fn opens() -> SocketScript {
    SocketScript { pong_after_ms: Some(0), ..SocketScript::default() }.then(0, ScriptedEvent::Open)
}

/// Opens at once and sends this message `at` ms after its creation.
pub(crate) fn opens_and_says(at: u64, message: Value) -> SocketScript {
    opens().says(at, &message.to_string())
}

/// Never opens: refused at once.
pub(crate) fn closes() -> SocketScript {
    SocketScript::default().closes(0)
}

impl SocketScript {
    /// Neither opens nor fails.
    pub(crate) fn hangs() -> Self {
        Self::default()
    }

    /// Sets the length of the handshake.
    pub(crate) fn opens_at(mut self, ms: u64) -> Self {
        self.events.retain(|(_, happens)| !matches!(happens, ScriptedEvent::Open));
        self.events.push_front((ms, ScriptedEvent::Open));
        self.opens_at_ms = ms;
        self
    }

    fn then(mut self, at: u64, what: ScriptedEvent) -> Self {
        self.events.push_back((at, what));
        self
    }

    pub(crate) fn says(self, at: u64, text: &str) -> Self {
        self.then(at, ScriptedEvent::Text(text.to_owned()))
    }

    pub(crate) fn closes(self, at: u64) -> Self {
        self.then(at, ScriptedEvent::Closed)
    }

    /// Sets the delay of pongs; `None` for no pongs.
    pub(crate) fn pongs(mut self, after_ms: Option<u64>) -> Self {
        self.pong_after_ms = after_ms;
        self
    }
}

/// The record of a socket's use.
#[derive(Debug)]
pub(crate) struct SocketRecord {
    start: Instant,
    pub(crate) url: String,
    /// When the socket was created, in ms since the flow began.
    pub(crate) at: i64,
    /// The texts that the client sent, with their times.
    pub(crate) sent: RefCell<Vec<(i64, String)>>,
    /// When the client dropped the socket.
    pub(crate) dropped: Cell<Option<i64>>,
}

impl SocketRecord {
    pub(crate) fn new(start: Instant, url: &Secret) -> Self {
        let at = millis(start.elapsed());
        Self { start, url: url.expose().to_owned(), at, sent: RefCell::default(), dropped: Cell::new(None) }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap()
}

/// One scripted socket.
pub(crate) struct ScriptedSocket {
    created: Instant,
    events: RefCell<VecDeque<(u64, ScriptedEvent)>>,
    pong_after_ms: Option<u64>,
    opens_at_ms: u64,
    opened: Rc<SocketRecord>,
    said_done: Rc<Cell<bool>>,
    _entry: LedgerEntry,
}

impl ScriptedSocket {
    pub(crate) fn new(
        script: SocketScript,
        opened: Rc<SocketRecord>,
        entry: LedgerEntry,
        said_done: Rc<Cell<bool>>,
    ) -> Self {
        let SocketScript { events, pong_after_ms, opens_at_ms } = script;
        let (created, events) = (Instant::now(), RefCell::new(events));
        Self { created, events, pong_after_ms, opens_at_ms, opened, said_done, _entry: entry }
    }
}

impl Socket for ScriptedSocket {
    fn send(&self, text: &str) {
        if self.created.elapsed() < Duration::from_millis(self.opens_at_ms) {
            return;
        }
        let at = millis(self.opened.start.elapsed());
        self.opened.sent.borrow_mut().push((at, text.to_owned()));
        if let Some(after) = self.pong_after_ms.filter(|_| text == "ping") {
            let due = u64::try_from(self.created.elapsed().as_millis()).unwrap() + after;
            let mut events = self.events.borrow_mut();
            let place = events.iter().take_while(|(at, _)| *at <= due).count();
            events.insert(place, (due, ScriptedEvent::Text("pong".to_owned())));
        }
    }

    async fn next(&mut self) -> SocketEvent {
        let Some(due) = self.events.borrow().front().map(|(at, _)| *at) else { return pending().await };
        until(self.created + Duration::from_millis(due)).await;
        match self.events.borrow_mut().pop_front().map(|(_, what)| what) {
            Some(ScriptedEvent::Open) => SocketEvent::Open,
            Some(ScriptedEvent::Text(text)) => {
                self.said_done.set(self.said_done.get() || names_done(&text));
                SocketEvent::Text(text)
            }
            Some(ScriptedEvent::Closed) | None => SocketEvent::Closed,
        }
    }
}

impl Drop for ScriptedSocket {
    fn drop(&mut self) {
        self.opened.dropped.set(Some(millis(self.opened.start.elapsed())));
    }
}

/// Whether a message of the backend says `done`.
pub(crate) fn names_done(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|message| message["next"] == "done")
}
