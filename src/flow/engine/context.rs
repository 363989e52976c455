//! The data of one running flow: what its steps share, and the events that tell the page about it. Waiting is in
//! `wait`.

use std::cell::{Cell, RefCell};

use futures_lite::future::{YieldNow, yield_now};
use handset_protocol::{Secret, client::Reply, steps, typed};

use super::{
    api::Api,
    config::FlowConfig,
    deadline::Deadline,
    events::{Detail, FlowState, SocketState},
    failure::{Failure, Kind, Rejection, redact},
    page::{Page, PageError, START_SHAPE},
    platform::{ClockReading, Platform},
    seeded_bugs::{Bug, bug_is_seeded},
    snapshot::{CHANGING_NUMBER, NOTHING_SENT, REQUESTED, REQUESTED_BY_PERSON, SENT, Snapshot},
    token::Token,
};

/// An answer that comes sooner than this, in ms, was not given by a person.
const AT_ONCE_MS: i64 = 250;
/// How many such answers in a row are allowed within one step of the protocol.
const ANSWERS_AT_ONCE: u32 = 10;

/// One running flow: what every step needs.
pub(crate) struct FlowContext<'a, P, G> {
    pub(crate) platform: &'a P,
    pub(crate) page: &'a G,
    pub(crate) config: &'a FlowConfig,
    pub(crate) token: &'a Token,
    pub(crate) api: Api<'a, P>,
    /// When the last SMS expires; `None` before the first one of a step.
    pub(super) deadline: Cell<Option<Deadline>>,
    /// When the flow ends, by the monotonic clock.
    pub(crate) ends: Cell<i64>,
    /// The count of steps.
    pub(crate) taken: Cell<u32>,
    /// The backend hints that another page with this token has settled the flow.
    pub(crate) may_be_settled: Cell<bool>,
    /// What is known of an SMS: a constant of [`Snapshot`]'s module.
    sms: Cell<i64>,
    /// When the page last got a question or a state, by the monotonic clock.
    asked_at: Cell<i64>,
    /// The number of consecutive answers that came at once.
    at_once: Cell<u32>,
    detail: RefCell<Detail>,
}

impl<'a, P: Platform, G: Page> FlowContext<'a, P, G> {
    pub(crate) fn new(platform: &'a P, page: &'a G, config: &'a FlowConfig, token: &'a Token) -> Self {
        Self {
            platform,
            page,
            config,
            token,
            api: Api::new(platform, token.origin(), token.text()),
            deadline: Cell::new(None),
            ends: Cell::new(0),
            taken: Cell::new(0),
            may_be_settled: Cell::new(false),
            sms: Cell::new(NOTHING_SENT),
            asked_at: Cell::new(0),
            at_once: Cell::new(0),
            detail: RefCell::new(Detail::new(FlowState::Idle)),
        }
    }

    /// Changes the event's detail and emits the event.
    pub(super) fn emit(&self, change: impl FnOnce(&mut Detail)) {
        self.update_detail(change);
        self.publish();
    }

    /// Calls the page with a copy of the detail: no borrow is held while page code runs.
    fn publish(&self) {
        self.save();
        let detail = self.detail.borrow().clone();
        self.page.state_changed(&detail);
    }

    /// Gives the page the text with which the flow goes on after a reload. Before the first step there is none: an
    /// earlier text stays good until then.
    fn save(&self) {
        let detail = self.detail.borrow();
        let step = if detail.state == FlowState::Finishing { steps::DONE } else { &detail.step };
        if step.is_empty() {
            return;
        }
        let now = self.platform.now();
        // By the monotonic clock: the wall clock may have been set since.
        let wall = |mono: i64| now.wall.wrapping_add(mono.wrapping_sub(now.mono));
        let (expires, grace) =
            self.deadline.get().map_or((0, 0), |deadline| (wall(deadline.mono()), deadline.grace_ms()));
        let text = Snapshot {
            step,
            sms: self.sms.get(),
            taken: self.taken.get().into(),
            saved: now.wall,
            ends: wall(self.ends.get()),
            expires,
            theirs: expires.wrapping_sub(grace),
            resend_at: detail.resend_at.map_or(0, |_| now.wall.wrapping_add(self.resend_pause_ms())),
        }
        .write(self.token.text().expose());
        drop(detail);
        self.page.save(&text);
    }

    /// Takes a step up where its stored flow left off, after [`Self::begin_step`]. `left` is what is left of the SMS's
    /// time; `None` or none left: the step begins with its question.
    pub(crate) fn resume(&self, stored: &Snapshot<'_>, left: Option<i64>) {
        if stored.sms == CHANGING_NUMBER {
            self.sms.set(CHANGING_NUMBER);
        }
        if let Some(left @ 1..) = left {
            let deadline = Deadline::after(self.platform.now(), left).with_grace(stored.expires - stored.theirs);
            let moved = deadline.wall() - stored.expires;
            self.start_wait(deadline, (stored.resend_at != 0).then(|| stored.resend_at + moved));
        }
    }

    /// Whether a resumed step has an SMS out; sets `number_needed` where the person was asked for another number.
    pub(crate) fn sms_is_out(&self, number_needed: &mut bool) -> bool {
        *number_needed |= self.sms.get() == CHANGING_NUMBER;
        self.sms.get() == SENT && !bug_is_seeded(Bug::ResumeSendsAgain)
    }

    /// Changes the detail of the next event without emitting one.
    pub(crate) fn update_detail(&self, change: impl FnOnce(&mut Detail)) {
        change(&mut self.detail.borrow_mut());
    }

    /// Emits a state, then yields once, so that a cancel in the page's listener takes effect before the next step.
    pub(crate) fn enter(&self, state: FlowState) -> YieldNow {
        self.emit(|detail| detail.state = state);
        self.asked_at.set(self.platform.now().mono);
        yield_now()
    }

    /// Emits that the page's start step runs, and drops the deadline of an earlier SMS. Yields like [`Self::enter`].
    pub(crate) fn ask_number(&self) -> YieldNow {
        self.sms.set(if self.sms.get() >= SENT { CHANGING_NUMBER } else { NOTHING_SENT });
        self.deadline.set(None);
        self.update_detail(|detail| (detail.expires_at, detail.resend_at, detail.attempts_left) = (None, None, None));
        self.enter(FlowState::AwaitingPhone)
    }

    /// Checks the answer of a page step; `prefix` begins the message of a failure. Answers at once are counted: a step
    /// that never waits for a person would otherwise run for ever.
    pub(crate) fn check_answer<T>(&self, prefix: &str, answer: Result<T, PageError>) -> Result<T, Failure> {
        match answer {
            Ok(answer) => self.count_answer(prefix).map(|()| answer),
            Err(error) => Err(step_failed(prefix, error)),
        }
    }

    fn count_answer(&self, prefix: &str) -> Result<(), Failure> {
        let took = self.platform.now().mono.saturating_sub(self.asked_at.get());
        let at_once = if took < AT_ONCE_MS { self.at_once.get() + 1 } else { 0 };
        self.at_once.set(at_once);
        if at_once > ANSWERS_AT_ONCE {
            return Err(invalid_answer(
                prefix,
                "the step answered by itself 11 times in a row: it must wait for the person",
            ));
        }
        Ok(())
    }

    /// Checks the answer of a start step and normalizes its number; `None` when the answer holds no number.
    pub(crate) fn check_number(
        &self,
        prefix: &str,
        answer: Result<Option<Secret>, PageError>,
    ) -> Result<Option<Secret>, Failure> {
        let Some(given) = self.check_answer(prefix, answer)? else { return Ok(None) };
        let number = typed::number(given.expose());
        if number.is_empty() {
            return Err(invalid_answer(prefix, START_SHAPE));
        }
        Ok(Some(number.into()))
    }

    /// Emits the state of the status socket, if it is a new one.
    pub(super) fn update_socket_state(&self, socket: SocketState) {
        if self.detail.borrow().socket != Some(socket) {
            self.emit(|detail| detail.socket = Some(socket));
        }
    }

    /// Begins a step of the protocol: the next events hold nothing of the last one.
    pub(crate) fn begin_step(&self, step: &str) {
        self.deadline.set(None);
        self.sms.set(NOTHING_SENT);
        self.at_once.set(0);
        let mut detail = self.detail.borrow_mut();
        *detail = Detail { step: step.to_owned(), ..Detail::new(detail.state) };
    }

    /// Emits the last event.
    pub(crate) fn close(&self, result: &Result<FlowState, Rejection>) {
        if !bug_is_seeded(Bug::KeepStoredText) {
            self.page.save("");
        }
        match result {
            Ok(state) => self.emit(|detail| detail.state = *state),
            Err(rejection) => {
                if let Rejection::Flow(failure) = rejection {
                    self.begin_step("");
                    self.update_detail(|detail| detail.failure = Some(failure.clone()));
                }
                self.emit(|detail| detail.state = FlowState::Failed);
            }
        }
    }

    /// Starts the deadline of an SMS that the backend accepted. The page's own limit replaces the backend's;
    /// `default_s` stands in where the backend gives none.
    pub(crate) fn start_deadline(&self, reply: &Reply, own_ms: Option<u32>, default_s: u32) {
        let now = self.platform.now();
        let since = |at: Option<i64>| Some(at?.saturating_sub(reply.server_time?));
        let theirs = since(reply.expires_at).map_or(i64::from(default_s) * 1000, |ms| ms.max(0));
        let deadline = limit(now, theirs, own_ms);
        self.start_wait(deadline, since(reply.resend_at).map(|wait| now.wall.saturating_add(wait)));
    }

    /// An SMS is out, with this deadline.
    fn start_wait(&self, deadline: Deadline, resend_at: Option<i64>) {
        self.sms.set(SENT);
        self.deadline.set(Some(deadline));
        let mut detail = self.detail.borrow_mut();
        detail.expires_at = Some(deadline.wall());
        detail.resend_at = resend_at;
    }

    /// Notes that an SMS is requested, before the request: a page that dies before the reply does not know whether it
    /// was sent. Its deadline is that of an SMS that is sent at once. `by_person` says that the person gave its number.
    pub(crate) fn note_request(&self, by_person: bool, own_ms: Option<u32>, default_s: u32) {
        if self.sms.get() != CHANGING_NUMBER {
            self.sms.set(if by_person { REQUESTED_BY_PERSON } else { REQUESTED });
        }
        self.deadline.set(Some(limit(self.platform.now(), i64::from(default_s) * 1000, own_ms)));
        self.save();
    }

    /// The pause that the backend asks for before another SMS, in ms; zero or negative when it is over.
    pub(crate) fn resend_pause_ms(&self) -> i64 {
        let times = self.deadline.get().zip(self.detail.borrow().resend_at);
        times.map_or(0, |(deadline, resend_at)| deadline.until(resend_at, self.platform.now()))
    }
}

/// The deadline of an SMS that is good for `theirs` ms at the backend. The page's own limit replaces that.
fn limit(now: ClockReading, theirs: i64, own_ms: Option<u32>) -> Deadline {
    let ms = own_ms.map_or(theirs, i64::from);
    Deadline::after(now, ms).with_grace(ms - theirs)
}

/// The failure of a page step; `prefix` names the step.
fn step_failed(prefix: &str, error: PageError) -> Failure {
    let mut message = String::from(prefix);
    message.push_str(&redact(&error.message));
    Failure::raised(Kind::StepFailed, message).with_cause(error.cause)
}

/// The failure of a page step whose answer the flow cannot use.
fn invalid_answer(prefix: &str, message: &str) -> Failure {
    step_failed(prefix, PageError { message: message.to_owned(), cause: None })
}
