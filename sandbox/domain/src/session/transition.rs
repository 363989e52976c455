//! The transition of a session under construction: replies, the timeline, the result and expiry. The rules of phone
//! numbers are in `numbers`, those of SMS in `sms`, those of each step and product in `steps` and `products`.

use handset_protocol::{UnixMillis, client, steps};

use crate::identities::identity::IdentityChange;
use crate::products::settling::Settled;
use crate::session::state::{Possession, PossessionFailure, Session};
use crate::{FailedAttempts, Fault, Identity, Message, MessageKind, NewTimelineEvent, Outcome, Party, Refusal};

/// What a command decides: the answer to its sender, and everything that the caller writes, in one write.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition<A> {
    /// The answer to the sender.
    pub answer: A,
    /// The next state of the session.
    pub session: Session,
    /// The next failed attempts of the number, which may be as before. `None`: the answer does not depend on them.
    pub attempts: Option<FailedAttempts>,
    /// The next identity of the number, which may be as before. `None`: the command decides nothing about it.
    pub identity: Option<Identity>,
    /// Events for the timeline.
    pub timeline: Vec<NewTimelineEvent>,
    /// Messages to be sent.
    pub outgoing: Vec<Message>,
    /// Whether the result or the deadline of the session has changed, so that waiting sockets check it again.
    pub notifies: bool,
}

/// A transition under construction.
#[derive(Debug)]
pub struct TransitionBuilder {
    pub(crate) session: Session,
    pub(crate) now: UnixMillis,
    /// Wrong codes and SMS of the current number.
    attempts: FailedAttempts,
    /// Whether the answer depends on the attempts.
    has_read_attempts: bool,
    /// The identity of the current number.
    pub(crate) identity: Option<Identity>,
    /// Whether the transition has decided about the identity.
    has_decided_identity: bool,
    timeline: Vec<NewTimelineEvent>,
    outgoing: Vec<Message>,
    notifies: bool,
    /// Sender and kind of the request.
    request: Option<(Party, MessageKind)>,
    /// Injected fault of the request or its reply.
    fault: Option<Fault>,
}

/// The answer to a page's authenticator.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientAnswer {
    /// A reply of the contract.
    Reply(client::Reply),
    /// An HTTP error status without a body of the contract.
    HttpError {
        /// 429 or 500.
        status: u16,
        /// Seconds until the next attempt, for `Retry-After`.
        retry_after_seconds: Option<u32>,
    },
}

impl TransitionBuilder {
    pub(crate) fn new(session: Session, now: UnixMillis, attempts: FailedAttempts, identity: Option<Identity>) -> Self {
        Self {
            session,
            now,
            attempts,
            has_read_attempts: false,
            identity,
            has_decided_identity: false,
            timeline: Vec::new(),
            outgoing: Vec::new(),
            notifies: false,
            request: None,
            fault: None,
        }
    }

    /// The finished transition.
    pub(crate) fn finish<A>(self, answer: A) -> Transition<A> {
        let Self { session, timeline, outgoing, notifies, .. } = self;
        Transition {
            answer,
            session,
            attempts: Some(self.attempts).filter(|_| self.has_read_attempts),
            identity: self.identity.filter(|_| self.has_decided_identity),
            timeline,
            outgoing,
            notifies,
        }
    }

    /// Records the request on the timeline, if it is one, so that its reply is recorded, too.
    pub(crate) fn record_request(&mut self, request: Option<(Party, MessageKind)>, fault: Option<Fault>) {
        (self.request, self.fault) = (request, fault);
        if let Some((from, kind)) = request {
            let fault = fault.filter(|fault| *fault != Fault::LoseReply);
            self.record(NewTimelineEvent { fault, ..NewTimelineEvent::new(from, kind.recipient(), kind, None) });
        }
    }

    /// Records the reply to the sender of the request.
    pub(crate) fn respond(&mut self, outcome: Outcome) {
        if let Some((to, kind)) = self.request {
            let fault = self.fault.filter(|fault| *fault == Fault::LoseReply);
            let from = kind.recipient();
            self.record(NewTimelineEvent { fault, ..NewTimelineEvent::new(from, to, kind, Some(outcome)) });
        }
    }

    /// Replies to the page, and records the reply.
    pub(crate) fn reply(&mut self, outcome: Outcome, reply: client::Reply) -> ClientAnswer {
        self.respond(outcome);
        ClientAnswer::Reply(reply)
    }

    pub(crate) fn record(&mut self, event: NewTimelineEvent) {
        self.timeline.push(event);
    }

    /// Sends a message with the write of the transition.
    pub(crate) fn emit(&mut self, message: Message) {
        self.outgoing.push(message);
    }

    /// Wakes the waiting sockets of the session after the write.
    pub(crate) fn notify(&mut self) {
        self.notifies = true;
    }

    /// Refuses a call of the relying party's server.
    pub(crate) fn refuse<T>(&mut self, refusal: Refusal) -> Result<T, Refusal> {
        self.respond(Outcome::Refused);
        Err(refusal)
    }

    /// Sets the final result of the possession check. The caller makes sure that there is none yet.
    pub(crate) fn settle(&mut self, outcome: Possession) {
        self.session.possession = outcome;
        self.notify();
        let Session { phone: Some(phone), project, possession, product, .. } = &mut self.session else { return };
        let settled = Settled { possession, project, phone, at: self.now };
        if let Some(change) = product.on_settled(&settled) {
            self.change_identity(&change);
        }
    }

    /// Changes the identity of the current number.
    pub(crate) fn change_identity(&mut self, change: &IdentityChange) {
        self.identity = Some(change.apply(self.identity.as_ref()));
        self.has_decided_identity = true;
    }

    /// The failed attempts of the current number, for a decision that depends on them.
    pub(crate) fn read_attempts(&mut self) -> &mut FailedAttempts {
        self.has_read_attempts = true;
        &mut self.attempts
    }

    /// Sets a failure as the final result, and replies with the error and `done`.
    pub(crate) fn fail(&mut self, failure: PossessionFailure) -> ClientAnswer {
        self.settle(Possession::Failed(failure));
        self.reply(failure.outcome(), failed(failure))
    }

    /// The reply to a late request: the final result, if the session has one.
    pub(crate) fn respond_if_settled(&mut self) -> Option<ClientAnswer> {
        let (outcome, reply) = match self.session.possession {
            Possession::Passed | Possession::NotRequired => (Outcome::Passed, client::Reply::next(steps::DONE)),
            Possession::Failed(failure) => (Outcome::Failed, failed(failure)),
            _ => return None,
        };
        Some(self.reply(outcome, reply))
    }

    /// Rejects a request of another step than the current one. The session stays unchanged.
    pub(crate) fn reject_out_of_order(&mut self, message: &str) -> ClientAnswer {
        let error = client::ErrorBody { code: client::error_codes::PROHIBITED, message: message.to_owned() };
        self.reply(Outcome::Refused, client::Reply { error: Some(error), ..Default::default() })
    }

    /// Replies to the page with an HTTP error status. The session stays unchanged.
    pub(crate) fn respond_http_error(&mut self, status: u16, retry_after_seconds: Option<u32>) -> ClientAnswer {
        if let Some((to, kind)) = self.request {
            self.record(NewTimelineEvent::new(Party::Backend, to, kind, Some(Outcome::Refused)).under(Fault::Status));
        }
        ClientAnswer::HttpError { status, retry_after_seconds }
    }

    /// Refuses calls of the relying party's server about an expired session.
    pub(crate) fn in_time(&self) -> Result<(), Refusal> {
        if self.now < self.session.expires_at { Ok(()) } else { Err(Refusal::UnknownCorrelationId) }
    }

    /// Applies the expiry of the possession check.
    pub(crate) fn expire(&mut self) {
        if self.session.possession_expires_at().is_none_or(|at| self.now < at) {
            return;
        }
        let session_over = self.now >= self.session.expires_at;
        let failure = if session_over { PossessionFailure::SessionExpired } else { PossessionFailure::LinkExpired };
        self.record(NewTimelineEvent::new(
            Party::Backend,
            Party::Backend,
            MessageKind::Expired,
            Some(failure.outcome()),
        ));
        self.settle(Possession::Failed(failure));
    }
}

/// The reply to a page whose flow failed: `error` and `done`.
pub(crate) fn failed(failure: PossessionFailure) -> client::Reply {
    client::Reply { error: Some(failure.to_body()), ..client::Reply::next(steps::DONE) }
}
