use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::pending,
    rc::Rc,
    time::Duration,
};

use handset::flow::{Cause, Detail, Failure, LinkRetry, OtpEntry, PageError, Refusal};
use handset_protocol::{Secret, typed};
use tokio::time::Instant;

use super::world::until;

/// What a page step does when it is called, and how much later.
pub(crate) struct Scripted<T> {
    after_ms: u64,
    does: Does<T>,
}

enum Does<T> {
    Answer(T),
    Reject(PageError),
    Never,
}

impl<T> Scripted<T> {
    fn answer(value: T) -> Self {
        Self { after_ms: 0, does: Does::Answer(value) }
    }

    /// The same, this much later.
    pub(crate) fn after(mut self, ms: u64) -> Self {
        self.after_ms = ms;
        self
    }

    /// A rejection that carries the page's own reason.
    pub(crate) fn because(mut self, cause: Cause) -> Self {
        if let Does::Reject(error) = &mut self.does {
            error.cause = Some(cause);
        }
        self
    }
}

pub(crate) fn number(text: &str) -> Scripted<Option<Secret>> {
    Scripted::answer(Some(text.into()))
}

pub(crate) fn no_number() -> Scripted<Option<Secret>> {
    Scripted::answer(None)
}

pub(crate) fn code(text: &str) -> Scripted<OtpEntry> {
    Scripted::answer(OtpEntry::Code(text.into()))
}

pub(crate) fn resend() -> Scripted<OtpEntry> {
    Scripted::answer(OtpEntry::Resend)
}

pub(crate) fn change_number() -> Scripted<OtpEntry> {
    Scripted::answer(OtpEntry::ChangeNumber)
}

pub(crate) fn resend_link() -> Scripted<LinkRetry> {
    Scripted::answer(LinkRetry::Resend)
}

pub(crate) fn change_link_number() -> Scripted<LinkRetry> {
    Scripted::answer(LinkRetry::ChangeNumber)
}

/// AuthFinishStep resolves.
pub(crate) fn finished() -> Scripted<()> {
    Scripted::answer(())
}

pub(crate) fn never<T>() -> Scripted<T> {
    Scripted { after_ms: 0, does: Does::Never }
}

/// The step rejects, throws or returns rubbish, which a flow cannot tell apart.
pub(crate) fn rejects<T>(message: &str) -> Scripted<T> {
    Scripted { after_ms: 0, does: Does::Reject(PageError { message: message.to_owned(), cause: None }) }
}

/// What one step of the page does, call by call.
pub(crate) struct Steps<T>(RefCell<VecDeque<Scripted<T>>>);

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Steps<T> {
    /// What it does when it is called next, after what was scripted before.
    pub(crate) fn then(&self, step: Scripted<T>) -> &Self {
        self.0.borrow_mut().push_back(step);
        self
    }

    fn next(&self) -> Option<Scripted<T>> {
        self.0.borrow_mut().pop_front()
    }
}

async fn play<T>(step: Scripted<T>) -> Result<T, PageError> {
    until(Instant::now() + Duration::from_millis(step.after_ms)).await;
    match step.does {
        Does::Answer(value) => Ok(value),
        Does::Reject(error) => Err(error),
        Does::Never => pending().await,
    }
}

/// A run of AuthFinishStep.
#[derive(Clone, Debug)]
pub(crate) struct Finish {
    pub(crate) auth_id: String,
    pub(crate) failure: Option<Failure>,
    /// Whether the backend had said `done` before.
    pub(crate) after_done: bool,
}

/// A scripted page.
pub(crate) struct Page {
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
    /// Calls of steps, with when (ms since the flow began) and what with.
    pub(crate) calls: RefCell<Vec<(i64, String)>>,
    pub(crate) events: RefCell<Vec<(i64, Detail)>>,
    pub(crate) finishes: RefCell<Vec<Finish>>,
    pub(crate) secrets: RefCell<Vec<String>>,
}

impl Page {
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
            finishes: RefCell::default(),
            secrets: RefCell::default(),
        }
    }

    fn now(&self) -> i64 {
        i64::try_from(self.start.get().elapsed().as_millis()).unwrap()
    }

    fn call<T>(&self, name: &str, arguments: &str, steps: &Steps<T>) -> Scripted<T> {
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
        refused: Option<Refusal>,
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

impl handset::flow::Page for Page {
    async fn otp_start(&self, needed: bool, refused: Option<Refusal>) -> Result<Option<Secret>, PageError> {
        self.start("otp_start", needed, refused, &self.otp_start).await
    }

    async fn otp_finish(&self, refused: Option<Refusal>) -> Result<OtpEntry, PageError> {
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

    async fn link_start(&self, needed: bool, refused: Option<Refusal>) -> Result<Option<Secret>, PageError> {
        self.start("link_start", needed, refused, &self.link_start).await
    }

    async fn link_retry(&self) -> Result<LinkRetry, PageError> {
        play(self.call("link_retry", "()", &self.link_retry)).await
    }

    async fn auth_finish(&self, auth_id: &str, failure: Option<&Failure>) -> Result<(), Cause> {
        self.finishes.borrow_mut().push(Finish {
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

    fn state_changed(&self, detail: &Detail) {
        self.events.borrow_mut().push((self.now(), detail.clone()));
    }
}
