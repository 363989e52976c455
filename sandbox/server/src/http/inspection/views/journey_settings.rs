//! The apps and the workflows of a project.

use serde::Serialize;

use crate::projects::{Allowlist, App};
use crate::workflows::WorkflowOrigin;

/// An app, without its key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct AppView {
    app_id: String,
    name: String,
    allowlist: Allowlist,
}

impl From<&App> for AppView {
    fn from(App { id, name, allowlist, key: _ }: &App) -> Self {
        Self { app_id: id.clone(), name: name.clone(), allowlist: allowlist.clone() }
    }
}

/// A workflow in a list.
#[derive(Serialize)]
pub(in crate::http::inspection) struct WorkflowEntryView {
    id: String,
    origin: &'static str,
}

impl From<(String, WorkflowOrigin)> for WorkflowEntryView {
    fn from((id, origin): (String, WorkflowOrigin)) -> Self {
        Self { id, origin: origin_name(origin) }
    }
}

names! {
    origin_name(WorkflowOrigin), WORKFLOW_ORIGINS:
    BuiltIn => "built_in",
    File => "file",
    Project => "project",
}
