//! Step `mobile/otp`: the request for a code, and its check. The texts of SMS are in `session::message`.

use handset_protocol::{Secret, client, steps};
use subtle::ConstantTimeEq;

use crate::people::magic_numbers::Behaviour;
use crate::session::message::{Message, MessagePurpose, code_length, code_text};
use crate::session::state::{Possession, PossessionFailure, SentCode};
use crate::session::transition::{NumberDecision, TransitionBuilder};
use crate::{MessageKind, Outcome, Phone, TestUser};

/// Length of a code if the SMS text has no run of `#`.
const DEFAULT_LENGTH: usize = 4;

impl TransitionBuilder {
    /// A request for a code: with a number, a change of the number, or a resend.
    pub(crate) fn otp_start(&mut self, number: Option<&Secret>, fresh: &Secret, host: &str) {
        if self.respond_if_settled() {
            return;
        }
        if !matches!(self.session.possession, Possession::Otp(_)) {
            return self.reject_out_of_order("this flow is not at the code step");
        }
        match self.accept_number(number) {
            NumberDecision::Refused(reason) => self.refuse_number(reason),
            NumberDecision::TooMany => self.fail(PossessionFailure::TooManyNumbers),
            NumberDecision::HttpError(status, retry_after_seconds) => {
                self.respond_http_error(status, retry_after_seconds)
            }
            NumberDecision::Ready { phone, changed } => {
                let Some(outcome) = self.authorize_sms(changed) else { return };
                if outcome == Outcome::Accepted {
                    self.send_code(&phone, fresh, host);
                }
                let reply = self.sms_sent_reply();
                self.reply(outcome, reply);
            }
        }
    }

    /// The check of a code.
    pub(crate) fn otp_finish(&mut self, otp: &Secret) {
        if self.respond_if_settled() {
            return;
        }
        let tries = self.session.policy.tries();
        let is_limited = self.is_limited();
        let behaviour = self.session.behaviour();
        let Possession::Otp(state) = &mut self.session.possession else {
            return self.reject_out_of_order("this flow is not at the code step");
        };
        let Some(sent) = &state.sent else {
            return self.reject_out_of_order("no code was sent");
        };
        if self.now >= sent.expires_at || behaviour == Some(Behaviour::Expired) {
            return self.fail(PossessionFailure::CodeExpired);
        }
        // Every reply below reveals whether the code is correct, so the limit comes first.
        if is_limited && !self.attempts.is_allowed(&self.session.policy, self.now) {
            return self.fail(PossessionFailure::TooManyTries);
        }
        let is_correct = bool::from(otp.expose().as_bytes().ct_eq(sent.code.expose().as_bytes()));
        if is_correct && behaviour != Some(Behaviour::CodeWrong) {
            self.settle(Possession::Passed);
            return self.reply(Outcome::Passed, client::Reply::next(steps::DONE));
        }
        if is_limited {
            self.attempts.record(&self.session.policy, self.now);
        }
        state.wrong = state.wrong.saturating_add(1);
        let left = tries.saturating_sub(state.wrong);
        if left == 0 {
            return self.fail(PossessionFailure::WrongCode);
        }
        let data = client::Data {
            code: Some(client::data_codes::WRONG_CODE),
            message: Some("the code is wrong".to_owned()),
            attempts_left: Some(left.into()),
            ..Default::default()
        };
        self.reply(Outcome::WrongCode, client::Reply { data: Some(data), ..Default::default() });
    }

    /// Sends a new code, which replaces the previous one. The number of attempts is not reset.
    fn send_code(&mut self, phone: &Phone, fresh: &Secret, host: &str) {
        let template = self.session.sms_message.as_deref();
        let length = template.and_then(code_length).unwrap_or(DEFAULT_LENGTH);
        let code = match TestUser::has_known_code(phone) {
            true => TestUser::CODE.to_owned(),
            false => fresh.expose().chars().take(length).collect(),
        };
        let lifetime = self.session.policy.otp_lifetime;
        let expires_at = self.now + lifetime;
        let message = Message {
            to: phone.given().clone(),
            purpose: MessagePurpose::Otp(code.as_str().into()),
            text: code_text(template, &code, host, lifetime).into(),
            project: self.session.project.clone(),
            auth_id: self.session.auth_id.clone(),
            sent_at: self.now,
            expires_at,
        };
        if let Possession::Otp(otp) = &mut self.session.possession {
            otp.sent = Some(SentCode { code: code.into(), sent_at: self.now, expires_at });
        }
        self.send(MessageKind::SmsCode, message);
    }
}
