//! Workflows: the order of a journey's modules and the settings of resuming. Values that are valid; their file is read elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use super::contact::Channel;

/// A workflow. Its ids are unique, and each names a module of [`modules`](Self::modules).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// The id.
    pub id: String,
    /// The name that a user is shown. `None`: the id.
    pub name: Option<String>,
    /// The version, by semver. A state of another version is discarded.
    pub version: Option<String>,
    /// The page that a handoff leads to.
    pub handoff_url: Option<String>,
    /// Whether a journey can be handed over to another device.
    pub handoff: HandoffPolicy,
    /// Whether the newest session is the only one.
    pub prevents_parallel_sessions: bool,
    /// Whether State Reset is on.
    pub allows_state_reset: bool,
    /// Whether states are resumed at all.
    pub is_resumable: bool,
    /// Ends after which the user cannot restart.
    pub exit_on_end_states: Vec<JourneyStatus>,
    /// Inputs that may differ without discarding the state.
    pub ignored_input_keys: Vec<String>,
    /// The code on resume. `None`: off.
    pub auth: Option<ResumeAuth>,
    /// The modules in their order; at least one.
    pub modules: Vec<Module>,
    /// Where a resume starts, in order of precedence.
    pub conditions: Vec<ResumeCondition>,
}

/// A module of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The id.
    pub id: String,
    /// Lifetime of the module's save.
    pub expires_after: Option<Duration>,
    /// Whether the page saves it with the next module.
    pub skips_save: bool,
    /// Who gives the outcome.
    pub outcome_from: OutcomeSource,
}

/// Who gives the outcome of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutcomeSource {
    /// The page.
    #[default]
    Page,
    /// The client's server.
    Server,
}

/// Whether a journey can be handed over to another device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandoffPolicy {
    /// No.
    Off,
    /// Where the code is asked for on the other device.
    #[default]
    Ask,
    /// Also where no code is asked for: the other device acts for the owner.
    SameOwner,
}

/// The code on resume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeAuth {
    /// The module from which the code is asked for.
    pub trigger_module_id: String,
    /// The module of the page that asks for it.
    pub start_module_id: Option<String>,
    /// The ways of the code.
    pub channels: Vec<Channel>,
}

/// A condition under which a resume starts at a module. That module is not after the condition's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeCondition {
    /// The module with the outcome.
    pub module: String,
    /// The outcome.
    pub outcome: String,
    /// The module at which the resume starts.
    pub resume_from: String,
    /// The reason for the page.
    pub reason: String,
}

/// Whether a journey is under way, or how it has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum JourneyStatus {
    /// Under way.
    #[default]
    InProgress,
    /// Approved.
    AutoApproved,
    /// Declined.
    AutoDeclined,
    /// A reviewer decides.
    NeedsReview,
    /// The user has left. The journey can be resumed.
    UserCancelled,
    /// The page has failed. The journey can be resumed.
    Error,
}

impl JourneyStatus {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether the workflow has decided.
    pub fn is_decided(self) -> bool {
        matches!(self, Self::AutoApproved | Self::AutoDeclined | Self::NeedsReview)
    }
}

impl Workflow {
    /// The place of a module in the order.
    pub fn position(&self, module_id: &str) -> Option<usize> {
        self.modules.iter().position(|module| module.id == module_id)
    }

    /// The module of that id.
    pub fn module(&self, module_id: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.id == module_id)
    }

    /// The place of the module from which the code is asked for. `None`: no code is asked for.
    pub fn trigger(&self) -> Option<usize> {
        self.auth.as_ref().and_then(|auth| self.position(&auth.trigger_module_id))
    }

    /// The name that a user is shown.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}
