//! The headers of a server's call.

use axum::http::HeaderMap;
use handset_sandbox_domain::JourneyRefusal;

use super::fields::{TRANSACTION_ID, WORKFLOW_ID};

pub(super) const APP_ID: &str = "appid";
pub(super) const APP_KEY: &str = "appkey";
pub(super) const TRANSACTION: &str = "transactionid";
pub(super) const WORKFLOW: &str = "workflowid";

/// The text of a header. `None`: it is absent or not ASCII.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The transaction of a call.
pub(super) fn transaction_id(headers: &HeaderMap) -> Result<&str, JourneyRefusal> {
    let id = required(headers, TRANSACTION)?;
    // No transaction has another id.
    Some(id).filter(|id| TRANSACTION_ID.accepts(id)).ok_or(JourneyRefusal::TransactionNotFound)
}

/// The workflow of a call.
pub(super) fn workflow_id(headers: &HeaderMap) -> Result<&str, JourneyRefusal> {
    let id = required(headers, WORKFLOW)?;
    Some(id).filter(|id| WORKFLOW_ID.accepts(id)).ok_or(JourneyRefusal::WorkflowNotFound)
}

fn required<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, JourneyRefusal> {
    let missing = || JourneyRefusal::InvalidBody(format!("header '{name}' is missing"));
    match headers.get(name) {
        // A text that is not ASCII is that of nobody.
        Some(value) => Some(value.to_str().unwrap_or("?")).filter(|text| !text.trim().is_empty()).ok_or_else(missing),
        None => Err(missing()),
    }
}
