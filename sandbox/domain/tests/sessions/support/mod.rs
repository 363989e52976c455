//! The harness of the tests: sessions of one project with the rows of their numbers, in virtual time. It reads and writes
//! rows like the server. The openings are in `openings`, the expected events in `events`. No assertions.

pub(crate) mod events;
pub(crate) mod openings;

use std::collections::BTreeMap;
use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    ApplyInput, ClientAnswer, Command, FailedAttempts, Fault, FinishOtp, Identity, Message, MessagePurpose, OpenInput,
    OpenLink, OpenSession, Phone, Refusal, Session, SessionIds, StartLink, StartOtp, Transition, apply,
};

/// The project of every session.
pub(crate) const PROJECT: &str = "default";
/// The time of the first opening.
pub(crate) const BEGIN: UnixMillis = UnixMillis::new(1_800_000_000_000);
/// A number without a test user or a behaviour.
pub(crate) const NUMBER: &str = "5005550006";
/// Another one.
pub(crate) const OTHER_NUMBER: &str = "5005550007";
/// The digits for each code of the tests; a code is the first four of them.
pub(crate) const DIGITS: &str = "567890";
/// The code from [`DIGITS`].
pub(crate) const CODE: &str = "5678";

/// One project: its clock, the rows of its numbers, and the current session.
#[derive(Clone)]
pub(crate) struct Harness {
    pub(crate) now: UnixMillis,
    pub(crate) session: Session,
    pub(crate) fault: Option<Fault>,
    attempts: BTreeMap<String, FailedAttempts>,
    identities: BTreeMap<String, Identity>,
    opened: u32,
}

pub(crate) fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn phone(number: &str) -> Phone {
    Phone::parse(&number.into()).unwrap()
}

impl Harness {
    /// A project with one open session.
    pub(crate) fn new<R>(opening: &OpenSession<R>) -> Self {
        let mut harness = Self {
            now: BEGIN,
            session: open_at(opening, "1", None, BEGIN).unwrap().session,
            fault: None,
            attempts: BTreeMap::new(),
            identities: BTreeMap::new(),
            opened: 0,
        };
        harness.open(opening);
        harness
    }

    /// Opens another session in the same project, which becomes the current one.
    pub(crate) fn open<R>(&mut self, opening: &OpenSession<R>) -> Transition<R> {
        self.opened += 1;
        let identity = match opening.product().uses_identities() {
            true => opening.phone().and_then(|phone| self.identities.get(phone.digits())),
            false => None,
        };
        let transition = open_at(opening, &self.opened.to_string(), identity, self.now).unwrap();
        self.write(opening.phone(), &transition);
        transition
    }

    pub(crate) fn wait(&mut self, duration: Duration) {
        self.now = self.now + duration;
    }

    pub(crate) fn wait_until(&mut self, time: UnixMillis) {
        self.now = self.now.max(time);
    }

    /// The number whose rows a command reads.
    pub(crate) fn number_of<C: Command>(&self, command: &C) -> Option<Phone> {
        command.number().or_else(|| self.session.phone.clone())
    }

    /// The transition by a command, without writing it.
    pub(crate) fn preview<C: Command>(&self, command: &C) -> Transition<C::Answer> {
        let number = self.number_of(command);
        let digits = number.as_ref().map(Phone::digits);
        let attempts = digits.filter(|_| command.counts_attempts()).and_then(|digits| self.attempts.get(digits));
        let uses_identities = self.session.product.product().uses_identities();
        let identity = digits.filter(|_| uses_identities).and_then(|digits| self.identities.get(digits));
        let input = ApplyInput { session: &self.session, attempts, identity, fault: self.fault, now: self.now };
        let mut transition = apply(&input, command);
        // Rows that stay as they are: `rows` tests which of them a transition has.
        transition.attempts = transition.attempts.filter(|next| *next != attempts.cloned().unwrap_or_default());
        transition.identity = transition.identity.filter(|next| Some(next) != identity);
        transition
    }

    /// Applies a command to the current session, and writes the transition.
    pub(crate) fn apply<C: Command>(&mut self, command: &C) -> Transition<C::Answer> {
        let transition = self.preview(command);
        self.write(self.number_of(command).as_ref(), &transition);
        transition
    }

    pub(crate) fn write<A>(&mut self, number: Option<&Phone>, transition: &Transition<A>) {
        self.session = transition.session.clone();
        if let Some((phone, attempts)) = number.zip(transition.attempts.as_ref()) {
            self.attempts.insert(phone.digits().to_owned(), attempts.clone());
        }
        if let Some((phone, identity)) = number.zip(transition.identity.as_ref()) {
            self.identities.insert(phone.digits().to_owned(), identity.clone());
        }
    }

    pub(crate) fn identity(&self, number: &str) -> Option<&Identity> {
        self.identities.get(phone(number).digits())
    }

    pub(crate) fn revoke(&mut self, number: &str, device: &str) {
        let revoked = self.identity(number).unwrap().revoke(device, self.now).unwrap();
        self.identities.insert(phone(number).digits().to_owned(), revoked);
    }

    pub(crate) fn start_otp(&mut self, number: Option<&str>) -> Transition<ClientAnswer> {
        self.start_otp_with(number, DIGITS)
    }

    pub(crate) fn start_otp_with(&mut self, number: Option<&str>, digits: &str) -> Transition<ClientAnswer> {
        self.apply(&StartOtp { number: number.map(Into::into), code: digits.into(), host: "shop.test".to_owned() })
    }

    pub(crate) fn finish_otp(&mut self, code: &str) -> Transition<ClientAnswer> {
        self.apply(&FinishOtp { otp: code.into() })
    }

    pub(crate) fn start_link(&mut self, number: Option<&str>, token: &str) -> Transition<ClientAnswer> {
        self.apply(&start_link(number, token))
    }

    pub(crate) fn open_link(&mut self, token: &str) -> Transition<handset_sandbox_domain::LinkPage> {
        self.apply(&OpenLink { token: token.into() })
    }

    /// What the session's possession check was proved with: the code or the link of the session's step.
    pub(crate) fn pass(&mut self) {
        match self.session.possession.step() {
            handset_protocol::steps::MOBILE_OTP => {
                let sent = self.start_otp(None);
                let code = match &sent.outgoing[0].purpose {
                    MessagePurpose::Otp(code) => code.expose().to_owned(),
                    MessagePurpose::Link(_) => String::new(),
                };
                self.finish_otp(&code);
            }
            _ => {
                self.start_link(None, "pass");
                self.open_link("pass");
            }
        }
    }

    /// A transition that answers and changes nothing else than the given session.
    pub(crate) fn plain<A>(
        &self,
        answer: A,
        session: Session,
        timeline: Vec<handset_sandbox_domain::NewTimelineEvent>,
    ) -> Transition<A> {
        Transition {
            answer,
            session,
            attempts: None,
            identity: None,
            timeline,
            outgoing: Vec::<Message>::new(),
            notifies: false,
        }
    }
}

pub(crate) fn start_link(number: Option<&str>, token: &str) -> StartLink {
    let url = format!("http://l.test/{token}");
    StartLink { number: number.map(Into::into), is_mobile: false, token: token.into(), url: url.into() }
}

/// Opens a session with ids that end in `id`.
pub(crate) fn open_at<R>(
    opening: &OpenSession<R>,
    id: &str,
    identity: Option<&Identity>,
    now: UnixMillis,
) -> Result<Transition<R>, Refusal> {
    let name = |kind: &str| format!("{kind}-{id}");
    let ids = SessionIds {
        project: PROJECT.to_owned(),
        auth_id: name("auth"),
        correlation_id: name("correlation"),
        request_id: name("request"),
        challenge: name("challenge"),
    };
    let sign = |claims: &handset_protocol::token::Claims| Some(format!("token {}", claims.auth.next).into());
    opening.open(OpenInput { ids, identity, now, origin: "http://sandbox.test", sign: &sign })
}
