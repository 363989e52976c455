//! The workflows in force in a project, their change, and their return from the store. Definitions are checked in
//! `workflows`.

use std::collections::BTreeMap;
use std::sync::Arc;

use handset_sandbox_domain::{Refusal, Workflow};
use handset_sandbox_store::StoreError;
use serde_json::Value;

use super::{AppError, Services};
use crate::projects::{MAX_WORKFLOWS, Project, WorkflowTable};
use crate::workflows::{WorkflowDefinition, WorkflowOrigin};

/// The setting of a project with its own workflows.
const WORKFLOWS: &str = "journey-workflows";

impl Services {
    /// The workflow in force in a project: its own, else that of a file, else the built-in one.
    pub(crate) fn workflow(&self, project: &Project, id: &str) -> Option<Arc<Workflow>> {
        self.workflow_definition(project, id).map(|definition| definition.workflow.clone())
    }

    /// The same, with its definition.
    pub(crate) fn workflow_definition(&self, project: &Project, id: &str) -> Option<Arc<WorkflowDefinition>> {
        project.workflows.get(id).or_else(|| self.workflows.get(id).cloned())
    }

    /// The ids of the workflows in force in a project, each with its origin.
    pub(crate) fn list_workflows(&self, project: &Project) -> BTreeMap<String, WorkflowOrigin> {
        let mut all = self.workflows.list();
        all.extend(project.workflows.own().into_keys().map(|id| (id, WorkflowOrigin::Project)));
        all
    }

    /// Creates or replaces a workflow of a project's own.
    ///
    /// # Errors
    /// The definition is invalid, or the project has too many.
    pub(crate) async fn put_workflow(
        &self,
        project: &Project,
        source: Value,
    ) -> Result<Arc<WorkflowDefinition>, AppError> {
        let definition = Arc::new(self.workflows.read(source).map_err(Refusal::from)?);
        let _changing = project.workflows.write_lock.lock().await;
        let mut own = project.workflows.own();
        own.insert(definition.workflow.id.clone(), definition.clone());
        if own.len() > MAX_WORKFLOWS {
            let message = format!("a project has at most {MAX_WORKFLOWS} workflows of its own");
            return Err(Refusal::BadRequest(message).into());
        }
        self.save_workflows(project, own).await?;
        Ok(definition)
    }

    /// Deletes a workflow of a project's own, after which that of a file or the built-in one is in force. Returns whether it
    /// existed.
    pub(crate) async fn delete_workflow(&self, project: &Project, id: &str) -> Result<bool, AppError> {
        let _changing = project.workflows.write_lock.lock().await;
        let mut own = project.workflows.own();
        if own.remove(id).is_none() {
            return Ok(false);
        }
        self.save_workflows(project, own).await?;
        Ok(true)
    }

    async fn save_workflows(&self, project: &Project, own: WorkflowTable) -> Result<(), StoreError> {
        let rows: Vec<&Value> = own.values().map(|definition| &definition.source).collect();
        let rows = serde_json::to_vec(&rows).map_err(|error| StoreError(error.to_string()))?;
        self.store.settings().set(Some(&project.name), WORKFLOWS, &rows).await?;
        project.workflows.set_own(own);
        Ok(())
    }

    /// Loads the workflows of a project from the store.
    pub(super) async fn open_workflows(&self, project: &Project) -> Result<(), StoreError> {
        if let Some(rows) = self.store.settings().get(Some(&project.name), WORKFLOWS).await? {
            let unreadable = || StoreError(format!("the setting '{WORKFLOWS}' is unreadable"));
            let rows: Vec<Value> = serde_json::from_slice(&rows).map_err(|_| unreadable())?;
            let own: Result<WorkflowTable, StoreError> = rows
                .into_iter()
                .map(|source| {
                    let definition = self.workflows.read(source).map_err(|_| unreadable())?;
                    Ok((definition.workflow.id.clone(), Arc::new(definition)))
                })
                .collect();
            project.workflows.set_own(own?);
        }
        Ok(())
    }
}
