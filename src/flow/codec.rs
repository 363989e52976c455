//! JSON in and out: the one place that knows which codec the client uses.

use serde::{Serialize, de::DeserializeOwned};

/// Writes a message. The types of the protocol hold strings, numbers and options only, which always encode.
pub(super) fn encode<T: Serialize>(message: &T) -> String {
    serde_json::to_string(message).unwrap_or_default()
}

/// Reads a message; `None` when the text is not one.
pub(super) fn decode<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
