//! One event on its way through [`apply`](crate::apply); the steps' own rules are in the files named for them.

use handset_protocol::{Secret, UnixMillis, client, limits};

use crate::identities::identity::NewEnrollment;
use crate::people::magic_numbers::{Behaviour, Repeat};
use crate::products::state::ProductState;
use crate::session::state::{Possession, PossessionFailure, Session};
use crate::{
    Effect, FailedAttempts, Fault, Message, MessageKind, NewTimelineEvent, Outcome, Party, Phone, Refusal,
    SessionEvent, TestUser, TestUserScenario,
};

/// A session that an event is changing.
pub(crate) struct TransitionBuilder {
    pub(crate) session: Session,
    pub(crate) now: UnixMillis,
    /// Those at the number in force.
    pub(crate) attempts: FailedAttempts,
    pub(crate) effects: Vec<Effect>,
    /// Who is to be answered, and to what.
    request: Option<(Party, MessageKind)>,
    /// What is done to the request, or to its answer.
    fault: Option<Fault>,
}

/// What becomes of the number in a start request.
pub(crate) enum NumberDecision {
    /// There is one to send to; `changed` when it took the place of another.
    Ready { phone: Phone, changed: bool },
    /// Ask the person again.
    Refused(&'static str),
    /// One number too many.
    TooMany,
    /// The request is turned away with this HTTP status, and told after how many s to come again.
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

    /// The event is a request: it goes on the timeline, and so will its answer.
    pub(crate) fn record_request(&mut self, event: &SessionEvent, fault: Option<Fault>) {
        (self.request, self.fault) = (event.message(), fault);
        if let Some((from, what)) = self.request {
            let fault = fault.filter(|fault| *fault != Fault::LoseReply);
            self.record(NewTimelineEvent { fault, ..NewTimelineEvent::new(from, Party::Backend, what, None) });
        }
    }

    /// Answers whoever caused the event.
    pub(crate) fn respond(&mut self, outcome: Outcome, effect: Effect) {
        if let Some((to, what)) = self.request {
            let fault = self.fault.filter(|fault| *fault == Fault::LoseReply);
            self.record(NewTimelineEvent { fault, ..NewTimelineEvent::new(Party::Backend, to, what, Some(outcome)) });
        }
        self.effect(effect);
    }

    pub(crate) fn reply(&mut self, outcome: Outcome, reply: client::Reply) {
        self.respond(outcome, Effect::Reply(reply));
    }

    pub(crate) fn record(&mut self, sight: NewTimelineEvent) {
        self.session.timeline.push(self.now, sight);
    }

    /// Refuses what the relying party's server asks. Nothing changes.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.respond(Outcome::Refused, Effect::Refused(refusal));
    }

    /// Settles the session. What is settled stays settled: callers look first.
    pub(crate) fn settle(&mut self, outcome: Possession) {
        self.session.possession = outcome;
        self.effect(Effect::WakeWatchers);
        let Some(phone) = self.session.phone.clone() else { return };
        let is_shown = self.session.possession == Possession::Passed;
        let is_waived = self.session.possession == Possession::NotRequired;
        match &mut self.session.product {
            ProductState::VerifiedUsers(verifying) if (is_shown || is_waived) && verifying.names_owner(&phone) => {
                let enrolling = NewEnrollment {
                    project: self.session.project.clone(),
                    at: self.now,
                    identity_id: verifying.identity_id.clone(),
                    client_customer_id: verifying.client_customer_id.clone(),
                    device_id: None,
                    phone,
                };
                self.effect(Effect::Enroll(enrolling));
            }
            ProductState::Unify(unifying) if is_shown || (is_waived && passes_without_browser(&phone)) => {
                unifying.bound_at = Some(self.now);
                let binding = unifying.binding(&self.session.project, &phone, self.now);
                self.effect(Effect::Bind(binding));
            }
            _ => {}
        }
    }

    /// Settles as failed and says so to the page, which then ends with `done`.
    pub(crate) fn fail(&mut self, failure: PossessionFailure) {
        self.settle(Possession::Failed(failure));
        self.reply(failure.outcome(), failed(failure));
    }

    /// Answers a late request on a settled session. Returns whether it was settled.
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

    /// The request belongs to a step that the session is not at. Nothing changes.
    pub(crate) fn reject_out_of_order(&mut self, message: &str) {
        let error = client::ErrorBody { code: client::error_codes::PROHIBITED, message: message.to_owned() };
        self.reply(Outcome::Refused, client::Reply { error: Some(error), ..Default::default() });
    }

    /// Asks for another number.
    pub(crate) fn refuse_number(&mut self, why: &str) {
        let data = client::Data {
            code: Some(client::data_codes::NUMBER_REFUSED),
            message: Some(why.to_owned()),
            ..Default::default()
        };
        self.reply(Outcome::NumberRefused, client::Reply { data: Some(data), ..Default::default() });
    }

    /// Takes the number of a start request. The same number again, however it is written, is not another number.
    pub(crate) fn accept_number(&mut self, given: Option<&Secret>) -> NumberDecision {
        let Some(given) = given.filter(|number| !number.is_empty()) else {
            return self.accept_no_number();
        };
        let parsed = Phone::parse(given);
        let behaviour = parsed.as_ref().and_then(Behaviour::of_phone);
        if let Some(Behaviour::HttpError(status, retry_after_seconds)) = behaviour {
            return NumberDecision::HttpError(status, retry_after_seconds);
        }
        let is_current = matches!((&parsed, &self.session.phone), (Some(new), Some(old)) if new.is_same(old));
        let is_again = is_current || self.session.last_given.as_ref() == Some(given);
        // What is never accepted would be asked for without an end.
        if !is_again || behaviour == Some(Behaviour::NumberRefused(Repeat::Always)) {
            if self.session.numbers_given >= limits::PHONE_NUMBERS {
                return NumberDecision::TooMany;
            }
            self.session.numbers_given += 1;
            self.session.last_given = Some(given.clone());
        }
        if let Some(spoiled) = self.apply_number_behaviour(behaviour) {
            return spoiled;
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

    /// The request names no number: the one in force is meant. Asking without one that could be served ends like numbers do:
    /// a page that answers so by itself would ask without an end.
    fn accept_no_number(&mut self) -> NumberDecision {
        let Some(phone) = self.session.phone.clone() else {
            if self.session.numbers_lacking >= limits::PHONE_NUMBERS {
                return NumberDecision::TooMany;
            }
            self.session.numbers_lacking += 1;
            return NumberDecision::Refused("a phone number is needed");
        };
        let behaviour = Behaviour::of_phone(&phone);
        // The first time it is the number of Start, which was counted there.
        if behaviour == Some(Behaviour::NumberRefused(Repeat::Always)) && self.session.behaviour_state.refusal {
            if self.session.numbers_given >= limits::PHONE_NUMBERS {
                return NumberDecision::TooMany;
            }
            self.session.numbers_given += 1;
        }
        self.apply_number_behaviour(behaviour).unwrap_or(NumberDecision::Ready { phone, changed: false })
    }

    /// Asks for another number, as often as numbers may be given, also where the same is given again and again.
    fn refuse_number_again(&mut self, why: &'static str) -> NumberDecision {
        if self.session.refusals >= limits::PHONE_NUMBERS {
            return NumberDecision::TooMany;
        }
        self.session.refusals += 1;
        NumberDecision::Refused(why)
    }

    /// What the number's own behaviour makes of it.
    fn apply_number_behaviour(&mut self, behaviour: Option<Behaviour>) -> Option<NumberDecision> {
        match behaviour? {
            Behaviour::HttpError(status, retry_after_seconds) => {
                Some(NumberDecision::HttpError(status, retry_after_seconds))
            }
            Behaviour::NumberRefused(often) if often == Repeat::Always || !self.session.behaviour_state.refusal => {
                self.session.behaviour_state.refusal = true;
                Some(self.refuse_number_again("this number is refused on purpose"))
            }
            _ => None,
        }
    }

    /// Turns a request of the page away. It has changed nothing.
    pub(crate) fn respond_http_error(&mut self, status: u16, retry_after_seconds: Option<u32>) {
        if let Some((to, what)) = self.request {
            self.record(NewTimelineEvent::new(Party::Backend, to, what, Some(Outcome::Refused)).under(Fault::Status));
        }
        self.effect(Effect::HttpError { status, retry_after_seconds });
    }

    /// Whether an SMS may go to the number in force: `Accepted`, or `TooEarly` where the last one stays good. `None`: it was one
    /// too many, which has ended the flow.
    pub(crate) fn authorize_sms(&mut self, changed: bool) -> Option<Outcome> {
        if !changed && self.session.resend_at().is_some_and(|at| self.now < at) {
            return Some(Outcome::TooEarly);
        }
        let rules = self.session.policy;
        let is_last = rules.sms_per_session > 0 && self.session.sms_sent >= rules.sms_per_session;
        if is_last || (self.is_limited() && !self.attempts.is_sms_allowed(&rules, self.now)) {
            self.fail(PossessionFailure::TooManySms);
            return None;
        }
        Some(Outcome::Accepted)
    }

    /// Whether wrong codes and SMS are counted for the number in force. Test users are nobody: their code is known to all,
    /// and whole test suites run on their numbers.
    pub(crate) fn is_limited(&self) -> bool {
        self.session.phone.as_ref().is_some_and(|phone| !TestUser::has_known_code(phone))
    }

    /// The SMS is sent. Times are extensions: only their differences count for a client.
    pub(crate) fn sms_sent_reply(&self) -> client::Reply {
        client::Reply {
            server_time: Some(self.now.as_millis()),
            expires_at: self.session.challenge_expires_at().map(UnixMillis::as_millis),
            resend_at: self.session.resend_at().map(UnixMillis::as_millis),
            ..Default::default()
        }
    }

    /// An SMS leaves, and is counted. It may get lost.
    pub(crate) fn send(&mut self, what: MessageKind, message: Message) {
        self.session.sms_sent = self.session.sms_sent.saturating_add(1);
        if self.is_limited() {
            self.attempts.record_sms(&self.session.policy, self.now);
        }
        let sight = NewTimelineEvent::new(Party::Backend, Party::Phone, what, None);
        if self.session.behaviour() == Some(Behaviour::SmsLost) {
            return self.record(sight.under(Fault::Drop));
        }
        self.record(sight);
        self.effect(Effect::SendMessage(message));
    }

    /// What time alone changes.
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

/// `error` and `done` together: the flow is over, and the relying party's server learns why not.
pub(crate) fn failed(failure: PossessionFailure) -> client::Reply {
    client::Reply { error: Some(failure.to_body()), ..client::Reply::next(handset_protocol::steps::DONE) }
}

/// Whether a number's owner is shown to hold it before the page was asked.
pub(crate) fn passes_without_browser(phone: &Phone) -> bool {
    TestUser::find(phone).is_some_and(|user| user.scenario == TestUserScenario::PassesWithoutBrowser)
}
