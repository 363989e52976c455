//! Step `mobile/instant`: its start and its end. The visit in between is in `carrier`. A client without Mobile Auth, or whose
//! visit fails, reports a failure and continues with a code, see `status`.

use handset_protocol::{Secret, client, steps};
use subtle::ConstantTimeEq;

use crate::otp_challenge::OtpChallenge;
use crate::session::carrier_visit::CarrierVisit;
use crate::session::state::Possession;
use crate::session::transition::{ClientAnswer, TransitionBuilder};
use crate::{Command, MessageKind, Outcome, Party};

/// The start of Mobile Auth.
#[derive(Clone, Debug)]
pub struct StartMobileAuth {
    /// A fresh value, which the visit has to return.
    pub vfp: Secret,
    /// The visit. It replaces an earlier one.
    pub visit: CarrierVisit,
    /// The URL of the visit, with its secret.
    pub url: Secret,
}

impl Command for StartMobileAuth {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::InstantStart))
    }

    /// Replies with the URL to visit; after the fallback, with the step that the flow is at.
    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        if let Some(answer) = transition.respond_if_settled() {
            return answer;
        }
        let has_visited = transition.session.carrier_visit.is_some();
        let vfp = match &mut transition.session.possession {
            Possession::MobileAuth(vfp) => vfp,
            // A page that was reloaded during Mobile Auth starts it again, and may not know that the code has taken over.
            Possession::Otp(_) if has_visited => {
                let message = "a code has taken over from Mobile Auth".to_owned();
                let error = client::ErrorBody { code: client::error_codes::PROHIBITED, message };
                let reply = client::Reply { error: Some(error), ..client::Reply::next(steps::MOBILE_OTP) };
                return transition.reply(Outcome::FellBackToOtp, reply);
            }
            _ => return transition.reject_out_of_order("this flow is not at Mobile Auth"),
        };
        *vfp = Some(self.vfp.clone());
        transition.session.carrier_visit = Some(self.visit.clone());
        let data = client::Data { redirect_url: Some(self.url.clone()), ..Default::default() };
        transition.reply(Outcome::Accepted, client::Reply { data: Some(data), ..Default::default() })
    }
}

/// The end of Mobile Auth.
#[derive(Clone, Debug)]
pub struct FinishMobileAuth {
    /// The value that the visit returned; empty after an image.
    pub vfp: Secret,
}

impl Command for FinishMobileAuth {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::InstantFinish))
    }

    /// Checks the value that the visit returned. A wrong or late one falls back to a code, and so does any value after that.
    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        if let Some(answer) = transition.respond_if_settled() {
            return answer;
        }
        let (now, visit) = (transition.now, transition.session.carrier_visit.as_ref());
        let value = match (&transition.session.possession, visit) {
            (Possession::MobileAuth(Some(value)), _) => value,
            (Possession::MobileAuth(None), _) => {
                return transition.reject_out_of_order("Mobile Auth was not started");
            }
            (Possession::Otp(_), Some(_)) => {
                return transition.reply(Outcome::FellBackToOtp, client::Reply::next(steps::MOBILE_OTP));
            }
            _ => return transition.reject_out_of_order("this flow is not at Mobile Auth"),
        };
        let is_late = visit.is_some_and(|visit| now >= visit.expires_at);
        let is_image_loaded = self.vfp.is_empty() && visit.is_some_and(|visit| visit.is_image_loaded);
        let is_right = bool::from(value.expose().as_bytes().ct_eq(self.vfp.expose().as_bytes()));
        if !is_late && (is_right || is_image_loaded) {
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
