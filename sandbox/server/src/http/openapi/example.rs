//! What an example of a request is.

use serde_json::Value;

/// Name, summary and body.
pub(super) type Example = (&'static str, &'static str, Value);
