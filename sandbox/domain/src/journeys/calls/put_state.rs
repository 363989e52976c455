//! Saves modules: one atomic step. A refused save changes nothing.

use std::collections::BTreeMap;

use handset_protocol::journey::limits;
use handset_protocol::journey::webhooks::{JourneyWebhookEvent, JourneyWebhookEventType};

use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::json_text::JsonText;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::state::{JourneyState, SavedModule};
use crate::journeys::timeline::{JourneyEventKind, NewJourneyEvent};
use crate::journeys::workflow::{JourneyStatus, OutcomeSource, Workflow};

use super::page::PageCaller;

/// A save.
#[derive(Clone, Debug)]
pub struct PutState {
    /// Who calls.
    pub caller: PageCaller,
    /// The revision that the page knows. `None`: the body has none that can be read.
    pub revision: Option<u64>,
    /// The body.
    pub body: Result<PutStateBody, JourneyRefusal>,
    /// A fresh id for a webhook event.
    pub event_id: String,
}

/// The body of [`PutState`].
#[derive(Clone, Debug, Default)]
pub struct PutStateBody {
    /// Changes by module.
    pub modules: BTreeMap<String, ModuleChange>,
    /// A status that the page may set.
    pub status: Option<PageStatus>,
    /// The module at which the page wants a resume to start.
    pub resume_from: Option<String>,
}

/// The change of a module.
#[derive(Clone, Debug, PartialEq)]
pub enum ModuleChange {
    /// The module is saved.
    Put {
        /// Its variables. `None`: as before.
        variables: Option<BTreeMap<String, JsonText>>,
        /// The outcome that the page asserts.
        outcome: Option<String>,
    },
    /// The module is not saved any more.
    Delete,
}

/// A status that a page may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStatus {
    /// The user has left.
    UserCancelled,
    /// The page has failed.
    Error,
}

/// The answer to [`PutState`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedState {
    /// The revision, for the next save.
    pub revision: u64,
    /// Whether the journey is under way, or how it has ended.
    pub status: JourneyStatus,
    /// The module at which a resume starts.
    pub resume_at: Option<String>,
}

impl JourneyCommand for PutState {
    type Answer = SavedState;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::StatePut
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<SavedState, JourneyRefusal> {
        let workflow = journey.check_page(&self.caller)?;
        let state = journey.state_mut(&workflow.id)?;
        if let Some(revision) = self.revision {
            check_revision(state, revision, &workflow)?;
        }
        let body = self.body.as_ref().map_err(JourneyRefusal::clone)?;
        if self.revision.is_none() {
            return Err(JourneyRefusal::missing("revision"));
        }
        check_body(body, &workflow)?;
        journey.modules = body.modules.keys().cloned().collect();
        let now = journey.input.now;
        let state = journey.state_mut(&workflow.id)?;
        if state.modules.is_empty() && state.workflow_version.is_none() {
            // A first save without a get: it is of the current version.
            state.workflow_version.clone_from(&workflow.version);
        }
        state.revision = state.revision.saturating_add(1);
        for (id, change) in &body.modules {
            match change {
                ModuleChange::Delete => {
                    state.modules.remove(id);
                    state.server_outcomes.remove(id);
                }
                ModuleChange::Put { variables, outcome } => {
                    // The server has judged the earlier save, not this one.
                    state.server_outcomes.remove(id);
                    let before = state.modules.remove(id).map(|saved| saved.variables).unwrap_or_default();
                    let saved = SavedModule {
                        variables: variables.clone().unwrap_or(before),
                        outcome: outcome.clone(),
                        saved_at: now,
                        revision: state.revision,
                    };
                    state.modules.insert(id.clone(), saved);
                }
            }
        }
        if state.size() > limits::STATE_BYTES {
            return Err(JourneyRefusal::StateTooLarge);
        }
        state.resume_from.clone_from(&body.resume_from);
        state.is_past_trigger = state.is_past_trigger || reaches_trigger(state, body, &workflow);
        state.status = match body.status {
            Some(PageStatus::UserCancelled) => JourneyStatus::UserCancelled,
            Some(PageStatus::Error) => JourneyStatus::Error,
            None => JourneyStatus::InProgress,
        };
        if body.status.is_none() {
            journey.decide_end(&workflow, &self.event_id)?;
        }
        let end = now + journey.input.policy.state_lifetime;
        let transaction = journey.transaction_mut()?;
        transaction.states_end_at = Some(end);
        transaction.used_at = now;
        let state = journey.state_mut(&workflow.id)?;
        let resume_at = state.resume_at(&workflow).filter(|_| !state.status.is_decided()).map(str::to_owned);
        Ok(SavedState { revision: state.revision, status: state.status, resume_at })
    }
}

fn check_revision(state: &JourneyState, revision: u64, workflow: &Workflow) -> Result<(), JourneyRefusal> {
    if revision < state.reset_revision {
        let resume_at = state.resume_at(workflow).map(str::to_owned);
        return Err(JourneyRefusal::StateReset { resume_at, revision: state.revision });
    }
    if revision == state.revision { Ok(()) } else { Err(JourneyRefusal::RevisionConflict { revision: state.revision }) }
}

fn check_body(body: &PutStateBody, workflow: &Workflow) -> Result<(), JourneyRefusal> {
    for (id, change) in &body.modules {
        let Some(module) = workflow.module(id) else {
            return Err(JourneyRefusal::shape("modules", "an object whose members are modules of the workflow"));
        };
        let asserts = matches!(change, ModuleChange::Put { outcome: Some(_), .. });
        if asserts && module.outcome_from == OutcomeSource::Server {
            let member = format!("modules.{id}.outcome");
            return Err(JourneyRefusal::shape(&member, "absent: the server gives the outcome of this module"));
        }
    }
    match &body.resume_from {
        Some(id) if workflow.module(id).is_none() => {
            Err(JourneyRefusal::shape("moduleToResumeFrom", "a module of the workflow"))
        }
        _ => Ok(()),
    }
}

/// Whether the save brings the journey to the module from which the code is asked for.
fn reaches_trigger(state: &JourneyState, body: &PutStateBody, workflow: &Workflow) -> bool {
    let named = body.modules.keys().map(String::as_str).chain(body.resume_from.as_deref());
    state.has_reached_trigger(workflow)
        || workflow.trigger().is_some_and(|trigger| {
            named.into_iter().any(|id| workflow.position(id).is_some_and(|place| place >= trigger))
        })
}

impl JourneyBuilder<'_> {
    /// Ends the journey if every module is saved, and says so to the webhook.
    pub(super) fn decide_end(&mut self, workflow: &Workflow, event_id: &str) -> Result<(), JourneyRefusal> {
        let state = self.state_mut(&workflow.id)?;
        let Some(status) = state.decided_status(workflow).filter(|status| *status != state.status) else {
            return Ok(());
        };
        state.status = status;
        state.is_tombstone = workflow.exit_on_end_states.contains(&status);
        let (kind, outcome) = (JourneyEventKind::Finished, status.as_str().to_owned());
        self.timeline.push(NewJourneyEvent { kind, outcome, modules: Vec::new() });
        let event = self.webhook_event(JourneyWebhookEventType::JourneyFinished, &workflow.id, event_id)?;
        self.emit(JourneyWebhookEvent { status: Some(status.as_str().to_owned()), ..event });
        Ok(())
    }
}
