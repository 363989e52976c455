//! Workflow files: their members, their checks, the folder of `--workflows`, and the built-in workflow. The values that they give
//! are in the domain; those of a project are in `projects`, and their storage in `app`.

mod catalog;
mod definition;
mod fields;
mod file;
mod places;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use catalog::{WorkflowCatalog, WorkflowOrigin};
pub(crate) use definition::WorkflowDefinition;
pub(crate) use fields::{ID, NAME};
