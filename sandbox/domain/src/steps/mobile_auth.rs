//! Step `mobile/instant`. A client without Mobile Auth reports a failure and continues with a code, see `status`.

use handset_protocol::{Secret, client, steps};
use subtle::ConstantTimeEq;

use crate::otp_challenge::OtpChallenge;
use crate::session::state::Possession;
use crate::session::transition::{ClientAnswer, TransitionBuilder};
use crate::{Command, MessageKind, Outcome, Party};

/// The start of Mobile Auth.
#[derive(Clone, Debug)]
pub struct StartMobileAuth {
    /// A fresh secret, which the visit has to return.
    pub vfp: Secret,
    /// The URL of the visit, with that secret.
    pub url: Secret,
}

impl Command for StartMobileAuth {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::InstantStart))
    }

    /// Replies with the URL to visit.
    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        if let Some(answer) = transition.respond_if_settled() {
            return answer;
        }
        let Possession::MobileAuth(vfp) = &mut transition.session.possession else {
            return transition.reject_out_of_order("this flow is not at Mobile Auth");
        };
        *vfp = Some(self.vfp.clone());
        let data = client::Data { redirect_url: Some(self.url.clone()), ..Default::default() };
        transition.reply(Outcome::Accepted, client::Reply { data: Some(data), ..Default::default() })
    }
}

/// The end of Mobile Auth.
#[derive(Clone, Debug)]
pub struct FinishMobileAuth {
    /// The secret that the visit returned.
    pub vfp: Secret,
}

impl Command for FinishMobileAuth {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::InstantFinish))
    }

    /// Checks the secret that the visit returned. A wrong one falls back to a code.
    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        if let Some(answer) = transition.respond_if_settled() {
            return answer;
        }
        let Possession::MobileAuth(vfp) = &transition.session.possession else {
            return transition.reject_out_of_order("this flow is not at Mobile Auth");
        };
        let Some(vfp) = vfp else {
            return transition.reject_out_of_order("Mobile Auth was not started");
        };
        if bool::from(vfp.expose().as_bytes().ct_eq(self.vfp.expose().as_bytes())) {
            transition.settle(Possession::Passed);
            transition.reply(Outcome::Passed, client::Reply::next(steps::DONE))
        } else {
            transition.fall_back_to_otp()
        }
    }
}

impl TransitionBuilder {
    /// Continues with the code step.
    pub(crate) fn fall_back_to_otp(&mut self) -> ClientAnswer {
        self.session.possession = Possession::Otp(OtpChallenge::default());
        self.reply(Outcome::FellBackToOtp, client::Reply::next(steps::MOBILE_OTP))
    }
}
