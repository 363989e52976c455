//! What the client's server tells about a journey: a proved contact, and the outcome of a module.

use handset_protocol::Secret;

use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::contact::Contact;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::workflow::{JourneyStatus, OutcomeSource};
use crate::{Phone, Possession, ServerStage, Session};

/// Links a possession check to a journey.
#[derive(Clone, Debug)]
pub struct ProveContact {
    /// The workflow.
    pub workflow_id: String,
    /// The number that was proved. `None`: none.
    pub phone: Option<Phone>,
    /// A fresh id for the token.
    pub jti: String,
}

impl Session {
    /// The number that the check has proved, once the relying party's server has validated it.
    pub fn proved_phone(&self) -> Option<&Phone> {
        let is_validated = matches!(self.stage, ServerStage::Validated | ServerStage::Challenged | ServerStage::Ended);
        self.phone.as_ref().filter(|_| is_validated && self.possession == Possession::Passed)
    }
}

impl JourneyCommand for ProveContact {
    /// A token with the owner, if the contact is the owner's.
    type Answer = Option<Secret>;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::ContactProved
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<Option<Secret>, JourneyRefusal> {
        journey.transaction_mut()?;
        (journey.input.workflows)(&self.workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        let contact = Contact::Mobile(self.phone.clone().ok_or(JourneyRefusal::PossessionNotProved)?);
        journey.prove(&contact, &self.workflow_id)?;
        journey.token_for_proved(&contact, &self.workflow_id, &self.jti)
    }
}

/// Sets the outcome of a module whose outcome comes from the server.
#[derive(Clone, Debug)]
pub struct SetOutcome {
    /// The workflow.
    pub workflow_id: String,
    /// The module.
    pub module_id: String,
    /// The outcome.
    pub outcome: String,
    /// A fresh id for a webhook event.
    pub event_id: String,
}

impl JourneyCommand for SetOutcome {
    /// Whether the journey is under way, or how it has ended.
    type Answer = JourneyStatus;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::OutcomeSet
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<JourneyStatus, JourneyRefusal> {
        journey.transaction_mut()?;
        let workflow = (journey.input.workflows)(&self.workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        let module = workflow.module(&self.module_id);
        if module.is_none_or(|module| module.outcome_from != OutcomeSource::Server) {
            return Err(JourneyRefusal::shape("moduleId", "a module with outcomeFrom = \"server\""));
        }
        journey.modules = vec![self.module_id.clone()];
        let state = journey.state_mut(&workflow.id)?;
        // An outcome is that of a save.
        if !state.modules.contains_key(&self.module_id) && !state.status.is_decided() {
            return Err(JourneyRefusal::StateNotFound);
        }
        // A journey that has ended without this outcome waits for it as `needs_review`, as long as it has its saves.
        let is_awaited =
            state.modules.contains_key(&self.module_id) && !state.server_outcomes.contains_key(&self.module_id);
        let is_late = state.status.is_decided() && !is_awaited;
        if is_late || matches!(state.status, JourneyStatus::AutoApproved | JourneyStatus::AutoDeclined) {
            return Err(JourneyRefusal::AlreadyProcessed);
        }
        state.server_outcomes.insert(self.module_id.clone(), self.outcome.clone());
        if !matches!(state.status, JourneyStatus::UserCancelled | JourneyStatus::Error) {
            journey.decide_end(&workflow, &self.event_id)?;
        }
        Ok(journey.state_mut(&workflow.id)?.status)
    }
}
