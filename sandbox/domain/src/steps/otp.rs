//! Step `mobile/otp`: the request for a code, and its check. The code and its attempts are in `otp_challenge`, the texts
//! of SMS in `session::message`.

use std::ops::ControlFlow;
use std::time::Duration;

use handset_protocol::{Secret, client, steps};

use crate::messages::message::{Message, MessageOrigin, MessagePurpose};
use crate::messages::texts::{code_length, code_text};
use crate::otp_challenge::{CodeCheck, NoLiveCode};
use crate::people::magic_numbers::Behaviour;
use crate::session::numbers::AcceptedNumber;
use crate::session::state::{Possession, PossessionFailure};
use crate::session::transition::{ClientAnswer, TransitionBuilder};
use crate::{Channel, Command, MessageKind, Outcome, Party, Phone, TestUser};

/// Length of a code if the SMS text has no run of `#`.
const DEFAULT_LENGTH: usize = 4;

/// A request for a code, the first one or a resend.
#[derive(Clone, Debug)]
pub struct StartOtp {
    /// The phone number. `None` or empty: the current number.
    pub number: Option<Secret>,
    /// Six fresh digits; a shorter code uses the first of them.
    pub code: Secret,
    /// Host of the page, without port, for the last line of the SMS.
    pub host: String,
}

impl Command for StartOtp {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::OtpStart))
    }

    fn number(&self) -> Option<Phone> {
        self.number.as_ref().and_then(Phone::parse)
    }

    fn counts_attempts(&self) -> bool {
        true
    }

    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        let (ControlFlow::Break(answer) | ControlFlow::Continue(answer)) = transition.start_otp(self);
        answer
    }
}

/// The check of a code.
#[derive(Clone, Debug)]
pub struct FinishOtp {
    /// The code.
    pub otp: Secret,
}

impl Command for FinishOtp {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::OtpFinish))
    }

    fn counts_attempts(&self) -> bool {
        true
    }

    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        transition.finish_otp(&self.otp)
    }
}

impl TransitionBuilder {
    /// Breaks with the answer if no code is sent.
    fn start_otp(&mut self, request: &StartOtp) -> ControlFlow<ClientAnswer, ClientAnswer> {
        if let Some(answer) = self.respond_if_settled() {
            return ControlFlow::Break(answer);
        }
        if !matches!(self.session.possession, Possession::Otp(_)) {
            return ControlFlow::Break(self.reject_out_of_order("this flow is not at the code step"));
        }
        let AcceptedNumber { phone, is_changed } = self.accept_number(request.number.as_ref())?;
        let outcome = self.authorize_sms(is_changed)?;
        if outcome == Outcome::Accepted {
            self.send_code(&phone, &request.code, &request.host);
        }
        let reply = self.sms_sent_reply();
        ControlFlow::Continue(self.reply(outcome, reply))
    }

    fn finish_otp(&mut self, otp: &Secret) -> ClientAnswer {
        if let Some(answer) = self.respond_if_settled() {
            return answer;
        }
        let (policy, behaviour, is_limited) = (self.session.policy, self.session.behaviour(), self.is_limited());
        // Every answer to a checked code reveals whether it is correct, so the limit comes first.
        let now = self.now;
        let is_allowed = !is_limited || self.read_attempts().is_allowed(&policy, now);
        let Possession::Otp(challenge) = &mut self.session.possession else {
            return self.reject_out_of_order("this flow is not at the code step");
        };
        if behaviour == Some(Behaviour::Expired) {
            challenge.expire(now);
        }
        let checked = match challenge.live(now) {
            Err(NoLiveCode::NotSent) => return self.reject_out_of_order("no code was sent"),
            Err(NoLiveCode::Expired) => return self.fail(PossessionFailure::CodeExpired),
            Ok(_) if !is_allowed => return self.fail(PossessionFailure::TooManyTries),
            Ok(live) if behaviour == Some(Behaviour::CodeWrong) => live.refuse(policy.tries()),
            Ok(live) => live.check(otp, policy.tries()),
        };
        let attempts_left = match checked {
            CodeCheck::Correct => {
                self.settle(Possession::Passed);
                return self.reply(Outcome::Passed, client::Reply::next(steps::DONE));
            }
            CodeCheck::Wrong { attempts_left } => attempts_left,
        };
        if is_limited {
            self.read_attempts().record(&policy, now);
        }
        if attempts_left == 0 {
            return self.fail(PossessionFailure::WrongCode);
        }
        let data = client::Data {
            code: Some(client::data_codes::WRONG_CODE),
            message: Some("the code is wrong".to_owned()),
            attempts_left: Some(attempts_left.into()),
            ..Default::default()
        };
        self.reply(Outcome::WrongCode, client::Reply { data: Some(data), ..Default::default() })
    }

    /// Sends a new code, which replaces the previous one.
    fn send_code(&mut self, phone: &Phone, fresh: &Secret, host: &str) {
        let template = self.session.sms_message.as_deref();
        let length = template.and_then(code_length).unwrap_or(DEFAULT_LENGTH);
        let code = match TestUser::has_known_code(phone) {
            true => TestUser::CODE.to_owned(),
            false => fresh.expose().chars().take(length).collect(),
        };
        let lifetime = Duration::from(self.session.policy.otp_lifetime);
        let message = Message {
            to: phone.given().clone(),
            channel: Channel::Mobile,
            purpose: MessagePurpose::Otp(code.as_str().into()),
            text: code_text(template, &code, host, lifetime).into(),
            project: self.session.project.clone(),
            origin: MessageOrigin::Session { auth_id: self.session.auth_id.clone() },
            sent_at: self.now,
            expires_at: self.now + lifetime,
        };
        if let Possession::Otp(challenge) = &mut self.session.possession {
            challenge.send(code.into(), self.now, lifetime);
        }
        self.send(MessageKind::SmsCode, message);
    }
}
