//! A scripted page, and the record of its calls and events.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::pending,
    rc::Rc,
    time::Duration,
};

use handset::flow::{Cause, Detail, Failure, InputRefusal, LinkRetry, OtpEntry, PageError};
use handset_protocol::{Secret, typed};
use tokio::time::Instant;

use super::time::until;

/// One call of a page step: its outcome, and how long it takes.
pub(crate) struct ScriptedStep<T> {
    after_ms: u64,
    does: StepAction<T>,
}

enum StepAction<T> {
    Answer(T),
    Reject(PageError),
    Never,
}

impl<T> ScriptedStep<T> {
    fn answer(value: T) -> Self {
        Self { after_ms: 0, does: StepAction::Answer(value) }
    }

    /// Sets the delay of the outcome.
    pub(crate) fn after(mut self, ms: u64) -> Self {
        self.after_ms = ms;
        self
    }

    /// Adds the page's own reason to a rejection.
    pub(crate) fn because(mut self, cause: Cause) -> Self {
        if let StepAction::Reject(error) = &mut self.does {
            error.cause = Some(cause);
        }
        self
    }
}

pub(crate) fn number(text: &str) -> ScriptedStep<Option<Secret>> {
    ScriptedStep::answer(Some(text.into()))
}

pub(crate) fn no_number() -> ScriptedStep<Option<Secret>> {
    ScriptedStep::answer(None)
}

pub(crate) fn code(text: &str) -> ScriptedStep<OtpEntry> {
    ScriptedStep::answer(OtpEntry::Code(text.into()))
}

pub(crate) fn resend() -> ScriptedStep<OtpEntry> {
    ScriptedStep::answer(OtpEntry::Resend)
}

pub(crate) fn change_number() -> ScriptedStep<OtpEntry> {
    ScriptedStep::answer(OtpEntry::ChangeNumber)
}

pub(crate) fn resend_link() -> ScriptedStep<LinkRetry> {
    ScriptedStep::answer(LinkRetry::Resend)
}

pub(crate) fn change_link_number() -> ScriptedStep<LinkRetry> {
    ScriptedStep::answer(LinkRetry::ChangeNumber)
}

/// AuthFinishStep resolves.
pub(crate) fn finished() -> ScriptedStep<()> {
    ScriptedStep::answer(())
}

pub(crate) fn never<T>() -> ScriptedStep<T> {
    ScriptedStep { after_ms: 0, does: StepAction::Never }
}

/// The step rejects, throws or returns a value of another shape. A flow sees no difference.
pub(crate) fn rejects<T>(message: &str) -> ScriptedStep<T> {
    ScriptedStep { after_ms: 0, does: StepAction::Reject(PageError { message: message.to_owned(), cause: None }) }
}

/// The calls of one step of the page, in order.
pub(crate) struct Steps<T>(RefCell<VecDeque<ScriptedStep<T>>>);

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Steps<T> {
    /// Scripts the next call, after those that are scripted already.
    pub(crate) fn then(&self, step: ScriptedStep<T>) -> &Self {
        self.0.borrow_mut().push_back(step);
        self
    }

    fn next(&self) -> Option<ScriptedStep<T>> {
        self.0.borrow_mut().pop_front()
    }
}

async fn play<T>(step: ScriptedStep<T>) -> Result<T, PageError> {
    until(Instant::now() + Duration::from_millis(step.after_ms)).await;
    match step.does {
        StepAction::Answer(value) => Ok(value),
        StepAction::Reject(error) => Err(error),
        StepAction::Never => pending().await,
    }
}

/// A run of AuthFinishStep.
#[derive(Clone, Debug)]
pub(crate) struct AuthFinishRun {
    pub(crate) auth_id: String,
    pub(crate) failure: Option<Failure>,
    /// Whether the backend said `done` before.
    pub(crate) after_done: bool,
}

/// A scripted page.
pub(crate) struct ScriptedPage {
    start: Rc<Cell<Instant>>,
    said_done: Rc<Cell<bool>>,
    pub(crate) otp_start: Steps<Option<Secret>>,
    pub(crate) otp_finish: Steps<OtpEntry>,
    pub(crate) link_start: Steps<Option<Secret>>,
    pub(crate) link_retry: Steps<LinkRetry>,
    /// Resolves at once where nothing is scripted.
    pub(crate) auth_finish: Steps<()>,
    pub(crate) ip: Cell<Option<&'static str>>,
    /// Where nothing is scripted, a step never settles, instead of failing the test.
    pub(crate) patient: Cell<bool>,
    /// The calls of steps with their arguments, and their times in ms since the flow began.
    pub(crate) calls: RefCell<Vec<(i64, String)>>,
    pub(crate) events: RefCell<Vec<(i64, Detail)>>,
    /// The texts with which the flow would go on, with their times; the last is empty when the flow is over.
    pub(crate) saved: RefCell<Vec<(i64, String)>>,
    pub(crate) finishes: RefCell<Vec<AuthFinishRun>>,
    pub(crate) secrets: RefCell<Vec<String>>,
}

impl ScriptedPage {
    pub(crate) fn new(start: Rc<Cell<Instant>>, said_done: Rc<Cell<bool>>) -> Self {
        Self {
            start,
            said_done,
            otp_start: Steps::default(),
            otp_finish: Steps::default(),
            link_start: Steps::default(),
            link_retry: Steps::default(),
            auth_finish: Steps::default(),
            ip: Cell::new(None),
            patient: Cell::new(false),
            calls: RefCell::default(),
            events: RefCell::default(),
            saved: RefCell::default(),
            finishes: RefCell::default(),
            secrets: RefCell::default(),
        }
    }

    fn now(&self) -> i64 {
        i64::try_from(self.start.get().elapsed().as_millis()).unwrap()
    }

    fn call<T>(&self, name: &str, arguments: &str, steps: &Steps<T>) -> ScriptedStep<T> {
        self.calls.borrow_mut().push((self.now(), format!("{name}{arguments}")));
        match steps.next() {
            Some(step) => step,
            None if self.patient.get() => never(),
            None => panic!("{name}{arguments} was called and nothing is scripted"),
        }
    }

    async fn start(
        &self,
        name: &str,
        needed: bool,
        refused: Option<InputRefusal>,
        steps: &Steps<Option<Secret>>,
    ) -> Result<Option<Secret>, PageError> {
        let needed = if needed { "needed" } else { "known" };
        let arguments = match refused {
            Some(refusal) => format!("({needed}, {} \"{}\")", refusal.code, refusal.message),
            None => format!("({needed})"),
        };
        let answer = play(self.call(name, &arguments, steps)).await;
        if let Ok(Some(number)) = &answer {
            self.secrets.borrow_mut().extend([number.expose().to_owned(), typed::number(number.expose())]);
        }
        answer
    }
}

impl handset::flow::Page for ScriptedPage {
    async fn otp_start(&self, needed: bool, refused: Option<InputRefusal>) -> Result<Option<Secret>, PageError> {
        self.start("otp_start", needed, refused, &self.otp_start).await
    }

    async fn otp_finish(&self, refused: Option<InputRefusal>) -> Result<OtpEntry, PageError> {
        let arguments = match refused {
            Some(refusal) => format!("({} \"{}\")", refusal.code, refusal.message),
            None => "()".to_owned(),
        };
        let answer = play(self.call("otp_finish", &arguments, &self.otp_finish)).await;
        if let Ok(OtpEntry::Code(code)) = &answer {
            self.secrets.borrow_mut().extend([code.expose().to_owned(), typed::code(code.expose())]);
        }
        answer
    }

    async fn link_start(&self, needed: bool, refused: Option<InputRefusal>) -> Result<Option<Secret>, PageError> {
        self.start("link_start", needed, refused, &self.link_start).await
    }

    async fn link_retry(&self) -> Result<LinkRetry, PageError> {
        play(self.call("link_retry", "()", &self.link_retry)).await
    }

    async fn auth_finish(&self, auth_id: &str, failure: Option<&Failure>) -> Result<(), Cause> {
        self.finishes.borrow_mut().push(AuthFinishRun {
            auth_id: auth_id.to_owned(),
            failure: failure.cloned(),
            after_done: self.said_done.get(),
        });
        let step = self.auth_finish.next().unwrap_or_else(finished);
        play(step).await.map_err(|error| error.cause.unwrap_or_else(|| Rc::new(error.message)))
    }

    fn device_ip(&self) -> Option<String> {
        self.ip.get().map(str::to_owned)
    }

    fn save(&self, text: &str) {
        self.saved.borrow_mut().push((self.now(), text.to_owned()));
    }

    fn state_changed(&self, detail: &Detail) {
        self.events.borrow_mut().push((self.now(), detail.clone()));
    }
}
