//! The state of a journey in one workflow: what was saved, and where a resume starts. No calls.

use std::collections::BTreeMap;

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

use super::json_text::JsonText;
use super::workflow::{JourneyStatus, Workflow};

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
    /// The module of the last save.
    pub latest_module: Option<String>,
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
    /// Its outcome.
    pub outcome: Option<ModuleOutcome>,
    /// Time of the save.
    pub saved_at: UnixMillis,
    /// Revision of the save.
    pub revision: u64,
}

/// The outcome of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleOutcome {
    /// `auto_approved`, `auto_declined`, `needs_review`, or a word of the client.
    pub value: String,
    /// Whether the page has said so, which proves nothing.
    pub is_client_asserted: bool,
}

impl JourneyState {
    /// The module at which a page goes on: the one it asked for, or the first that is not saved. `None`: all are saved.
    pub fn resume_at<'a>(&self, workflow: &'a Workflow) -> Option<&'a str> {
        let asked = self.resume_from.as_deref().and_then(|id| workflow.module(id));
        let open = || workflow.modules.iter().find(|module| !self.modules.contains_key(&module.id));
        asked.or_else(open).map(|module| module.id.as_str())
    }
}
