//! The state of a journey in one workflow: what was saved, and where a resume starts. No calls.

use std::collections::BTreeMap;

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

use super::json_text::JsonText;
use super::workflow::{JourneyStatus, Module, OutcomeSource, Workflow};

/// The state of a journey in one workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JourneyState {
    /// Increases with every change, also through resets.
    pub revision: u64,
    /// Revision of the last change that was not a page's save. A save that knows only an older one is told of it.
    pub reset_revision: u64,
    /// Whether the journey is under way, or how it has ended.
    pub status: JourneyStatus,
    /// Inputs of the journey.
    pub inputs: Option<BTreeMap<String, JsonText>>,
    /// Version of the workflow of the saves.
    pub workflow_version: Option<String>,
    /// Saved modules.
    pub modules: BTreeMap<String, SavedModule>,
    /// Module at which the page wants a resume to start.
    pub resume_from: Option<String>,
    /// Outcomes by the client's server, which may come before the module's save.
    pub server_outcomes: BTreeMap<String, String>,
    /// The current session, where the workflow has one at a time.
    pub session_id: Option<String>,
    /// Whether the journey has reached the module from which the code is asked for. It stays so until a complete reset.
    pub is_past_trigger: bool,
    /// Whether the end bars a restart for good: of such a state only the status is kept at the end of its life.
    pub is_tombstone: bool,
}

/// A saved module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedModule {
    /// Its variables.
    pub variables: BTreeMap<String, JsonText>,
    /// The outcome that the page asserts.
    pub outcome: Option<String>,
    /// Time of the save.
    pub saved_at: UnixMillis,
    /// Revision of the save.
    pub revision: u64,
}

/// The outcome of a module: `auto_approved`, `auto_declined`, `needs_review`, or a word of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleOutcome {
    /// The word.
    pub value: String,
    /// Whether the page has said so, which proves nothing.
    pub is_client_asserted: bool,
}

impl JourneyState {
    /// The first module that is not saved. `None`: all are saved.
    pub(super) fn first_open<'a>(&self, workflow: &'a Workflow) -> Option<&'a str> {
        let open = workflow.modules.iter().find(|module| !self.modules.contains_key(&module.id));
        open.map(|module| module.id.as_str())
    }

    /// The module at which a page goes on: the one that it asked for, or the first that is not saved. `None`: the journey is
    /// complete.
    pub fn resume_at<'a>(&self, workflow: &'a Workflow) -> Option<&'a str> {
        let asked = self.resume_from.as_deref().and_then(|id| workflow.module(id));
        asked.map(|module| module.id.as_str()).or_else(|| self.first_open(workflow))
    }

    /// Whether what is saved has come to the module from which the code is asked for, as the workflow is now.
    pub(super) fn has_reached_trigger(&self, workflow: &Workflow) -> bool {
        let Some(trigger) = workflow.trigger() else { return false };
        let is_reached = |id: &str| workflow.position(id).is_some_and(|place| place >= trigger);
        let is_open_beyond = self.first_open(workflow).is_none_or(is_reached);
        !self.modules.is_empty() && (is_open_beyond || self.modules.keys().any(|id| is_reached(id)))
    }

    /// Notes that the journey has come to that module, before what shows it is dropped.
    pub(super) fn note_trigger(&mut self, workflow: &Workflow) {
        self.is_past_trigger = self.is_past_trigger || self.has_reached_trigger(workflow);
    }

    /// The module of the last save; of several in one save, the latest in the workflow.
    pub fn latest_module<'a>(&self, workflow: &'a Workflow) -> Option<&'a str> {
        let saved = workflow.modules.iter().filter_map(|module| Some((module, self.modules.get(&module.id)?.revision)));
        saved.max_by_key(|(_, revision)| *revision).map(|(module, _)| module.id.as_str())
    }

    /// The outcome of a module, from the source that the workflow names.
    pub fn outcome(&self, module: &Module) -> Option<ModuleOutcome> {
        let saved = self.modules.get(&module.id)?;
        let of_page = || saved.outcome.clone().map(|value| ModuleOutcome { value, is_client_asserted: true });
        let of_server = self.server_outcomes.get(&module.id).cloned();
        match module.outcome_from {
            OutcomeSource::Page => of_page(),
            OutcomeSource::Server => of_server.map(|value| ModuleOutcome { value, is_client_asserted: false }),
        }
    }

    /// Whether there is something to resume or to reset.
    pub fn is_begun(&self) -> bool {
        !self.modules.is_empty() || self.status != JourneyStatus::InProgress
    }

    /// The end that the outcomes decide, once every module is saved. A decline or a review of any module decides; a last module
    /// without an outcome leaves the decision to a reviewer.
    pub(super) fn decided_status(&self, workflow: &Workflow) -> Option<JourneyStatus> {
        if self.first_open(workflow).is_some() {
            return None;
        }
        let outcomes: Vec<_> = workflow.modules.iter().map(|module| self.outcome(module)).collect();
        let has = |status: JourneyStatus| outcomes.iter().flatten().any(|outcome| outcome.value == status.as_str());
        let is_approved =
            matches!(outcomes.last(), Some(Some(last)) if last.value == JourneyStatus::AutoApproved.as_str());
        let awaits_server = workflow.modules.iter().zip(&outcomes);
        let awaits_server = awaits_server
            .into_iter()
            .any(|(module, outcome)| module.outcome_from == OutcomeSource::Server && outcome.is_none());
        Some(match () {
            () if has(JourneyStatus::AutoDeclined) => JourneyStatus::AutoDeclined,
            () if has(JourneyStatus::NeedsReview) || awaits_server => JourneyStatus::NeedsReview,
            () if is_approved => JourneyStatus::AutoApproved,
            () => JourneyStatus::NeedsReview,
        })
    }

    /// Drops a module and all later ones. Saves that know only an older revision are told of it.
    pub(super) fn drop_from(&mut self, workflow: &Workflow, position: usize) {
        self.note_trigger(workflow);
        let is_kept = |id: &String| workflow.position(id).is_some_and(|place| place < position);
        self.modules.retain(|id, _| is_kept(id));
        self.server_outcomes.retain(|id, _| is_kept(id));
        self.resume_from = self.resume_from.take().filter(is_kept);
        self.change();
    }

    /// Drops everything that was saved. Whether the code is asked for stays.
    pub(super) fn discard(&mut self) {
        self.modules.clear();
        self.server_outcomes.clear();
        self.resume_from = None;
        self.inputs = None;
        self.workflow_version = None;
        self.status = JourneyStatus::InProgress;
        self.is_tombstone = false;
        self.change();
    }

    /// Counts a change that is not a page's save.
    fn change(&mut self) {
        self.revision = self.revision.saturating_add(1);
        self.reset_revision = self.revision;
    }

    /// Size of the saved values, in bytes.
    pub(super) fn size(&self) -> usize {
        let of = |values: &BTreeMap<String, JsonText>| -> usize {
            values.iter().map(|(name, value)| name.len() + value.len()).sum()
        };
        let of_module = |(id, saved): (&String, &SavedModule)| {
            id.len() + of(&saved.variables) + saved.outcome.as_ref().map_or(0, String::len)
        };
        self.modules.iter().map(of_module).sum::<usize>() + self.inputs.as_ref().map_or(0, of)
    }
}
