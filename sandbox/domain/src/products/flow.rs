//! The server calls of Prove Identity and Pre-Fill in their order: Validate, in Pre-Fill Challenge, Complete. Start is
//! in `session::open`.

use handset_protocol::server::{ChallengeReply, CompleteReply, Individual, Next, ValidateReply, next_is, paths};

use crate::people::compare::Comparison;
use crate::people::evaluation::{evaluate_individual, evaluate_possession, passes};
use crate::products::state::{Challenge, ProductState};
use crate::session::state::{Possession, ServerStage};
use crate::session::transition::TransitionBuilder;
use crate::{Command, MessageKind, Outcome, Party, Person, Refusal};

/// `/v3/validate`.
#[derive(Clone, Copy, Debug)]
pub struct Validate;

impl Command for Validate {
    type Answer = Result<ValidateReply, Refusal>;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Server, MessageKind::Validate))
    }

    fn run(&self, transition: &mut TransitionBuilder) -> Self::Answer {
        transition.validate()
    }
}

/// `/v3/challenge`.
#[derive(Clone, Debug)]
pub struct CheckChallenge {
    /// The details of the request; each replaces that of Start.
    pub given: Challenge,
}

impl Command for CheckChallenge {
    type Answer = Result<ChallengeReply, Refusal>;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Server, MessageKind::Challenge))
    }

    fn run(&self, transition: &mut TransitionBuilder) -> Self::Answer {
        transition.challenge(&self.given)
    }
}

/// `/v3/complete`.
#[derive(Clone, Debug)]
pub struct Complete {
    /// The person's details, in a valid format.
    pub individual: Individual,
}

impl Command for Complete {
    type Answer = Result<CompleteReply, Refusal>;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Server, MessageKind::Complete))
    }

    fn run(&self, transition: &mut TransitionBuilder) -> Self::Answer {
        transition.complete(&self.individual)
    }
}

impl TransitionBuilder {
    /// `/v3/validate`. A success may be requested again until Complete, since both the desktop and the phone of an
    /// Instant Link end on a page that asks its server. A failure is returned once.
    fn validate(&mut self) -> Result<ValidateReply, Refusal> {
        let missing = match self.is_in_order() {
            Ok(missing) if self.session.stage != ServerStage::Ended => missing,
            Ok(_) => return self.refuse(Refusal::NotAllowed),
            Err(refusal) => return self.refuse(refusal),
        };
        let (outcome, reply) = match self.session.possession {
            Possession::Passed => {
                if self.session.stage == ServerStage::Started {
                    self.session.stage = ServerStage::Validated;
                }
                let next = self.after_validate();
                let phone_number = self.session.phone.as_ref().map(|phone| phone.given().clone());
                let evaluation = Some(evaluate_possession(true));
                (
                    Outcome::Passed,
                    ValidateReply { success: true, challenge_missing: missing, phone_number, evaluation, next },
                )
            }
            Possession::Failed(_) => {
                self.session.stage = ServerStage::Ended;
                let (evaluation, next) = (Some(evaluate_possession(false)), next_is("done", "done"));
                (
                    Outcome::Failed,
                    ValidateReply { success: false, challenge_missing: missing, phone_number: None, evaluation, next },
                )
            }
            _ => {
                let next = next_is("v3-validate", paths::VALIDATE);
                (
                    Outcome::Pending,
                    ValidateReply {
                        success: false,
                        challenge_missing: missing,
                        phone_number: None,
                        evaluation: None,
                        next,
                    },
                )
            }
        };
        self.respond(outcome);
        Ok(reply)
    }

    fn after_validate(&self) -> Next {
        match (&self.session.product, self.session.stage) {
            (ProductState::Prefill(_), ServerStage::Validated) => next_is("v3-challenge", paths::CHALLENGE),
            _ => next_is("v3-complete", paths::COMPLETE),
        }
    }

    /// `/v3/challenge`. It is checked once; Complete may follow a failure, too, with details from the person.
    fn challenge(&mut self, details: &Challenge) -> Result<ChallengeReply, Refusal> {
        if let Err(refusal) = self.is_in_order() {
            return self.refuse(refusal);
        }
        let (ProductState::Prefill(known), ServerStage::Validated, Some(phone)) =
            (&self.session.product, self.session.stage, &self.session.phone)
        else {
            return self.refuse(Refusal::NotAllowed);
        };
        let challenge = Challenge {
            ssn: details.ssn.clone().or_else(|| known.ssn.clone()),
            dob: details.dob.clone().or_else(|| known.dob.clone()),
        };
        if challenge.is_missing() {
            return self.refuse(Refusal::BadRequest("field 'dob' or 'ssn' is missing".to_owned()));
        }
        let owner = Person::owner_of(phone);
        let claimed = Individual { ssn: challenge.ssn, dob: challenge.dob, ..Individual::default() };
        let success = Comparison::new(&claimed, &owner).is_owner();
        self.session.stage = ServerStage::Challenged;
        let individual = success.then(|| owner.to_individual());
        let next = next_is("v3-complete", paths::COMPLETE);
        self.respond_success(success);
        Ok(ChallengeReply { success, individual, next })
    }

    /// `/v3/complete`.
    fn complete(&mut self, individual: &Individual) -> Result<CompleteReply, Refusal> {
        if let Err(refusal) = self.is_in_order() {
            return self.refuse(refusal);
        }
        let expected = match self.session.product {
            ProductState::Prefill(_) => ServerStage::Challenged,
            _ => ServerStage::Validated,
        };
        let Some(phone) = self.session.phone.as_ref().filter(|_| self.session.stage == expected) else {
            return self.refuse(Refusal::NotAllowed);
        };
        let compared = Comparison::new(individual, &Person::owner_of(phone));
        let (idv, kyc, evaluation) = evaluate_individual(individual, &compared);
        let success = passes(&evaluation);
        self.session.stage = ServerStage::Ended;
        let next = next_is("done", "done");
        self.respond_success(success);
        Ok(CompleteReply { success, idv: Some(idv), kyc, evaluation: Some(evaluation), next })
    }

    fn respond_success(&mut self, success: bool) {
        self.respond(if success { Outcome::Passed } else { Outcome::Failed });
    }

    /// Refuses sessions of other products and expired sessions. Returns whether the challenge is still missing.
    fn is_in_order(&self) -> Result<bool, Refusal> {
        self.in_time()?;
        match &self.session.product {
            ProductState::Identity => Ok(false),
            ProductState::Prefill(challenge) => {
                Ok(challenge.is_missing() && self.session.stage != ServerStage::Challenged)
            }
            _ => Err(Refusal::NotAllowed),
        }
    }
}
