//! The workflows that a project has of its own. Those of all projects are in `crate::workflows`, the storage is in `app`.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::workflows::WorkflowDefinition;

/// Maximum number of a project's own workflows.
pub(crate) const MAX_WORKFLOWS: usize = 100;

/// The workflows of a project, by id.
pub(crate) type WorkflowTable = BTreeMap<String, Arc<WorkflowDefinition>>;

/// The workflows that a project has of its own.
#[derive(Default)]
pub(crate) struct ProjectWorkflows {
    own: Mutex<WorkflowTable>,
    /// Held while a workflow is changed, so that the store sees the changes in their order.
    pub(crate) write_lock: tokio::sync::Mutex<()>,
}

impl ProjectWorkflows {
    /// The project's own workflow of that id.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<WorkflowDefinition>> {
        self.own.lock().get(id).cloned()
    }

    /// All of them.
    pub(crate) fn own(&self) -> WorkflowTable {
        self.own.lock().clone()
    }

    /// Replaces all of them.
    pub(crate) fn set_own(&self, workflows: WorkflowTable) {
        *self.own.lock() = workflows;
    }
}
