//! The transition of a session by one event: shared rules of numbers, SMS, replies and expiry. The rules of each step
//! and product are in `steps` and `products`.

use handset_protocol::{Secret, UnixMillis, client, limits};

use crate::identities::identity::NewEnrollment;
use crate::people::magic_numbers::{Behaviour, Repeat};
use crate::products::state::ProductState;
use crate::session::state::{Possession, PossessionFailure, Session};
use crate::{
    Effect, FailedAttempts, Fault, Message, MessageKind, NewTimelineEvent, Outcome, Party, Phone, Refusal,
    SessionEvent, TestUser, TestUserScenario,
};

/// A transition under construction: the changed session and its effects.
pub(crate) struct TransitionBuilder {
    pub(crate) session: Session,
    pub(crate) now: UnixMillis,
    /// Wrong codes and SMS of the current number.
    pub(crate) attempts: FailedAttempts,
    pub(crate) effects: Vec<Effect>,
    /// Sender and kind of the request.
    request: Option<(Party, MessageKind)>,
    /// Injected fault of the request or its reply.
    fault: Option<Fault>,
}

/// Decision about the number of a start request.
pub(crate) enum NumberDecision {
    /// The number is accepted; `changed` if it replaced another one.
    Ready { phone: Phone, changed: bool },
    /// The number is refused for this reason; the page may send another.
    Refused(&'static str),
    /// The maximum of numbers is exceeded.
    TooMany,
    /// The request gets this HTTP status, with the seconds of `Retry-After`.
    HttpError(u16, Option<u32>),
}

impl TransitionBuilder {
    pub(crate) fn new(session: Session, now: UnixMillis) -> Self {
        Self { session, now, attempts: FailedAttempts::default(), effects: Vec::new(), request: None, fault: None }
    }

    pub(crate) fn into_parts(self) -> (Session, Vec<Effect>) {
        (self.session, self.effects)
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Records the request of the event on the timeline, if it is one, so that its reply is recorded, too.
    pub(crate) fn record_request(&mut self, event: &SessionEvent, fault: Option<Fault>) {
        (self.request, self.fault) = (event.message(), fault);
        if let Some((from, kind)) = self.request {
            let fault = fault.filter(|fault| *fault != Fault::LoseReply);
            self.record(NewTimelineEvent { fault, ..NewTimelineEvent::new(from, Party::Backend, kind, None) });
        }
    }

    /// Replies to the sender of the event, and records the reply.
    pub(crate) fn respond(&mut self, outcome: Outcome, effect: Effect) {
        if let Some((to, kind)) = self.request {
            let fault = self.fault.filter(|fault| *fault == Fault::LoseReply);
            self.record(NewTimelineEvent { fault, ..NewTimelineEvent::new(Party::Backend, to, kind, Some(outcome)) });
        }
        self.effect(effect);
    }

    pub(crate) fn reply(&mut self, outcome: Outcome, reply: client::Reply) {
        self.respond(outcome, Effect::Reply(reply));
    }

    pub(crate) fn record(&mut self, event: NewTimelineEvent) {
        self.session.timeline.push(self.now, event);
    }

    /// Refuses a call of the relying party's server. The session stays unchanged.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.respond(Outcome::Refused, Effect::Refused(refusal));
    }

    /// Sets the final result of the possession check. The caller makes sure that there is none yet.
    pub(crate) fn settle(&mut self, outcome: Possession) {
        self.session.possession = outcome;
        self.effect(Effect::WakeWatchers);
        let Some(phone) = self.session.phone.clone() else { return };
        let is_passed = self.session.possession == Possession::Passed;
        let is_not_required = self.session.possession == Possession::NotRequired;
        match &mut self.session.product {
            ProductState::VerifiedUsers(state) if (is_passed || is_not_required) && state.names_owner(&phone) => {
                let enrollment = NewEnrollment {
                    project: self.session.project.clone(),
                    at: self.now,
                    identity_id: state.identity_id.clone(),
                    client_customer_id: state.client_customer_id.clone(),
                    device_id: None,
                    phone,
                };
                self.effect(Effect::Enroll(enrollment));
            }
            ProductState::Unify(state) if is_passed || (is_not_required && passes_without_browser(&phone)) => {
                state.bound_at = Some(self.now);
                let binding = state.binding(&self.session.project, &phone, self.now);
                self.effect(Effect::Bind(binding));
            }
            _ => {}
        }
    }

    /// Sets a failure as the final result, and replies with the error and `done`.
    pub(crate) fn fail(&mut self, failure: PossessionFailure) {
        self.settle(Possession::Failed(failure));
        self.reply(failure.outcome(), failed(failure));
    }

    /// Replies to a late request with the final result, if the session has one. Returns whether it does.
    pub(crate) fn respond_if_settled(&mut self) -> bool {
        let (outcome, reply) = match self.session.possession {
            Possession::Passed | Possession::NotRequired => {
                (Outcome::Passed, client::Reply::next(handset_protocol::steps::DONE))
            }
            Possession::Failed(failure) => (Outcome::Failed, failed(failure)),
            _ => return false,
        };
        self.reply(outcome, reply);
        true
    }

    /// Rejects a request of another step than the current one. The session stays unchanged.
    pub(crate) fn reject_out_of_order(&mut self, message: &str) {
        let error = client::ErrorBody { code: client::error_codes::PROHIBITED, message: message.to_owned() };
        self.reply(Outcome::Refused, client::Reply { error: Some(error), ..Default::default() });
    }

    /// Replies with the reason of a refused number; the page may send another.
    pub(crate) fn refuse_number(&mut self, reason: &str) {
        let data = client::Data {
            code: Some(client::data_codes::NUMBER_REFUSED),
            message: Some(reason.to_owned()),
            ..Default::default()
        };
        self.reply(Outcome::NumberRefused, client::Reply { data: Some(data), ..Default::default() });
    }

    /// Decides about the number of a start request. The same number again, in any notation, does not count as another
    /// one.
    pub(crate) fn accept_number(&mut self, number: Option<&Secret>) -> NumberDecision {
        let Some(number) = number.filter(|number| !number.is_empty()) else {
            return self.accept_no_number();
        };
        let parsed = Phone::parse(number);
        let behaviour = parsed.as_ref().and_then(Behaviour::of_phone);
        if let Some(Behaviour::HttpError(status, retry_after_seconds)) = behaviour {
            return NumberDecision::HttpError(status, retry_after_seconds);
        }
        let is_current = matches!((&parsed, &self.session.phone), (Some(new), Some(old)) if new.is_same(old));
        let is_again = is_current || self.session.last_given.as_ref() == Some(number);
        // Repetitions of an always refused number count, too; otherwise the page could send it for ever.
        if !is_again || behaviour == Some(Behaviour::NumberRefused(Repeat::Always)) {
            if self.session.numbers_given >= limits::PHONE_NUMBERS {
                return NumberDecision::TooMany;
            }
            self.session.numbers_given += 1;
            self.session.last_given = Some(number.clone());
        }
        if let Some(decision) = self.apply_number_behaviour(behaviour) {
            return decision;
        }
        let Some(phone) = parsed else {
            return self.refuse_number_again("this is not a phone number");
        };
        if is_current {
            return NumberDecision::Ready { phone: self.session.phone.clone().unwrap_or(phone), changed: false };
        }
        match TestUser::authorize(&phone, self.session.product.product(), self.session.policy.strict_test_users) {
            Ok(_) => {}
            Err(Refusal::NoTestUser) => {
                return self.refuse_number_again("no test user found matching the phone number");
            }
            Err(_) => return self.refuse_number_again("this number is not served here"),
        }
        let changed = self.session.phone.is_some();
        self.session.phone = Some(phone.clone());
        NumberDecision::Ready { phone, changed }
    }

    /// Decides about a start request without a number, which means the current number. Requests without any number are
    /// limited, too; otherwise a page that repeats them automatically would loop for ever.
    fn accept_no_number(&mut self) -> NumberDecision {
        let Some(phone) = self.session.phone.clone() else {
            if self.session.numbers_lacking >= limits::PHONE_NUMBERS {
                return NumberDecision::TooMany;
            }
            self.session.numbers_lacking += 1;
            return NumberDecision::Refused("a phone number is needed");
        };
        let behaviour = Behaviour::of_phone(&phone);
        // The first refusal concerns the number of Start, which is already counted.
        if behaviour == Some(Behaviour::NumberRefused(Repeat::Always)) && self.session.behaviour_state.refusal {
            if self.session.numbers_given >= limits::PHONE_NUMBERS {
                return NumberDecision::TooMany;
            }
            self.session.numbers_given += 1;
        }
        self.apply_number_behaviour(behaviour).unwrap_or(NumberDecision::Ready { phone, changed: false })
    }

    /// Refuses a number, up to the maximum of refusals, which also counts repetitions of the same number.
    fn refuse_number_again(&mut self, reason: &'static str) -> NumberDecision {
        if self.session.refusals >= limits::PHONE_NUMBERS {
            return NumberDecision::TooMany;
        }
        self.session.refusals += 1;
        NumberDecision::Refused(reason)
    }

    /// The decision that the number's behaviour dictates, if any.
    fn apply_number_behaviour(&mut self, behaviour: Option<Behaviour>) -> Option<NumberDecision> {
        match behaviour? {
            Behaviour::HttpError(status, retry_after_seconds) => {
                Some(NumberDecision::HttpError(status, retry_after_seconds))
            }
            Behaviour::NumberRefused(repeat) if repeat == Repeat::Always || !self.session.behaviour_state.refusal => {
                self.session.behaviour_state.refusal = true;
                Some(self.refuse_number_again("this number is refused on purpose"))
            }
            _ => None,
        }
    }

    /// Replies to the page with an HTTP error status. The session stays unchanged.
    pub(crate) fn respond_http_error(&mut self, status: u16, retry_after_seconds: Option<u32>) {
        if let Some((to, kind)) = self.request {
            self.record(NewTimelineEvent::new(Party::Backend, to, kind, Some(Outcome::Refused)).under(Fault::Status));
        }
        self.effect(Effect::HttpError { status, retry_after_seconds });
    }

    /// Whether an SMS may be sent to the current number: `Accepted`, or `TooEarly` if the previous code or link stays
    /// valid. `None`: the maximum is exceeded, and the flow has failed.
    pub(crate) fn authorize_sms(&mut self, changed: bool) -> Option<Outcome> {
        if !changed && self.session.resend_at().is_some_and(|at| self.now < at) {
            return Some(Outcome::TooEarly);
        }
        let policy = self.session.policy;
        let is_last = policy.sms_per_session > 0 && self.session.sms_sent >= policy.sms_per_session;
        if is_last || (self.is_limited() && !self.attempts.is_sms_allowed(&policy, self.now)) {
            self.fail(PossessionFailure::TooManySms);
            return None;
        }
        Some(Outcome::Accepted)
    }

    /// Whether wrong codes and SMS of the current number count against its limits. Test users and behaviour numbers are
    /// exempt: their code is public, and whole test suites share their numbers.
    pub(crate) fn is_limited(&self) -> bool {
        self.session.phone.as_ref().is_some_and(|phone| !TestUser::has_known_code(phone))
    }

    /// The reply to a sent SMS. Its times are an extension of the contract; a client uses only their differences.
    pub(crate) fn sms_sent_reply(&self) -> client::Reply {
        client::Reply {
            server_time: Some(self.now.as_millis()),
            expires_at: self.session.challenge_expires_at().map(UnixMillis::as_millis),
            resend_at: self.session.resend_at().map(UnixMillis::as_millis),
            ..Default::default()
        }
    }

    /// Counts an SMS and sends it. The number's behaviour may lose it on the way.
    pub(crate) fn send(&mut self, kind: MessageKind, message: Message) {
        self.session.sms_sent = self.session.sms_sent.saturating_add(1);
        if self.is_limited() {
            self.attempts.record_sms(&self.session.policy, self.now);
        }
        let event = NewTimelineEvent::new(Party::Backend, Party::Phone, kind, None);
        if self.session.behaviour() == Some(Behaviour::SmsLost) {
            return self.record(event.under(Fault::Drop));
        }
        self.record(event);
        self.effect(Effect::SendMessage(message));
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
    client::Reply { error: Some(failure.to_body()), ..client::Reply::next(handset_protocol::steps::DONE) }
}

/// Whether the number is a test user with possession verified before the page's first request.
pub(crate) fn passes_without_browser(phone: &Phone) -> bool {
    TestUser::find(phone).is_some_and(|user| user.scenario == TestUserScenario::PassesWithoutBrowser)
}
