//! Step `mobile/otp`.

use handset_protocol::{Secret, client, steps};
use subtle::ConstantTimeEq;

use crate::people::magic_numbers::Behaviour;
use crate::session::message::{Kind, Message, code_length, code_text};
use crate::session::state::{Failure, Possession, SentCode};
use crate::session::transition::{Number, Turn};
use crate::{Outcome, Phone, TestUser, What};

/// Length of a code where the SMS text does not ask for another.
const DEFAULT_LENGTH: usize = 4;

impl Turn {
    /// A number, a change of number, or a resend.
    pub(crate) fn otp_start(&mut self, number: Option<&Secret>, fresh: &Secret, host: &str) {
        if self.answer_if_settled() {
            return;
        }
        if !matches!(self.session.possession, Possession::Otp(_)) {
            return self.prohibit("this flow is not at the code step");
        }
        match self.take_number(number) {
            Number::Refused(why) => self.refuse_number(why),
            Number::TooMany => self.fail(Failure::TooManyNumbers),
            Number::TurnedAway(status, retry_after_seconds) => self.turn_away(status, retry_after_seconds),
            Number::Ready { phone, changed } => {
                let Some(outcome) = self.admit_sms(changed) else { return };
                if outcome == Outcome::Accepted {
                    self.send_code(&phone, fresh, host);
                }
                let reply = self.sent_reply();
                self.reply(outcome, reply);
            }
        }
    }

    /// A code.
    pub(crate) fn otp_finish(&mut self, otp: &Secret) {
        if self.answer_if_settled() {
            return;
        }
        let tries = self.session.rules.tries();
        let is_limited = self.is_limited();
        let behaviour = self.session.behaviour();
        let Possession::Otp(state) = &mut self.session.possession else {
            return self.prohibit("this flow is not at the code step");
        };
        let Some(sent) = &state.sent else {
            return self.prohibit("no code was sent");
        };
        if self.now >= sent.expires_at || behaviour == Some(Behaviour::Expired) {
            return self.fail(Failure::CodeExpired);
        }
        // From here on the answer says whether it is right.
        if is_limited && !self.guesses.may_try(&self.session.rules, self.now) {
            return self.fail(Failure::TooManyTries);
        }
        let is_right = bool::from(otp.expose().as_bytes().ct_eq(sent.code.expose().as_bytes()));
        if is_right && behaviour != Some(Behaviour::CodeWrong) {
            self.settle(Possession::Passed);
            return self.reply(Outcome::Passed, client::Reply::next(steps::DONE));
        }
        if is_limited {
            self.guesses.add(&self.session.rules, self.now);
        }
        state.wrong = state.wrong.saturating_add(1);
        let left = tries.saturating_sub(state.wrong);
        if left == 0 {
            return self.fail(Failure::WrongCode);
        }
        let data = client::Data {
            code: Some(client::data_codes::WRONG_CODE),
            message: Some("the code is wrong".to_owned()),
            attempts_left: Some(left.into()),
            ..Default::default()
        };
        self.reply(Outcome::WrongCode, client::Reply { data: Some(data), ..Default::default() });
    }

    /// The old code is dead from here on; the count of tries goes on.
    fn send_code(&mut self, phone: &Phone, fresh: &Secret, host: &str) {
        let template = self.session.sms_message.as_deref();
        let length = template.and_then(code_length).unwrap_or(DEFAULT_LENGTH);
        let code = match TestUser::has_known_code(phone) {
            true => TestUser::CODE.to_owned(),
            false => fresh.expose().chars().take(length).collect(),
        };
        let seconds = self.session.rules.otp_seconds;
        let expires_at = self.now.saturating_add(i64::from(seconds) * 1000);
        let message = Message {
            to: phone.given().clone(),
            kind: Kind::Otp(code.as_str().into()),
            text: code_text(template, &code, host, seconds).into(),
            project: self.session.project.clone(),
            auth_id: self.session.auth_id.clone(),
            sent_at: self.now,
            expires_at,
        };
        if let Possession::Otp(otp) = &mut self.session.possession {
            otp.sent = Some(SentCode { code: code.into(), sent_at: self.now, expires_at });
        }
        self.send(What::SmsCode, message);
    }
}
