//! The status request, and the client's report of a failure. The socket is in the server.

use handset_protocol::{UnixMillis, client, steps};

use crate::people::magic_numbers::{Behaviour, Repeat};
use crate::session::state::{Possession, PossessionFailure};
use crate::session::transition::{TransitionBuilder, failed};
use crate::{Effect, Outcome};

impl TransitionBuilder {
    /// The status: `{"next":""}` while pending, else the final reply of the flow.
    pub(crate) fn status(&mut self) {
        let (outcome, shape) = match self.session.possession {
            Possession::Passed | Possession::NotRequired => (Outcome::Passed, client::Reply::next(steps::DONE)),
            Possession::Failed(failure) => (Outcome::Failed, failed(failure)),
            _ => (Outcome::Pending, client::Reply::next(steps::ENDED)),
        };
        let expires_at = self.session.challenge_expires_at().map(UnixMillis::as_millis);
        self.reply(outcome, client::Reply { server_time: Some(self.now.as_millis()), expires_at, ..shape });
    }

    /// The same for a socket, which the number's behaviour may reset instead.
    pub(crate) fn poll_socket(&mut self) {
        match self.session.behaviour() {
            Some(Behaviour::SocketCut(repeat)) if repeat == Repeat::Always || !self.session.behaviour_state.cut => {
                self.session.behaviour_state.cut = true;
                self.effect(Effect::ResetSocket);
            }
            _ => self.status(),
        }
    }

    /// The client's report of a failed step. A repeated report changes nothing; some clients send several.
    pub(crate) fn reported(&mut self, area: &str) {
        match &self.session.possession {
            Possession::Passed | Possession::NotRequired => {
                self.reply(Outcome::Passed, client::Reply::next(steps::DONE))
            }
            Possession::Failed(_) => self.reply(Outcome::Failed, client::Reply::next(steps::DONE)),
            Possession::MobileAuth(_) if area == steps::MOBILE_INSTANT => self.fall_back_to_otp(),
            pending if area == steps::MOBILE_INSTANT => {
                let step = pending.step();
                self.reply(Outcome::Pending, client::Reply::next(step));
            }
            _ => {
                self.settle(Possession::Failed(PossessionFailure::Reported));
                self.reply(Outcome::Failed, client::Reply::next(steps::DONE));
            }
        }
    }
}
