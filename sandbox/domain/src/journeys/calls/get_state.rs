//! Reads the state: after the checks of a page's call, what has changed or ended since the last save is dropped.

use std::collections::BTreeMap;

use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::contact::Channel;
use crate::journeys::json_text::JsonText;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::state::{JourneyState, ModuleOutcome, SavedModule};
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::workflow::{JourneyStatus, Workflow};

use super::page::PageCaller;

/// A request for the state.
#[derive(Clone, Debug)]
pub struct GetState {
    /// Who calls.
    pub caller: PageCaller,
    /// The body.
    pub body: Result<GetStateBody, JourneyRefusal>,
    /// A fresh id for a new session.
    pub new_session_id: String,
}

/// The body of [`GetState`].
#[derive(Clone, Debug, Default)]
pub struct GetStateBody {
    /// Inputs of the journey.
    pub inputs: BTreeMap<String, JsonText>,
    /// Version of the workflow that the page knows. `None`: the current one.
    pub workflow_version: Option<String>,
    /// Whether the page becomes the only session.
    pub take_over: bool,
}

/// The answer to [`GetState`].
#[derive(Clone, Debug, PartialEq)]
pub enum StateAnswer {
    /// The state.
    State(StateView),
    /// The journey has ended, and cannot be restarted.
    AlreadyProcessed {
        /// How it has ended.
        status: JourneyStatus,
    },
    /// The code is asked for first.
    AuthRequired {
        /// The ways of the code. Empty: no contact is known.
        channels: Vec<Channel>,
        /// The contact, masked.
        masked_contact: Option<String>,
    },
    /// Another session has taken over.
    Superseded,
}

/// What a page gets of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct StateView {
    /// Whether the journey is under way.
    pub status: JourneyStatus,
    /// Saved modules in the order of the workflow.
    pub saved: Vec<(String, SavedModule, Option<ModuleOutcome>)>,
    /// Every module in the order of the workflow, and whether it is saved with the next one.
    pub modules: Vec<(String, bool)>,
    /// The module at which to go on. `None`: none is left.
    pub resume_at: Option<String>,
    /// The revision, for the next save.
    pub revision: u64,
    /// The session of the page.
    pub session_id: String,
    /// Why something was dropped.
    pub refreshed: Option<String>,
}

/// Reasons of a drop. A condition of the workflow has its own.
mod reasons {
    pub(super) const STARTED_OVER: &str = "started_over";
    pub(super) const NOT_RESUMABLE: &str = "not_resumable";
    pub(super) const INPUTS_CHANGED: &str = "inputs_changed";
    pub(super) const WORKFLOW_VERSION_CHANGED: &str = "workflow_version_changed";
    pub(super) const MODULE_EXPIRED: &str = "module_expired";
}

impl JourneyCommand for GetState {
    type Answer = StateAnswer;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::StateGet
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<StateAnswer, JourneyRefusal> {
        let workflow = journey.enter(&self.caller)?;
        match journey.check_owner(&self.caller) {
            Err(JourneyRefusal::AuthRequired) => {
                let (channels, masked_contact) = journey.resume_contact(&workflow);
                journey.outcome = Some(JourneyRefusal::AuthRequired.code());
                return Ok(StateAnswer::AuthRequired { channels, masked_contact });
            }
            checked => checked?,
        }
        let Some(session_id) = self.session(journey, &workflow) else {
            journey.outcome = Some(JourneyRefusal::SessionSuperseded.code());
            return Ok(StateAnswer::Superseded);
        };
        let now = journey.input.now;
        let state = journey.state_mut(&workflow.id)?;
        let mut refreshed = None;
        if workflow.exit_on_end_states.contains(&state.status) {
            return Ok(StateAnswer::AlreadyProcessed { status: state.status });
        }
        state.note_trigger(&workflow);
        if state.status.is_decided() {
            state.discard();
            refreshed = Some(reasons::STARTED_OVER.to_owned());
        }
        let body = self.body.as_ref().map_err(JourneyRefusal::clone)?;
        state.status = JourneyStatus::InProgress;
        if workflow.prevents_parallel_sessions {
            state.session_id = Some(session_id.clone());
        }
        if !workflow.is_resumable && !state.modules.is_empty() {
            state.discard();
            refreshed = Some(reasons::NOT_RESUMABLE.to_owned());
        }
        if let Some(reason) = refresh_inputs(state, body, &workflow) {
            refreshed = Some(reason.to_owned());
        }
        let has_expired = |place: &usize| {
            let module = workflow.modules.get(*place);
            module.is_some_and(|module| {
                let saved = state.modules.get(&module.id).zip(module.expires_after);
                saved.is_some_and(|(saved, lifetime)| now >= saved.saved_at + lifetime)
            })
        };
        if let Some(place) = (0..workflow.modules.len()).find(has_expired) {
            state.drop_from(&workflow, place);
            refreshed = Some(reasons::MODULE_EXPIRED.to_owned());
        }
        let holds = |condition: &&crate::ResumeCondition| {
            let outcome = workflow.module(&condition.module).and_then(|module| state.outcome(module));
            outcome.is_some_and(|outcome| outcome.value == condition.outcome)
        };
        if let Some(condition) = workflow.conditions.iter().find(holds)
            && let Some(place) = workflow.position(&condition.resume_from)
        {
            state.drop_from(&workflow, place);
            refreshed = Some(condition.reason.clone());
        }
        Ok(StateAnswer::State(view(state, &workflow, session_id, refreshed)))
    }
}

impl GetState {
    /// The session of the page. `None`: another one has taken over.
    fn session(&self, journey: &JourneyBuilder<'_>, workflow: &Workflow) -> Option<String> {
        let takes_over = self.body.as_ref().is_ok_and(|body| body.take_over);
        let current = journey.state(&workflow.id).and_then(|state| state.session_id.as_ref());
        match &self.caller.session_id {
            _ if takes_over => Some(self.new_session_id.clone()),
            Some(own) if !workflow.prevents_parallel_sessions => Some(own.clone()),
            Some(own) if current == Some(own) => Some(own.clone()),
            Some(_) if current.is_some() => None,
            _ => Some(self.new_session_id.clone()),
        }
    }
}

/// Discards a state that was made from other inputs or another version of the workflow. Returns the reason.
fn refresh_inputs(state: &mut JourneyState, body: &GetStateBody, workflow: &Workflow) -> Option<&'static str> {
    let version = body.workflow_version.as_ref().or(workflow.version.as_ref());
    let has_saves = !state.modules.is_empty();
    let counts = |(name, _): &(&String, &JsonText)| !workflow.ignored_input_keys.contains(name);
    let is_same =
        |stored: &BTreeMap<String, JsonText>| stored.iter().filter(counts).eq(body.inputs.iter().filter(counts));
    let reason = match &state.inputs {
        Some(stored) if has_saves && !is_same(stored) => Some(reasons::INPUTS_CHANGED),
        _ if has_saves && state.workflow_version.as_ref() != version => Some(reasons::WORKFLOW_VERSION_CHANGED),
        _ => None,
    };
    if reason.is_some() {
        state.discard();
    }
    if reason.is_some() || !has_saves || state.inputs.is_none() {
        state.inputs = Some(body.inputs.clone());
    }
    state.workflow_version = version.cloned();
    reason
}

fn view(state: &JourneyState, workflow: &Workflow, session_id: String, refreshed: Option<String>) -> StateView {
    let saved = workflow.modules.iter().filter_map(|module| {
        let saved = state.modules.get(&module.id)?.clone();
        Some((module.id.clone(), saved, state.outcome(module)))
    });
    StateView {
        status: state.status,
        saved: saved.collect(),
        modules: workflow.modules.iter().map(|module| (module.id.clone(), module.skips_save)).collect(),
        resume_at: state.resume_at(workflow).map(str::to_owned),
        revision: state.revision,
        session_id,
        refreshed,
    }
}
