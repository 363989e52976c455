//! The simulated person: the answers of the page's steps, and the actions on the phone.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use handset::flow::{Cause, Detail, Failure, InputRefusal, LinkRetry, OtpEntry, Page, PageError};
use handset_protocol::Secret;
use serde_json::Value;
use tokio::{sync::Notify, time::sleep};

use crate::{
    backend::{Backend, NUMBERS, text_of},
    chance::Chance,
    network::LOGS,
    scenario::{PlannedStop, Scenario, StopMoment},
    trace::{Trace, TraceEntry},
};

pub(crate) struct SimulatedPerson {
    scenario: Rc<Scenario>,
    chance: Rc<Chance>,
    trace: Rc<Trace>,
    backend: Rc<Backend>,
    auth_id: String,
    number: Cell<usize>,
    /// A pending second click: the next answer repeats the last one at once.
    clicks_again: Cell<bool>,
    /// The text with which the flow goes on; empty when it is over.
    pub(crate) stored: RefCell<String>,
    /// Notified on the state at which the page ends its flow.
    pub(crate) heard_enough: Notify,
}

/// The person's reaction to a step.
enum Mood {
    Sensible,
    Rejects,
    NeverAnswers,
}

impl SimulatedPerson {
    pub(crate) fn new(
        scenario: &Rc<Scenario>,
        chance: &Rc<Chance>,
        trace: &Rc<Trace>,
        backend: &Rc<Backend>,
        auth_id: String,
    ) -> Rc<Self> {
        Rc::new(Self {
            scenario: scenario.clone(),
            chance: chance.clone(),
            trace: trace.clone(),
            backend: backend.clone(),
            auth_id,
            number: Cell::new(0),
            clicks_again: Cell::new(false),
            stored: RefCell::default(),
            heard_enough: Notify::new(),
        })
    }

    fn does(&self, what: &'static str) {
        self.trace.add(TraceEntry::Person(what));
    }

    /// Records and returns the answer of a step.
    fn answers<T: std::fmt::Debug>(&self, what: &'static str, answer: T) -> T {
        LOGS.write(format_args!("{answer:?}"));
        self.trace.add(TraceEntry::Answers(what));
        answer
    }

    /// Decides at the first click whether a second follows.
    fn clicks_twice(&self) {
        if self.chance.percent(25) {
            self.clicks_again.set(true);
        }
    }

    fn clicks_again(&self) -> bool {
        let again = self.clicks_again.replace(false);
        if again {
            self.trace.strikes("resend asked for twice at once");
        }
        again
    }

    fn is_sensible(&self) -> bool {
        self.chance.percent(self.scenario.sensible)
    }

    async fn thinks(&self, most_ms: u64) {
        sleep(Duration::from_millis(self.chance.between(200, most_ms))).await;
    }

    async fn mood(&self) -> Mood {
        // Sometimes the person takes a long break.
        self.thinks(if self.is_sensible() { self.scenario.pace_ms } else { 200_000 }).await;
        match self.is_sensible() {
            true => Mood::Sensible,
            false => match self.chance.below(6) {
                0 => Mood::Rejects,
                1 => Mood::NeverAnswers,
                _ => Mood::Sensible,
            },
        }
    }

    async fn bears_with_it(&self) -> Result<(), PageError> {
        match self.mood().await {
            Mood::Sensible => Ok(()),
            Mood::Rejects => {
                self.does("rejects");
                Err(PageError { message: "no thanks".into(), cause: None })
            }
            Mood::NeverAnswers => {
                self.does("never answers");
                std::future::pending().await
            }
        }
    }

    async fn gives_a_number(&self, needed: bool) -> Result<Option<Secret>, PageError> {
        self.bears_with_it().await?;
        if !needed {
            return Ok(self.answers("known number", None));
        }
        if !self.is_sensible() && self.chance.percent(30) {
            self.does("gives a number that is none");
            return Ok(self.answers("number", Some("12".into())));
        }
        let number = self.number.get();
        self.number.set(number + usize::from(self.chance.percent(30)));
        let number = NUMBERS.get(number).copied().unwrap_or("+15550000199");
        LOGS.secret("number", number);
        Ok(self.answers("number", Some(number.into())))
    }

    /// The newest code on the phone.
    async fn code(&self) -> Option<String> {
        let messages = self.backend.messages(0, 0).await;
        messages.iter().rev().map(|message| text_of(message, "code")).find(|code| !code.is_empty())
    }

    /// Opens most links when they arrive.
    pub(crate) async fn hold_the_phone(self: Rc<Self>) {
        let (mut since, mut forgotten) = (0, 0);
        loop {
            self.backend.is_up().await;
            if forgotten != self.backend.forgotten() {
                (since, forgotten) = (0, self.backend.forgotten());
            }
            for message in self.backend.messages(since, 30).await {
                since = message.get("id").and_then(Value::as_u64).unwrap_or(since);
                let url = text_of(&message, "url");
                if !url.is_empty() && (self.is_sensible() || self.chance.percent(70)) {
                    tokio::task::spawn_local(self.clone().opens(url));
                }
            }
        }
    }

    async fn opens(self: Rc<Self>, url: String) {
        self.thinks(if self.is_sensible() { self.scenario.pace_ms } else { 240_000 }).await;
        let path =
            url.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or("/");
        self.backend.runs().await;
        if self.backend.is_down() {
            return;
        }
        if self.chance.percent(20) {
            self.backend.send("HEAD", path, &[], String::new()).await;
        }
        for _ in 0..=u32::from(self.chance.percent(15)) {
            let reply = self.backend.send("GET", path, &[("Accept", "text/html")], String::new()).await;
            let Some((status, ..)) = reply else { return };
            self.trace.add(TraceEntry::LinkOpened { status });
            if (300..400).contains(&status) {
                self.trace.add(TraceEntry::Settled { proved: true });
            }
        }
    }
}

impl Page for SimulatedPerson {
    async fn otp_start(&self, number_needed: bool, _: Option<InputRefusal>) -> Result<Option<Secret>, PageError> {
        self.gives_a_number(number_needed).await
    }

    async fn otp_finish(&self, _: Option<InputRefusal>) -> Result<OtpEntry, PageError> {
        if self.clicks_again() {
            return Ok(self.answers("resend", OtpEntry::Resend));
        }
        self.bears_with_it().await?;
        if !self.is_sensible() {
            return Ok(match self.chance.below(3) {
                0 => {
                    self.clicks_twice();
                    self.answers("resend", OtpEntry::Resend)
                }
                1 => self.answers("change", OtpEntry::ChangeNumber),
                _ => self.answers("code", OtpEntry::Code("000000000".into())),
            });
        }
        Ok(match self.code().await {
            Some(code) => {
                // A test user's code is no secret.
                if code.len() > 4 {
                    LOGS.secret("code", &code);
                }
                self.answers("code", OtpEntry::Code(code.into()))
            }
            None => self.answers("resend", OtpEntry::Resend),
        })
    }

    async fn link_start(&self, number_needed: bool, _: Option<InputRefusal>) -> Result<Option<Secret>, PageError> {
        self.gives_a_number(number_needed).await
    }

    async fn link_retry(&self) -> Result<LinkRetry, PageError> {
        if self.clicks_again() {
            return Ok(self.answers("resend", LinkRetry::Resend));
        }
        if self.is_sensible() {
            return std::future::pending().await;
        }
        self.bears_with_it().await?;
        Ok(if self.chance.percent(70) {
            self.clicks_twice();
            self.answers("resend", LinkRetry::Resend)
        } else {
            self.answers("change", LinkRetry::ChangeNumber)
        })
    }

    async fn auth_finish(&self, auth_id: &str, failure: Option<&Failure>) -> Result<(), Cause> {
        let failure = failure.map(|failure| failure.kind.as_str());
        self.trace.add(TraceEntry::FinishRuns { failure });
        if auth_id != self.auth_id {
            self.does("is handed somebody else's authId");
        }
        self.thinks(3_000).await;
        if self.is_sensible() || self.chance.percent(70) { Ok(()) } else { Err(Rc::new("the page's own reason")) }
    }

    fn device_ip(&self) -> Option<String> {
        None
    }

    fn save(&self, text: &str) {
        LOGS.write(text);
        self.stored.replace(text.to_owned());
    }

    fn state_changed(&self, detail: &Detail) {
        LOGS.write(format_args!("{detail:?}"));
        let state = detail.state.as_str();
        if let Some(goes_on) = detail.resumed {
            self.trace.add(TraceEntry::Resumed(goes_on));
            self.trace.strikes(match goes_on {
                true => "reload after which the flow goes on",
                false => "reload after which the flow begins anew",
            });
        }
        let socket = detail.socket.map(|socket| socket.as_str());
        self.trace.add(TraceEntry::State { state, expires: detail.expires_at, socket });
        if matches!(&self.scenario.stop, Some(PlannedStop { when: StopMoment::Hearing(last), .. }) if *last == state) {
            self.heard_enough.notify_one();
        }
    }
}
