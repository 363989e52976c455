//! The workflows of all projects: those of files over the built-in one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::definition::WorkflowDefinition;
use super::file::{FileFormat, read_folder};
use super::reader::{ValuePlace, WorkflowError};
use crate::config::{ConfigError, Origin};

const BUILT_IN: &str = include_str!("onboarding.toml");

/// The workflows of all projects.
#[derive(Debug)]
pub(crate) struct WorkflowCatalog {
    built_in: BTreeMap<String, Arc<WorkflowDefinition>>,
    of_files: BTreeMap<String, Arc<WorkflowDefinition>>,
    /// The page of a handoff, of a workflow that names none.
    handoff_url: String,
}

/// Where a workflow comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkflowOrigin {
    BuiltIn,
    File,
    Project,
}

impl WorkflowCatalog {
    /// The built-in workflow alone. `origin` is the public one.
    pub(crate) fn new(origin: &Origin) -> Self {
        let handoff_url = format!("{origin}/journey");
        // Its text is part of the program, and a test reads it.
        let built_in = FileFormat::Toml.read(BUILT_IN, &handoff_url).unwrap_or_default();
        let built_in = built_in.into_iter().map(|one| (one.workflow.id.clone(), Arc::new(one))).collect();
        Self { built_in, of_files: BTreeMap::new(), handoff_url }
    }

    /// The same, and the workflows of a folder.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read, or is invalid; the text names file, line and member.
    pub(crate) fn with_folder(origin: &Origin, folder: &Path) -> Result<Self, ConfigError> {
        let catalog = Self::new(origin);
        let of_files = read_folder(folder, &catalog.handoff_url)?;
        Ok(Self { of_files, ..catalog })
    }

    /// Reads a definition that is in no file.
    ///
    /// # Errors
    /// A member is unknown, missing or invalid.
    pub(crate) fn read(&self, source: Value) -> Result<WorkflowDefinition, WorkflowError> {
        WorkflowDefinition::read(source, ValuePlace::default(), &self.handoff_url)
    }

    /// The workflow of that id.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<WorkflowDefinition>> {
        self.of_files.get(id).or_else(|| self.built_in.get(id))
    }

    /// The ids of all workflows, each with its origin.
    pub(crate) fn list(&self) -> BTreeMap<String, WorkflowOrigin> {
        let built_in = self.built_in.keys().map(|id| (id.clone(), WorkflowOrigin::BuiltIn));
        built_in.chain(self.of_files.keys().map(|id| (id.clone(), WorkflowOrigin::File))).collect()
    }
}
