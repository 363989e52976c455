use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use handset::flow::{NetworkError, Now, Platform, Request, Response};
use handset_protocol::Secret;
use serde_json::Value;
use tokio::{sync::Notify, time::Instant};

use super::{
    WALL_START,
    socket::{Opened, Script, ScriptedSocket},
};

/// What the backend answers to one request, and when.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    after_ms: u64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Response { status: u16, retry_after: Option<u32>, body: String },
    Lost,
    Hang,
}

/// HTTP 200 with this JSON.
pub(crate) fn json(body: Value) -> Answer {
    raw(&body.to_string())
}

/// HTTP 200 with this text.
pub(crate) fn raw(body: &str) -> Answer {
    Answer { after_ms: 0, what: What::Response { status: 200, retry_after: None, body: body.to_owned() } }
}

/// Another HTTP status, with a body that must not be looked at.
pub(crate) fn status(status: u16) -> Answer {
    let body = r#"{"next":"done"}"#.to_owned();
    Answer { after_ms: 0, what: What::Response { status, retry_after: None, body } }
}

/// No response: the network failed.
pub(crate) fn lost() -> Answer {
    Answer { after_ms: 0, what: What::Lost }
}

/// Neither a response nor a failure, ever.
pub(crate) fn hang() -> Answer {
    Answer { after_ms: 0, what: What::Hang }
}

impl Answer {
    /// The same, this much later.
    pub(crate) fn after(mut self, ms: u64) -> Self {
        self.after_ms = ms;
        self
    }

    /// The same, with a `Retry-After` header.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        if let What::Response { retry_after, .. } = &mut self.what {
            *retry_after = Some(seconds);
        }
        self
    }
}

/// A request as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// Ms since the flow began.
    pub(crate) at: i64,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) version: &'static str,
}

/// The timers, sockets and requests that are alive, by name.
#[derive(Default)]
pub(crate) struct Ledger(RefCell<Vec<Rc<str>>>);

/// One entry of the ledger, for as long as it lives.
pub(crate) struct Entry(Rc<Ledger>, Rc<str>);

impl Entry {
    pub(crate) fn new(ledger: &Rc<Ledger>, name: &str) -> Self {
        let name: Rc<str> = name.into();
        ledger.0.borrow_mut().push(name.clone());
        Self(ledger.clone(), name)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut alive = self.0.0.borrow_mut();
        let at = alive.iter().position(|name| Rc::ptr_eq(name, &self.1)).unwrap();
        alive.swap_remove(at);
    }
}

/// A scripted machine: network, sockets, clocks.
pub(crate) struct World {
    start: Rc<Cell<Instant>>,
    /// How far the wall clock is ahead of where it should be, in ms.
    wall_offset: Cell<i64>,
    waking: Notify,
    seed: Cell<u32>,
    ledger: Rc<Ledger>,
    answers: RefCell<HashMap<String, VecDeque<Answer>>>,
    standing: RefCell<HashMap<String, Answer>>,
    scripts: RefCell<VecDeque<Script>>,
    standing_script: RefCell<Option<Script>>,
    pub(crate) requests: RefCell<Vec<Sent>>,
    pub(crate) sockets: RefCell<Vec<Rc<Opened>>>,
    pub(crate) devices_forgotten: Cell<u32>,
    /// The backend has said `done` in something that was delivered.
    pub(crate) said_done: Rc<Cell<bool>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            start: Rc::new(Cell::new(Instant::now())),
            wall_offset: Cell::new(0),
            waking: Notify::new(),
            seed: Cell::new(7),
            ledger: Rc::default(),
            answers: RefCell::default(),
            standing: RefCell::default(),
            scripts: RefCell::default(),
            standing_script: RefCell::default(),
            requests: RefCell::default(),
            sockets: RefCell::default(),
            devices_forgotten: Cell::new(0),
            said_done: Rc::default(),
        }
    }

    /// When the flow began, for whoever records times too.
    pub(crate) fn start(&self) -> Rc<Cell<Instant>> {
        self.start.clone()
    }

    /// The flow begins now.
    pub(crate) fn begin(&self) {
        self.start.set(Instant::now());
    }

    /// The next answer to a request to `path`.
    pub(crate) fn on(&self, path: &str, answer: Answer) -> &Self {
        self.answers.borrow_mut().entry(path.to_owned()).or_default().push_back(answer);
        self
    }

    /// The answer to every further request to `path`, or to any path (`"*"`).
    pub(crate) fn always(&self, path: &str, answer: Answer) -> &Self {
        self.standing.borrow_mut().insert(path.to_owned(), answer);
        self
    }

    /// What the next socket does.
    pub(crate) fn socket(&self, script: Script) -> &Self {
        self.scripts.borrow_mut().push_back(script);
        self
    }

    /// What every further socket does.
    pub(crate) fn every_socket(&self, script: Script) -> &Self {
        self.standing_script.replace(Some(script));
        self
    }

    /// Sets the wall clock ahead (or back) while the monotonic clock goes on as before.
    pub(crate) fn jump(&self, ms: i64) {
        self.wall_offset.set(self.wall_offset.get() + ms);
    }

    /// A sign that the page is back.
    pub(crate) fn wake(&self) {
        self.waking.notify_waiters();
    }

    /// The machine sleeps this long, with its monotonic clock, and wakes.
    pub(crate) fn sleep(&self, ms: i64) {
        self.jump(ms);
        self.wake();
    }

    /// Ms since the flow began.
    pub(crate) fn elapsed(&self) -> i64 {
        i64::try_from(self.start.get().elapsed().as_millis()).unwrap()
    }

    /// The timers, sockets and requests that are alive: `timer`, `socket`, or a request's path without `/v1/client/`.
    pub(crate) fn alive(&self) -> Vec<String> {
        self.ledger.0.borrow().iter().map(|name| name.to_string()).collect()
    }

    fn answer(&self, path: &str) -> Answer {
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

    fn now(&self) -> Now {
        let mono = self.elapsed();
        Now { mono, wall: WALL_START + mono + self.wall_offset.get() }
    }

    async fn sleep_until(&self, mono: i64) {
        let _entry = Entry::new(&self.ledger, "timer");
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
        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
        let path = format!("/{path}");
        let _entry = Entry::new(&self.ledger, path.trim_start_matches("/v1/client/"));
        self.requests.borrow_mut().push(Sent {
            at: self.elapsed(),
            path: path.clone(),
            body: serde_json::from_str(request.body.expose()).expect("every body is JSON"),
            url: request.url,
            token: request.token.expose().to_owned(),
            version: request.version,
        });
        let Answer { after_ms, what } = self.answer(&path);
        until(Instant::now() + Duration::from_millis(after_ms)).await;
        match what {
            What::Hang => std::future::pending().await,
            What::Lost => Err(NetworkError),
            What::Response { status, retry_after, body } => {
                if (200..300).contains(&status) && names_done(&body) {
                    self.said_done.set(true);
                }
                Ok(Response { status, retry_after, body })
            }
        }
    }

    fn open_socket(&self, url: &Secret) -> ScriptedSocket {
        let script = self.scripts.borrow_mut().pop_front().or_else(|| self.standing_script.borrow().clone());
        let script = script.expect("a socket was opened and none is scripted");
        let opened = Rc::new(Opened::new(self.start.get(), url));
        self.sockets.borrow_mut().push(opened.clone());
        ScriptedSocket::new(script, opened, Entry::new(&self.ledger, "socket"), self.said_done.clone())
    }

    fn forget_device(&self) {
        self.devices_forgotten.set(self.devices_forgotten.get() + 1);
    }
}

/// What is due is done at once: tokio's timers may take a turn of their loop first.
pub(crate) async fn until(due: Instant) {
    if Instant::now() < due {
        tokio::time::sleep_until(due).await;
    }
}

/// Whether a message of the backend ends the flow well.
pub(crate) fn names_done(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|message| message["next"] == "done")
}
