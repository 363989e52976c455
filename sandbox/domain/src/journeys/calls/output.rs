//! The outputs of a journey, for the client's server.

use std::collections::BTreeMap;

use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::json_text::JsonText;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::state::{JourneyState, ModuleOutcome};
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::workflow::{JourneyStatus, Workflow};

/// Reads the outputs.
#[derive(Clone, Debug)]
pub struct GetOutput {
    /// The workflow. `None`: the one that the transaction used last.
    pub workflow_id: Option<String>,
}

/// The outputs of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneyOutput {
    /// The transaction.
    pub transaction_id: String,
    /// The workflow.
    pub workflow_id: String,
    /// Whether the journey is under way, or how it has ended.
    pub status: JourneyStatus,
    /// The variables of all modules; of the same name, that of the later module.
    pub variables: BTreeMap<String, JsonText>,
    /// Outcomes by module, in the order of the workflow.
    pub outcomes: Vec<(String, ModuleOutcome)>,
    /// The module of the last save.
    pub latest_module: Option<String>,
}

impl JourneyOutput {
    pub(super) fn new(transaction_id: &str, workflow: &Workflow, state: Option<&JourneyState>) -> Self {
        let none = JourneyState::default();
        let state = state.unwrap_or(&none);
        let saved = workflow.modules.iter().filter_map(|module| state.modules.get(&module.id));
        let outcome = |module: &crate::Module| Some((module.id.clone(), state.outcome(module)?));
        Self {
            transaction_id: transaction_id.to_owned(),
            workflow_id: workflow.id.clone(),
            status: state.status,
            variables: saved.flat_map(|saved| saved.variables.clone()).collect(),
            outcomes: workflow.modules.iter().filter_map(outcome).collect(),
            latest_module: state.latest_module(workflow).map(str::to_owned),
        }
    }
}

impl JourneyCommand for GetOutput {
    type Answer = JourneyOutput;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::OutputRead
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<JourneyOutput, JourneyRefusal> {
        let transaction = journey.transaction_mut()?.clone();
        let workflow_id = self.workflow_id.as_ref().unwrap_or(&transaction.workflow_id);
        let workflow = (journey.input.workflows)(workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        Ok(JourneyOutput::new(&transaction.transaction_id, &workflow, transaction.states.get(workflow_id)))
    }
}
