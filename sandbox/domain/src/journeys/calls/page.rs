//! What every call of a page checks, in this order: token, workflow, owner, session, end state, revision. The body comes last,
//! so that it tells nothing to a bearer without a right.

use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_protocol::journey::JourneyClaims;

use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::state::JourneyState;
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::transaction::JourneyTransaction;
use crate::journeys::workflow::Workflow;

/// Who calls: the claims of a token with a valid signature, and the page's session.
#[derive(Clone, Debug)]
pub struct PageCaller {
    /// The claims.
    pub token: JourneyClaims,
    /// The session that the page names.
    pub session_id: Option<String>,
}

impl JourneyBuilder<'_> {
    /// The transaction and the workflow of a page's token.
    pub(super) fn enter(&self, caller: &PageCaller) -> Result<Arc<Workflow>, JourneyRefusal> {
        if self.input.now >= UnixMillis::from_seconds(caller.token.exp) {
            return Err(JourneyRefusal::TokenExpired);
        }
        let transaction = self.transaction.as_ref().ok_or(JourneyRefusal::Unauthorized)?;
        if transaction.journey_id != caller.token.journey_id {
            return Err(JourneyRefusal::TokenExpired);
        }
        (self.input.workflows)(&caller.token.workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)
    }

    /// Whether the bearer is the owner, or nothing is to be protected yet.
    pub(super) fn check_owner(&self, caller: &PageCaller) -> Result<(), JourneyRefusal> {
        let transaction = self.transaction.as_ref().ok_or(JourneyRefusal::Unauthorized)?;
        let workflow = (self.input.workflows)(&caller.token.workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        let state = transaction.states.get(&caller.token.workflow_id);
        // The trigger of a workflow may have moved since the last save.
        let is_past_trigger = state.is_some_and(|state| state.is_past_trigger || state.has_reached_trigger(&workflow));
        match &caller.token.unique_id {
            Some(unique_id) if self.owner(transaction).as_ref() == Some(unique_id) => Ok(()),
            Some(_) => Err(JourneyRefusal::Unauthorized),
            None if is_past_trigger => Err(JourneyRefusal::AuthRequired),
            None => Ok(()),
        }
    }

    /// Whether the page's session is the current one.
    pub(super) fn is_current_session(&self, caller: &PageCaller, workflow: &Workflow) -> bool {
        let current = self.state(&workflow.id).and_then(|state| state.session_id.as_ref());
        // Without a current session nobody has taken over: a page after a reset goes on to learn of it.
        !workflow.prevents_parallel_sessions || current.is_none() || current == caller.session_id.as_ref()
    }

    /// Token, workflow, owner, session and end state.
    pub(super) fn check_page(&self, caller: &PageCaller) -> Result<Arc<Workflow>, JourneyRefusal> {
        let workflow = self.enter(caller)?;
        self.check_owner(caller)?;
        if !self.is_current_session(caller, &workflow) {
            return Err(JourneyRefusal::SessionSuperseded);
        }
        if self.state(&workflow.id).is_some_and(|state| state.status.is_decided()) {
            return Err(JourneyRefusal::AlreadyProcessed);
        }
        Ok(workflow)
    }

    pub(super) fn state(&self, workflow_id: &str) -> Option<&JourneyState> {
        self.transaction.as_ref()?.states.get(workflow_id)
    }

    /// The transaction, for a change.
    pub(super) fn transaction_mut(&mut self) -> Result<&mut JourneyTransaction, JourneyRefusal> {
        self.transaction.as_mut().ok_or(JourneyRefusal::TransactionNotFound)
    }

    /// The state of a workflow, for a change; a new one if there is none.
    pub(super) fn state_mut(&mut self, workflow_id: &str) -> Result<&mut JourneyState, JourneyRefusal> {
        Ok(self.transaction_mut()?.states.entry(workflow_id.to_owned()).or_default())
    }
}

/// Asks whether the page's session is still the current one.
#[derive(Clone, Debug)]
pub struct CheckSession {
    /// Who calls.
    pub caller: PageCaller,
    /// Whether the body is as expected.
    pub body: Result<(), JourneyRefusal>,
}

impl JourneyCommand for CheckSession {
    type Answer = ();

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::SessionChecked
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<(), JourneyRefusal> {
        match journey.check_page(&self.caller) {
            Err(JourneyRefusal::SessionSuperseded) => Err(JourneyRefusal::SessionNotCurrent),
            Err(refusal) => Err(refusal),
            Ok(_) => self.body.clone(),
        }
    }
}
