//! The order of the server API: start, validate, complete.

use handset_protocol::server::{CompleteReply, Individual, ValidateReply, next_is, paths};

use super::session::{Journey, Possession};
use super::turn::Turn;
use super::{Effect, Outcome, Person, Refusal};

impl Turn {
    /// `/v3/validate`. Both the desktop and the phone of an Instant Link end in a page that asks its server, so a yes
    /// may be asked for again until Complete; a no is said once.
    pub(super) fn validate(&mut self) {
        if let Err(refusal) = self.in_time() {
            return self.answer(Outcome::Refused, Effect::Refused(refusal));
        }
        if self.session.journey == Journey::Ended {
            return self.answer(Outcome::Refused, Effect::Refused(Refusal::NotAllowed));
        }
        let reply =
            |success, phone_number, next| ValidateReply { success, challenge_missing: false, phone_number, next };
        let (outcome, reply) = match self.session.possession {
            Possession::Passed => {
                if self.session.journey == Journey::Started {
                    self.session.journey = Journey::Validated;
                }
                let number = self.session.phone.as_ref().map(|phone| phone.given().clone());
                (Outcome::Passed, reply(true, number, next_is("v3-complete", paths::COMPLETE)))
            }
            Possession::Failed(_) => {
                self.session.journey = Journey::Ended;
                (Outcome::Failed, reply(false, None, next_is("done", "done")))
            }
            _ => (Outcome::Pending, reply(false, None, next_is("v3-validate", paths::VALIDATE))),
        };
        self.answer(outcome, Effect::Validated(reply));
    }

    /// `/v3/complete`.
    pub(super) fn complete(&mut self, individual: &Individual) {
        if let Err(refusal) = self.in_time() {
            return self.answer(Outcome::Refused, Effect::Refused(refusal));
        }
        let Some(phone) = self.session.phone.as_ref().filter(|_| self.session.journey == Journey::Validated) else {
            return self.answer(Outcome::Refused, Effect::Refused(Refusal::NotAllowed));
        };
        let success = Person::owning(phone).agrees(individual);
        self.session.journey = Journey::Ended;
        let outcome = if success { Outcome::Passed } else { Outcome::Failed };
        self.answer(outcome, Effect::Completed(CompleteReply { success, next: next_is("done", "done") }));
    }

    fn in_time(&self) -> Result<(), Refusal> {
        if self.now < self.session.expires_at { Ok(()) } else { Err(Refusal::UnknownCorrelationId) }
    }
}
