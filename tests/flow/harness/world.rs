//! A scripted machine and backend: clocks, wakings, responses and sockets, and the record of the requests.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use handset::flow::{ClockReading, NetworkError, Platform, Request, Response};
use handset_protocol::Secret;
use serde_json::Value;
use tokio::{sync::Notify, time::Instant};

use super::{
    ledger::{Ledger, LedgerEntry},
    socket::{ScriptedSocket, SocketRecord, SocketScript, names_done},
    time::until,
    token::{ORIGIN, WALL_START},
};

/// The backend's answer to one request, and its delay.
#[derive(Clone, Debug)]
pub(crate) struct ScriptedAnswer {
    after_ms: u64,
    what: AnswerKind,
    /// The URL after redirects; empty for that of the request.
    url: String,
}

#[derive(Clone, Debug)]
enum AnswerKind {
    Response { status: u16, retry_after: Option<u32>, body: String },
    Lost,
    Hang,
}

/// HTTP 200 with this JSON.
pub(crate) fn json(body: Value) -> ScriptedAnswer {
    raw(&body.to_string())
}

/// HTTP 200 with this text.
pub(crate) fn raw(body: &str) -> ScriptedAnswer {
    ScriptedAnswer::new(AnswerKind::Response { status: 200, retry_after: None, body: body.to_owned() })
}

/// Another HTTP status, with a body that the client must not read.
pub(crate) fn status(status: u16) -> ScriptedAnswer {
    let body = r#"{"next":"done"}"#.to_owned();
    ScriptedAnswer::new(AnswerKind::Response { status, retry_after: None, body })
}

/// No response: the network failed.
pub(crate) fn lost() -> ScriptedAnswer {
    ScriptedAnswer::new(AnswerKind::Lost)
}

/// Neither a response nor a failure, ever.
pub(crate) fn hang() -> ScriptedAnswer {
    ScriptedAnswer::new(AnswerKind::Hang)
}

impl ScriptedAnswer {
    fn new(what: AnswerKind) -> Self {
        Self { after_ms: 0, what, url: String::new() }
    }

    /// Sets the URL at which the redirects of the request end.
    pub(crate) fn redirected_to(mut self, url: &str) -> Self {
        self.url = url.to_owned();
        self
    }

    /// Sets the delay of the answer.
    pub(crate) fn after(mut self, ms: u64) -> Self {
        self.after_ms = ms;
        self
    }

    /// Adds a `Retry-After` header.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        if let AnswerKind::Response { retry_after, .. } = &mut self.what {
            *retry_after = Some(seconds);
        }
        self
    }
}

/// The record of a request.
#[derive(Clone, Debug)]
pub(crate) struct RecordedRequest {
    /// Ms since the flow began.
    pub(crate) at: i64,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) version: &'static str,
}

/// The record of a request to a carrier.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordedVisit {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// A scripted machine: network, sockets, clocks.
pub(crate) struct World {
    start: Rc<Cell<Instant>>,
    /// The backend of the token.
    pub(crate) origin: RefCell<&'static str>,
    /// How far the wall clock is ahead of the right time, in ms.
    wall_offset: Cell<i64>,
    waking: Notify,
    seed: Cell<u32>,
    ledger: Rc<Ledger>,
    answers: RefCell<HashMap<String, VecDeque<ScriptedAnswer>>>,
    standing: RefCell<HashMap<String, ScriptedAnswer>>,
    scripts: RefCell<VecDeque<SocketScript>>,
    standing_script: RefCell<Option<SocketScript>>,
    pub(crate) requests: RefCell<Vec<RecordedRequest>>,
    pub(crate) visits: RefCell<Vec<RecordedVisit>>,
    pub(crate) sockets: RefCell<Vec<Rc<SocketRecord>>>,
    pub(crate) devices_forgotten: Cell<u32>,
    /// Whether the backend has said `done` in a message that arrived.
    pub(crate) said_done: Rc<Cell<bool>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            start: Rc::new(Cell::new(Instant::now())),
            origin: RefCell::new(ORIGIN),
            wall_offset: Cell::new(0),
            waking: Notify::new(),
            seed: Cell::new(7),
            ledger: Rc::default(),
            answers: RefCell::default(),
            standing: RefCell::default(),
            scripts: RefCell::default(),
            standing_script: RefCell::default(),
            requests: RefCell::default(),
            visits: RefCell::default(),
            sockets: RefCell::default(),
            devices_forgotten: Cell::new(0),
            said_done: Rc::default(),
        }
    }

    /// The start of the flow, for other records with times.
    pub(crate) fn start(&self) -> Rc<Cell<Instant>> {
        self.start.clone()
    }

    /// Sets the start of the flow to now.
    pub(crate) fn begin(&self) {
        self.start.set(Instant::now());
    }

    /// The next answer to a request to `path`.
    pub(crate) fn on(&self, path: &str, answer: ScriptedAnswer) -> &Self {
        self.answers.borrow_mut().entry(path.to_owned()).or_default().push_back(answer);
        self
    }

    /// The answer to every further request to `path`, or to any path (`"*"`).
    pub(crate) fn always(&self, path: &str, answer: ScriptedAnswer) -> &Self {
        self.standing.borrow_mut().insert(path.to_owned(), answer);
        self
    }

    /// Scripts the next socket.
    pub(crate) fn socket(&self, script: SocketScript) -> &Self {
        self.scripts.borrow_mut().push_back(script);
        self
    }

    /// Scripts every further socket.
    pub(crate) fn every_socket(&self, script: SocketScript) -> &Self {
        self.standing_script.replace(Some(script));
        self
    }

    /// Sets the wall clock ahead (or back) while the monotonic clock goes on as before.
    pub(crate) fn jump(&self, ms: i64) {
        self.wall_offset.set(self.wall_offset.get() + ms);
    }

    /// Wakes the page.
    pub(crate) fn wake(&self) {
        self.waking.notify_waiters();
    }

    /// The machine sleeps this long, its monotonic clock stands still, and the page wakes.
    pub(crate) fn sleep(&self, ms: i64) {
        self.jump(ms);
        self.wake();
    }

    /// Ms since the flow began.
    pub(crate) fn elapsed(&self) -> i64 {
        i64::try_from(self.start.get().elapsed().as_millis()).unwrap()
    }

    /// The open timers, sockets and requests: `timer`, `socket`, or a request's path without `/v1/client/`.
    pub(crate) fn alive(&self) -> Vec<String> {
        self.ledger.names()
    }

    /// Plays a carrier, whose answers are scripted by URL, without the query.
    async fn visit(&self, request: Request) -> Result<Response, NetworkError> {
        let _entry = LedgerEntry::new(&self.ledger, "carrier");
        assert_eq!((request.token.expose(), request.version), ("", ""), "a carrier learns nothing of the protocol");
        let url = request.url.expose().to_owned();
        self.visits.borrow_mut().push(RecordedVisit {
            method: request.method.into_owned(),
            url: url.clone(),
            headers: request.headers.expose().to_owned(),
            body: request.body.expose().to_owned(),
        });
        self.respond(url.split('?').next().unwrap(), &url).await
    }

    /// The scripted answer of a path or of a carrier's URL.
    async fn respond(&self, path: &str, requested: &str) -> Result<Response, NetworkError> {
        let ScriptedAnswer { after_ms, what, url } = self.answer(path);
        until(Instant::now() + Duration::from_millis(after_ms)).await;
        match what {
            AnswerKind::Hang => std::future::pending().await,
            AnswerKind::Lost => Err(NetworkError),
            AnswerKind::Response { status, retry_after, body } => {
                if requested.starts_with(*self.origin.borrow()) && (200..300).contains(&status) && names_done(&body) {
                    self.said_done.set(true);
                }
                let url = if url.is_empty() { requested.to_owned() } else { url };
                Ok(Response { status, retry_after, body, url: url.into() })
            }
        }
    }

    fn answer(&self, path: &str) -> ScriptedAnswer {
        let next = self.answers.borrow_mut().get_mut(path).and_then(VecDeque::pop_front);
        let any = || self.answers.borrow_mut().get_mut("*").and_then(VecDeque::pop_front);
        let standing = || {
            let standing = self.standing.borrow();
            standing.get(path).or_else(|| standing.get("*")).cloned()
        };
        next.or_else(any).or_else(standing).unwrap_or_else(|| panic!("no answer is scripted for {path}"))
    }
}

impl Platform for World {
    type Socket = ScriptedSocket;
    type Json = serde_json::Value;

    fn now(&self) -> ClockReading {
        let mono = self.elapsed();
        ClockReading { mono, wall: WALL_START + mono + self.wall_offset.get() }
    }

    async fn sleep_until(&self, mono: i64) {
        let _entry = LedgerEntry::new(&self.ledger, "timer");
        until(self.start.get() + Duration::from_millis(u64::try_from(mono).unwrap_or(0))).await;
    }

    async fn woken(&self) {
        self.waking.notified().await;
    }

    fn random(&self, bound: u32) -> u32 {
        let seed = self.seed.get().wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.seed.set(seed);
        (seed >> 8) % bound
    }

    async fn send(&self, request: Request) -> Result<Response, NetworkError> {
        let url = request.url.expose().to_owned();
        let Some(path) = url.strip_prefix(*self.origin.borrow()) else { return self.visit(request).await };
        let _entry = LedgerEntry::new(&self.ledger, path.trim_start_matches("/v1/client/"));
        self.requests.borrow_mut().push(RecordedRequest {
            at: self.elapsed(),
            path: path.to_owned(),
            body: serde_json::from_str(request.body.expose()).expect("every body is JSON"),
            url: url.clone(),
            token: request.token.expose().to_owned(),
            version: request.version,
        });
        assert_eq!((&*request.method, request.headers.expose()), ("POST", ""));
        self.respond(path, &url).await
    }

    fn open_socket(&self, url: &Secret) -> ScriptedSocket {
        let script = self.scripts.borrow_mut().pop_front().or_else(|| self.standing_script.borrow().clone());
        let script = script.expect("a socket was opened and none is scripted");
        let opened = Rc::new(SocketRecord::new(self.start.get(), url));
        self.sockets.borrow_mut().push(opened.clone());
        ScriptedSocket::new(script, opened, LedgerEntry::new(&self.ledger, "socket"), self.said_done.clone())
    }

    fn forget_device(&self) {
        self.devices_forgotten.set(self.devices_forgotten.get() + 1);
    }
}
