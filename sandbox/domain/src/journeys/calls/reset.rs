//! State Reset: a reviewer lets a user repeat a module with all later ones, or the whole journey.

use handset_protocol::journey::webhooks::{JourneyWebhookEvent, JourneyWebhookEventType, ResetType};

use crate::OtpChallenge;
use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::workflow::JourneyStatus;

use super::page::PageCaller;

/// A reset of the workflow that the transaction used last.
#[derive(Clone, Debug)]
pub struct ResetState {
    /// What is reset.
    pub action: ResetAction,
    /// Who resets it.
    pub reviewer_id: String,
    /// A fresh id for the next journey.
    pub new_journey_id: String,
    /// A fresh id for a webhook event.
    pub event_id: String,
}

/// What is reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetAction {
    /// A module and all later ones.
    Continuous {
        /// The module.
        module_id: String,
    },
    /// Everything; the next journey is another one.
    Complete,
}

impl JourneyCommand for ResetState {
    type Answer = ();

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::StateReset
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<(), JourneyRefusal> {
        let workflow_id = journey.transaction_mut()?.workflow_id.clone();
        let workflow = (journey.input.workflows)(&workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        if !workflow.allows_state_reset {
            return Err(JourneyRefusal::ResetNotEnabled);
        }
        let position = match &self.action {
            ResetAction::Continuous { module_id } => {
                Some(workflow.position(module_id).ok_or(JourneyRefusal::InvalidModule)?)
            }
            ResetAction::Complete => None,
        };
        let state = journey.state(&workflow_id).filter(|state| state.is_begun());
        let previous_status = state.ok_or(JourneyRefusal::StateNotFound)?.status.as_str().to_owned();
        // Even a reset long after the last save leaves the user the time to come back with a token.
        journey.transaction_mut()?.used_at = journey.input.now;
        if let ResetAction::Continuous { module_id } = &self.action {
            journey.modules = vec![module_id.clone()];
        }
        match position {
            Some(position) => {
                let state = journey.state_mut(&workflow_id)?;
                state.drop_from(&workflow, position);
                state.status = JourneyStatus::InProgress;
                state.is_tombstone = false;
            }
            None => self.clear(journey)?,
        }
        let event =
            journey.webhook_event(JourneyWebhookEventType::ApplicationStateReset, &workflow_id, &self.event_id)?;
        let (reset_type, module_id) = match &self.action {
            ResetAction::Continuous { module_id } => (ResetType::ResetFromSpecificStep, Some(module_id.clone())),
            ResetAction::Complete => (ResetType::CompleteStateReset, None),
        };
        journey.emit(JourneyWebhookEvent {
            previous_status: Some(previous_status),
            reviewer_id: Some(self.reviewer_id.clone()),
            reset_type: Some(reset_type),
            module_id,
            ..event
        });
        Ok(())
    }
}

impl ResetState {
    /// Clears everything but the mode and the contact that the first token named. Revisions go on counting, so that no save
    /// of the old journey can fit the new one.
    fn clear(&self, journey: &mut JourneyBuilder<'_>) -> Result<(), JourneyRefusal> {
        let transaction = journey.transaction_mut()?;
        transaction.journey_id.clone_from(&self.new_journey_id);
        transaction.proved = None;
        transaction.proved_in = None;
        transaction.resume_code = OtpChallenge::default();
        transaction.module_codes.clear();
        transaction.handoffs.clear();
        transaction.states_end_at = None;
        for state in transaction.states.values_mut() {
            state.discard();
            state.session_id = None;
            state.is_past_trigger = false;
        }
        Ok(())
    }
}

/// Lists the modules that a reset can name.
#[derive(Clone, Debug)]
pub struct ListResetOptions {
    /// The workflow.
    pub workflow_id: String,
    /// The page that asks: whether a module is saved is the owner's business. `None`: the client's server asks.
    pub caller: Option<PageCaller>,
}

impl JourneyCommand for ListResetOptions {
    /// Each module in the order of the workflow, and whether it is saved.
    type Answer = Vec<(String, bool)>;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::ResetOptionsRead
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<Vec<(String, bool)>, JourneyRefusal> {
        if let Some(caller) = &self.caller {
            if caller.token.workflow_id != self.workflow_id {
                return Err(JourneyRefusal::Unauthorized);
            }
            journey.enter(caller)?;
            journey.check_owner(caller)?;
        }
        journey.transaction_mut()?;
        let workflow = (journey.input.workflows)(&self.workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        if !workflow.allows_state_reset {
            return Err(JourneyRefusal::ResetNotEnabled);
        }
        let state = journey.state(&workflow.id);
        let is_saved = |id: &String| state.is_some_and(|state| state.modules.contains_key(id));
        Ok(workflow.modules.iter().map(|module| (module.id.clone(), is_saved(&module.id))).collect())
    }
}
