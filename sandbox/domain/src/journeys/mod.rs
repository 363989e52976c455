//! Resumable journeys: workflows, transactions with their states, and the one way in which they change. The rules of each call
//! are in `calls`. No HTTP, no tokens' signatures, no storage.

pub(crate) mod apply;
pub(crate) mod calls;
pub(crate) mod contact;
pub(crate) mod contact_attempts;
pub(crate) mod json_text;
pub(crate) mod local_file;
pub(crate) mod policy;
pub(crate) mod refusal;
pub(crate) mod state;
pub(crate) mod timeline;
pub(crate) mod transaction;
pub(crate) mod workflow;
