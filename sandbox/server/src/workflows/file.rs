//! Workflow files: their text, and the folder with them. An error names the file, the line and the member.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::definition::WorkflowDefinition;
use super::reader::{DefinitionMembers, ValuePlace, WorkflowError};
use super::{fields, places};
use crate::config::{ConfigError, line_and_column};

/// The format of a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum FileFormat {
    Toml,
    Json,
}

impl FileFormat {
    /// The format of a file by its name. `None`: it is no workflow file.
    fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The value of a text.
    fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Toml => {
                let told = |error: &toml::de::Error| {
                    let at = error.span().map_or(0, |span| span.start);
                    format!("{}: {}", line_and_column(text, at), error.message())
                };
                let values = toml::Deserializer::parse(text).map_err(|error| told(&error))?;
                Value::deserialize(values).map_err(|error| told(&error))
            }
            Self::Json => serde_json::from_str(text)
                .map_err(|error| format!("line {}, column {}: no JSON here", error.line(), error.column())),
        }
    }

    /// The error with its line and column.
    fn told(self, text: &str, error: &WorkflowError) -> String {
        let offset = match self {
            Self::Toml => places::in_toml(text, &error.place),
            Self::Json => places::in_json(text, &error.place),
        };
        format!("{}: {error}", line_and_column(text, offset.unwrap_or(0)))
    }

    /// Reads the workflows of a text, each with its place. `handoff_url` is that of a workflow without one.
    ///
    /// # Errors
    /// The text is invalid; the error has line and column.
    pub(super) fn read(self, text: &str, handoff_url: &str) -> Result<Vec<WorkflowDefinition>, String> {
        self.read_new(text, handoff_url, |_| None)
    }

    /// The same; `other` names the file that has a workflow of that id already.
    fn read_new(
        self,
        text: &str,
        handoff_url: &str,
        other: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<WorkflowDefinition>, String> {
        let root = self.parse(text)?;
        let all = definitions(&root, handoff_url, other);
        all.map_err(|error| self.told(text, &error))
    }
}

/// The workflows of a file's root: one, or those of `workflows`.
fn definitions(
    root: &Value,
    handoff_url: &str,
    other: impl Fn(&str) -> Option<String>,
) -> Result<Vec<WorkflowDefinition>, WorkflowError> {
    let values = match root.get(fields::WORKFLOWS.name) {
        Some(_) => {
            DefinitionMembers::read(root, ValuePlace::default(), &[fields::WORKFLOWS])?.items(&fields::WORKFLOWS)?
        }
        None => vec![(root, ValuePlace::default())],
    };
    let mut all: Vec<WorkflowDefinition> = Vec::new();
    for (value, place) in values {
        let definition = WorkflowDefinition::read(value.clone(), place.clone(), handoff_url)?;
        let id = &definition.workflow.id;
        let is_here = all.iter().any(|other| other.workflow.id == *id);
        if let Some(file) = if is_here { Some("this file".to_owned()) } else { other(id) } {
            let expected = format!("an id of its own: {file} has a workflow '{id}' already");
            return Err(WorkflowError::must_be(place.member(fields::ID.name), &expected));
        }
        all.push(definition);
    }
    Ok(all)
}

/// Reads every `*.toml` and `*.json` of a folder, in the order of their names.
///
/// # Errors
/// The folder or a file cannot be read, a file is invalid, or two workflows have one id.
pub(super) fn read_folder(
    folder: &Path,
    handoff_url: &str,
) -> Result<BTreeMap<String, Arc<WorkflowDefinition>>, ConfigError> {
    let named = |file: &Path, error: &dyn fmt::Display| {
        ConfigError(format!("'workflows' (--workflows) {}: {error}", file.display()))
    };
    let entries: Result<Vec<PathBuf>, _> =
        std::fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut files = entries.map_err(|error| named(folder, &error))?;
    files.sort();
    let mut files_by_id: BTreeMap<String, String> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for file in files {
        let Some(format) = FileFormat::of(&file) else { continue };
        let text = std::fs::read_to_string(&file).map_err(|error| named(&file, &error))?;
        let other = |id: &str| files_by_id.get(id).cloned();
        let read = format.read_new(&text, handoff_url, other).map_err(|error| named(&file, &error))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for definition in read {
            files_by_id.insert(definition.workflow.id.clone(), name.clone());
            all.insert(definition.workflow.id.clone(), Arc::new(definition));
        }
    }
    Ok(all)
}
