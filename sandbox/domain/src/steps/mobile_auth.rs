//! Step `mobile/instant`. A client without Mobile Auth reports a failure and continues with a code, see `status`.

use handset_protocol::{Secret, client, steps};
use subtle::ConstantTimeEq;

use crate::Outcome;
use crate::session::state::{Otp, Possession};
use crate::session::transition::TransitionBuilder;

impl TransitionBuilder {
    /// Replies with the URL to visit.
    pub(crate) fn instant_start(&mut self, fresh: &Secret, url: &str) {
        if self.respond_if_settled() {
            return;
        }
        let Possession::MobileAuth(vfp) = &mut self.session.possession else {
            return self.reject_out_of_order("this flow is not at Mobile Auth");
        };
        *vfp = Some(fresh.clone());
        let data = client::Data { redirect_url: Some(url.to_owned()), ..Default::default() };
        self.reply(Outcome::Accepted, client::Reply { data: Some(data), ..Default::default() });
    }

    /// Checks the secret that the visit returned. A wrong one falls back to a code.
    pub(crate) fn instant_finish(&mut self, returned: &Secret) {
        if self.respond_if_settled() {
            return;
        }
        let Possession::MobileAuth(vfp) = &self.session.possession else {
            return self.reject_out_of_order("this flow is not at Mobile Auth");
        };
        let Some(vfp) = vfp else {
            return self.reject_out_of_order("Mobile Auth was not started");
        };
        if bool::from(vfp.expose().as_bytes().ct_eq(returned.expose().as_bytes())) {
            self.settle(Possession::Passed);
            self.reply(Outcome::Passed, client::Reply::next(steps::DONE));
        } else {
            self.fall_back_to_otp();
        }
    }

    /// Continues with the code step.
    pub(crate) fn fall_back_to_otp(&mut self) {
        self.session.possession = Possession::Otp(Otp::default());
        self.reply(Outcome::FellBackToOtp, client::Reply::next(steps::MOBILE_OTP));
    }
}
