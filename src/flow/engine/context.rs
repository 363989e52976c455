use std::{
    cell::{Cell, RefCell},
    future::Future,
};

use futures_lite::future::{or, yield_now};
use handset_protocol::{
    Secret,
    client::{Data, Reply},
    typed,
    wire::push_decimal,
};

use super::{
    Detail, Failure, Kind, Page, PageError, Platform, Refusal, Rejection, SocketState, State,
    api::Api,
    deadline::{Deadline, Verdict},
    failure::redact,
    page::START_SHAPE,
    planted::{Bug, Ticks, planted},
    status::{Answer, ask, outcome},
    token::Token,
};

/// The part that this page plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// The device that is proved.
    #[default]
    Primary,
    /// The desktop that waits for a phone.
    Secondary,
}

/// What the page configured.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The part that this page plays.
    pub role: Role,
    /// Whether this is a mobile browser; sent with an Instant Link.
    pub mobile_web: bool,
    /// There are OTP steps.
    pub has_otp: bool,
    /// There is an Instant Link start step.
    pub has_link: bool,
    /// There is an Instant Link retry step.
    pub has_link_retry: bool,
    /// There is an AuthFinishStep.
    pub has_auth_finish: bool,
    /// How long a code may be entered, in ms from its SMS, instead of what the backend says.
    pub otp_ms: Option<u32>,
    /// How long a link may be opened, in ms from its SMS, instead of what the backend says.
    pub link_ms: Option<u32>,
    /// The origins that an authToken may name, instead of "https or loopback".
    pub allowed_origins: Option<Vec<String>>,
}

/// How a step ended well: the name of the next one.
pub(super) type StepResult = Result<String, Failure>;

/// One flow while it runs: what every step needs.
pub(super) struct Session<'a, P, G> {
    pub(super) platform: &'a P,
    pub(super) page: &'a G,
    pub(super) config: &'a Config,
    pub(super) token: &'a Token,
    pub(super) api: Api<'a, P>,
    /// When what was last sent expires; `None` while nothing was.
    pub(super) deadline: Cell<Option<Deadline>>,
    /// When the page was last asked or told something, by the monotonic clock.
    asked_at: Cell<i64>,
    /// How many answers came at once, one after the other.
    at_once: Cell<u32>,
    detail: RefCell<Detail>,
}

impl<'a, P: Platform, G: Page> Session<'a, P, G> {
    pub(super) fn new(platform: &'a P, page: &'a G, config: &'a Config, token: &'a Token) -> Self {
        Self {
            platform,
            page,
            config,
            token,
            api: Api::new(platform, &token.claims.auth.endp, &token.text),
            deadline: Cell::new(None),
            asked_at: Cell::new(0),
            at_once: Cell::new(0),
            detail: RefCell::new(Detail::new(State::Idle)),
        }
    }

    /// Changes what the page is told, and tells it.
    pub(super) fn tell(&self, change: impl FnOnce(&mut Detail)) {
        self.note(change);
        self.publish();
    }

    /// No borrow is held while page code runs.
    fn publish(&self) {
        let detail = self.detail.borrow().clone();
        self.page.state_changed(&detail);
    }

    /// Changes what the page will be told next.
    pub(super) fn note(&self, change: impl FnOnce(&mut Detail)) {
        change(&mut self.detail.borrow_mut());
    }

    /// Tells the page of a state, then lets whoever stops the flow go first: the page may have done so on hearing it.
    pub(super) async fn enter(&self, state: State) {
        self.tell(|detail| detail.state = state);
        yield_now().await;
        self.asked_at.set(self.platform.now().mono);
    }

    /// The page is about to be asked for a number: nothing that was sent before is waited for any more.
    pub(super) async fn ask_number(&self) {
        self.deadline.set(None);
        self.tell(|detail| {
            detail.state = State::AwaitingPhone;
            (detail.expires_at, detail.resend_at, detail.attempts_left) = (None, None, None);
        });
        yield_now().await;
        self.asked_at.set(self.platform.now().mono);
    }

    /// What a step of the page answered; `prefix` says which, where it failed. A step that answers by itself, whatever
    /// comes of it, would else be asked without an end.
    pub(super) fn answered<T>(&self, prefix: &str, answer: Result<T, PageError>) -> Result<T, Failure> {
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
            return Err(unusable(prefix, "the step answered by itself 11 times in a row: it must wait for the person"));
        }
        Ok(())
    }

    /// What a start step answered: a number as it was meant, or none.
    pub(super) fn number(
        &self,
        prefix: &str,
        answer: Result<Option<Secret>, PageError>,
    ) -> Result<Option<Secret>, Failure> {
        let Some(given) = self.answered(prefix, answer)? else { return Ok(None) };
        let number = typed::number(given.expose());
        if number.is_empty() {
            return Err(unusable(prefix, START_SHAPE));
        }
        Ok(Some(number.into()))
    }

    pub(super) fn socket_state(&self, socket: SocketState) {
        if self.detail.borrow().socket != Some(socket) {
            self.tell(|detail| detail.socket = Some(socket));
        }
    }

    /// A new step begins: nothing of the last one is told any more.
    pub(super) fn begin(&self, step: &str) {
        self.deadline.set(None);
        self.at_once.set(0);
        let mut detail = self.detail.borrow_mut();
        *detail = Detail { step: step.to_owned(), ..Detail::new(detail.state) };
    }

    /// The last event.
    pub(super) fn close(&self, result: &Result<State, Rejection>) {
        match result {
            Ok(state) => self.tell(|detail| detail.state = *state),
            Err(rejection) => {
                if let Rejection::Flow(failure) = rejection {
                    self.begin("");
                    self.note(|detail| detail.failure = Some(failure.clone()));
                }
                self.tell(|detail| detail.state = State::Failed);
            }
        }
    }

    /// An SMS was accepted: its lifetime starts. The page's own limit goes before the backend's, that before `default_s`.
    pub(super) fn accepted(&self, reply: &Reply, own_ms: Option<u32>, default_s: u32) {
        let now = self.platform.now();
        let since = |at: Option<i64>| Some(at?.saturating_sub(reply.server_time?));
        let theirs = since(reply.expires_at).map_or(i64::from(default_s) * 1000, |ms| ms.max(0));
        let ms = own_ms.map_or(theirs, i64::from);
        let deadline = Deadline::after(now, ms).beyond(ms - theirs);
        self.deadline.set(Some(deadline));
        let mut detail = self.detail.borrow_mut();
        detail.expires_at = Some(deadline.wall());
        detail.resend_at = since(reply.resend_at).map(|wait| now.wall.saturating_add(wait));
    }

    /// How long the backend wants a pause before another SMS, in ms; not positive: none.
    pub(super) fn pause_ms(&self) -> i64 {
        let told = self.deadline.get().zip(self.detail.borrow().resend_at);
        told.map_or(0, |(deadline, resend_at)| deadline.until(resend_at, self.platform.now()))
    }

    /// Awaits the end of that pause. In slices: where a doubt about the clocks is settled, it moves with the deadline.
    pub(super) async fn pause(&self) {
        loop {
            let left = self.pause_ms();
            if left <= 0 {
                return;
            }
            self.platform.sleep_until(self.platform.now().mono.saturating_add(left.min(SLICE_MS))).await;
        }
    }

    /// Awaits `work` until the deadline. Then the backend is asked once more before the step fails as `kind`: it may
    /// have settled the flow without this page hearing of it.
    pub(super) async fn before_deadline<T>(&self, kind: Kind, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        let answer = match or(async { Ok(work.await) }, async { Err(self.past_deadline().await) }).await {
            Ok(done) => return Ok(done),
            Err(Some(settled)) => settled,
            Err(None) if planted(Bug::NoLastQuestion) => Answer::Pending { left_ms: None },
            // `work` has been dropped: what the page answers now comes too late.
            Err(None) => ask(self).await,
        };
        Err(match answer {
            Answer::Settled(reply) => Interrupted::Settled(outcome(reply)),
            Answer::Unauthorized(failure) => Interrupted::Settled(Err(failure)),
            Answer::Pending { .. } => Interrupted::TimedOut { answered: true, kind },
            Answer::Unknown => Interrupted::TimedOut { answered: false, kind },
        })
    }

    /// Resolves at the deadline, or before it with what settled the flow when a doubt was looked into.
    async fn past_deadline(&self) -> Option<Answer> {
        // The backend could not be asked about the last doubt: a machine that wakes may be without a network for a while.
        let mut unsure = false;
        let mut ticks = Ticks::new(|| self.platform.now());
        loop {
            let now = self.platform.now();
            let verdict = match self.deadline.get() {
                _ if planted(Bug::IgnoreDeadline) => Verdict::Left(i64::MAX),
                Some(deadline) => deadline.verdict(ticks.counted(now)),
                None => Verdict::Left(i64::MAX),
            };
            let doubt = match verdict {
                // Time passes in slices, and every waking is a reason to look again: timers of a sleeping page do not.
                Verdict::Left(ms) => {
                    let until = now.mono.saturating_add(ms.min(SLICE_MS));
                    let slice = async {
                        self.platform.sleep_until(until).await;
                        false
                    };
                    let woken = async {
                        self.platform.woken().await;
                        true
                    };
                    let is_woken = or(slice, woken).await;
                    if !is_woken {
                        ticks.tick();
                    }
                    is_woken && unsure
                }
                Verdict::Doubtful => true,
                Verdict::Passed => return None,
            };
            if doubt {
                let left_ms = match ask(self).await {
                    Answer::Pending { left_ms } => {
                        unsure = false;
                        left_ms
                    }
                    Answer::Unknown => {
                        unsure = true;
                        None
                    }
                    settled => return Some(settled),
                };
                self.settle_doubt(left_ms);
            }
        }
    }

    fn settle_doubt(&self, left_ms: Option<i64>) {
        let now = self.platform.now();
        if let Some(deadline) = self.deadline.get() {
            let settled = deadline.settled(now, left_ms);
            self.deadline.set(Some(settled));
            // As far as the clock was set, every time that was told by it moves along.
            let moved = settled.wall().saturating_sub(deadline.wall());
            self.tell(|detail| {
                detail.expires_at = Some(settled.wall());
                detail.resend_at = detail.resend_at.map(|at| at.saturating_add(moved));
            });
        }
    }
}

/// Longest the clocks go unread while a deadline is awaited, in ms.
pub(super) const SLICE_MS: i64 = 5_000;
/// Sooner than this no person answers, in ms.
const AT_ONCE_MS: i64 = 250;
/// How many answers in a row may come at once, within one step of the protocol.
const ANSWERS_AT_ONCE: u32 = 10;

/// Why awaiting something ended without it.
pub(super) enum Interrupted {
    /// The backend has settled the flow.
    Settled(StepResult),
    /// The deadline is past and the flow is not settled.
    TimedOut {
        /// Whether the backend could be asked.
        answered: bool,
        /// What the failure is called.
        kind: Kind,
    },
}

impl Interrupted {
    /// The end of the step.
    pub(super) fn into_result(self, backend_is_heard: bool) -> StepResult {
        match self {
            Self::Settled(result) => result,
            Self::TimedOut { answered: false, .. } if !backend_is_heard => {
                Err(Failure::raised(Kind::SocketLost, "neither the status socket nor the status call can be reached"))
            }
            Self::TimedOut { kind: kind @ Kind::OtpTimeout, .. } => {
                Err(Failure::raised(kind, "the code was not entered in time"))
            }
            Self::TimedOut { kind, .. } => Err(Failure::raised(kind, "the link was not opened in time")),
        }
    }
}

/// A page step failed: `prefix` says which.
pub(super) fn step_failed(prefix: &str, error: PageError) -> Failure {
    let mut message = String::from(prefix);
    message.push_str(&redact(&error.message));
    Failure::raised(Kind::StepFailed, message).with_cause(error.cause)
}

/// A page step answered what nobody can go on with.
fn unusable(prefix: &str, message: &str) -> Failure {
    step_failed(prefix, PageError { message: message.to_owned(), cause: None })
}

/// What a page step is told of a refusal: the backend's own text behind its code, or `default`.
pub(super) fn refusal(data: Data, default: &str) -> Refusal {
    let code = data.code.unwrap_or(0);
    let text = data.message.filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned());
    if code == 0 {
        return Refusal { code, message: text };
    }
    let mut message = String::from("Error Code: ");
    push_decimal(&mut message, code);
    message.push_str(", ");
    message.push_str(&text);
    Refusal { code, message }
}

/// The failure that a reply's `error` stands for.
pub(super) fn server_failure(reply: Reply, kind: Kind) -> Failure {
    let error = reply.error.unwrap_or_default();
    let next = reply.next.filter(|next| !next.is_empty());
    Failure::new(kind, redact(&error.message)).with_code(error.code).with_next(next)
}
