//! How things stand, and failures that the client reports.

use handset_protocol::{client, steps};

use super::session::{Failure, Possession};
use super::turn::{Turn, failed};

impl Turn {
    /// `{"next":""}` while pending, else what ends the flow.
    pub(super) fn status(&mut self) {
        let shape = match self.session.possession {
            Possession::Passed => client::Reply::next(steps::DONE),
            Possession::Failed(failure) => failed(failure),
            _ => client::Reply::next(steps::ENDED),
        };
        self.reply(client::Reply { server_time: Some(self.now), expires_at: self.session.sent_expires_at(), ..shape });
    }

    /// The client gave up on a step. Some clients say so several times: the second changes nothing.
    pub(super) fn reported(&mut self, area: &str) {
        if self.session.possession.is_settled() {
            return self.reply(client::Reply::next(steps::DONE));
        }
        match &self.session.possession {
            Possession::MobileAuth(_) if area == steps::MOBILE_INSTANT => self.fall_back_to_otp(),
            pending if area == steps::MOBILE_INSTANT => {
                let step = pending.step();
                self.reply(client::Reply::next(step));
            }
            _ => {
                self.settle(Possession::Failed(Failure::Reported), Failure::Reported.message());
                self.reply(client::Reply::next(steps::DONE));
            }
        }
    }
}
