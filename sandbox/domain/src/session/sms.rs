//! The SMS of a session: whether one may be sent, and its sending. The texts are in `messages`, the limits of a number in
//! `failed_attempts`.

use std::ops::ControlFlow;

use handset_protocol::{UnixMillis, client};

use crate::people::magic_numbers::Behaviour;
use crate::session::transition::{ClientAnswer, TransitionBuilder};
use crate::{Fault, Message, MessageKind, NewTimelineEvent, Outcome, Party, PossessionFailure, TestUser};

impl TransitionBuilder {
    /// Whether an SMS may be sent to the current number: `Accepted`, or `TooEarly` if the previous code or link stays
    /// valid. Breaks with the answer if the maximum is exceeded, which ends the flow.
    pub(crate) fn authorize_sms(&mut self, is_changed: bool) -> ControlFlow<ClientAnswer, Outcome> {
        if !is_changed && self.session.resend_at().is_some_and(|at| self.now < at) {
            return ControlFlow::Continue(Outcome::TooEarly);
        }
        let policy = self.session.policy;
        let is_last = policy.sms_per_session > 0 && self.session.sms_sent >= policy.sms_per_session;
        let (is_limited, now) = (self.is_limited(), self.now);
        if is_last || (is_limited && !self.read_attempts().is_sms_allowed(&policy, now)) {
            return ControlFlow::Break(self.fail(PossessionFailure::TooManySms));
        }
        ControlFlow::Continue(Outcome::Accepted)
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
            let (policy, now) = (self.session.policy, self.now);
            self.read_attempts().record_sms(&policy, now);
        }
        let event = NewTimelineEvent::new(Party::Backend, Party::Phone, kind, None);
        if self.session.behaviour() == Some(Behaviour::SmsLost) {
            return self.record(event.under(Fault::Drop));
        }
        self.record(event);
        self.emit(message);
    }
}
