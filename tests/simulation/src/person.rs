//! The person: what the page's steps answer, and what is done with the phone.

use std::{cell::Cell, rc::Rc, time::Duration};

use handset::flow::{Cause, Detail, Failure, LinkRetry, OtpEntry, Page, PageError, Refusal};
use handset_protocol::Secret;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    backend::{Backend, NUMBERS, text_of},
    chance::Chance,
    scenario::Scenario,
    trace::{Entry, Trace},
};

pub(crate) struct Person {
    sensible: u32,
    chance: Rc<Chance>,
    trace: Rc<Trace>,
    backend: Rc<Backend>,
    auth_id: String,
    number: Cell<usize>,
}

/// What a person does about a step.
enum Mood {
    Sensible,
    Rejects,
    NeverAnswers,
}

impl Person {
    pub(crate) fn new(
        scenario: &Scenario,
        chance: &Rc<Chance>,
        trace: &Rc<Trace>,
        backend: &Rc<Backend>,
        auth_id: String,
    ) -> Rc<Self> {
        let (chance, trace, backend) = (chance.clone(), trace.clone(), backend.clone());
        Rc::new(Self { sensible: scenario.sensible, chance, trace, backend, auth_id, number: Cell::new(0) })
    }

    fn does(&self, what: &'static str) {
        self.trace.add(Entry::Person(what));
    }

    fn is_sensible(&self) -> bool {
        self.chance.percent(self.sensible)
    }

    async fn thinks(&self, most_ms: u64) {
        sleep(Duration::from_millis(self.chance.between(200, most_ms))).await;
    }

    async fn mood(&self) -> Mood {
        // Now and then somebody makes coffee.
        self.thinks(if self.is_sensible() { 15_000 } else { 200_000 }).await;
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
            return Ok(None);
        }
        if !self.is_sensible() && self.chance.percent(30) {
            self.does("gives a number that is none");
            return Ok(Some("12".into()));
        }
        let number = self.number.get();
        self.number.set(number + usize::from(self.chance.percent(30)));
        Ok(Some(NUMBERS.get(number).copied().unwrap_or("+15550000199").into()))
    }

    /// The newest code on the phone.
    async fn code(&self) -> Option<String> {
        let messages = self.backend.messages(0, 0).await;
        messages.iter().rev().map(|message| text_of(message, "code")).find(|code| !code.is_empty())
    }

    /// Opens links as they come, mostly.
    pub(crate) async fn hold_the_phone(self: Rc<Self>) {
        let mut since = 0;
        loop {
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
        self.thinks(if self.is_sensible() { 20_000 } else { 240_000 }).await;
        let path =
            url.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or("/");
        if self.chance.percent(20) {
            self.backend.send("HEAD", path, &[], String::new()).await;
        }
        for _ in 0..=u32::from(self.chance.percent(15)) {
            let (status, ..) = self.backend.send("GET", path, &[("Accept", "text/html")], String::new()).await;
            self.trace.add(Entry::LinkOpened { status });
        }
    }
}

impl Page for Person {
    async fn otp_start(&self, number_needed: bool, _: Option<Refusal>) -> Result<Option<Secret>, PageError> {
        self.gives_a_number(number_needed).await
    }

    async fn otp_finish(&self, _: Option<Refusal>) -> Result<OtpEntry, PageError> {
        self.bears_with_it().await?;
        if !self.is_sensible() {
            match self.chance.below(3) {
                0 => {
                    self.does("asks for another SMS");
                    return Ok(OtpEntry::Resend);
                }
                1 => {
                    self.does("changes the number");
                    return Ok(OtpEntry::ChangeNumber);
                }
                _ => {
                    self.does("mistypes");
                    return Ok(OtpEntry::Code("000000000".into()));
                }
            }
        }
        match self.code().await {
            Some(code) => {
                self.does("types the code");
                Ok(OtpEntry::Code(code.into()))
            }
            None => Ok(OtpEntry::Resend),
        }
    }

    async fn link_start(&self, number_needed: bool, _: Option<Refusal>) -> Result<Option<Secret>, PageError> {
        self.gives_a_number(number_needed).await
    }

    async fn link_retry(&self) -> Result<LinkRetry, PageError> {
        if self.is_sensible() {
            return std::future::pending().await;
        }
        self.bears_with_it().await?;
        self.does("retries");
        Ok(if self.chance.percent(70) { LinkRetry::Resend } else { LinkRetry::ChangeNumber })
    }

    async fn auth_finish(&self, auth_id: &str, failure: Option<&Failure>) -> Result<(), Cause> {
        let failure = failure.map(|failure| failure.kind.as_str());
        self.trace.add(Entry::FinishRuns { failure });
        if auth_id != self.auth_id {
            self.does("is handed somebody else's authId");
        }
        self.thinks(3_000).await;
        if self.is_sensible() || self.chance.percent(70) { Ok(()) } else { Err(Rc::new("the page's own reason")) }
    }

    fn device_ip(&self) -> Option<String> {
        None
    }

    fn state_changed(&self, detail: &Detail) {
        self.trace.add(Entry::State { state: detail.state.as_str(), expires: detail.expires_at.is_some() });
    }
}
