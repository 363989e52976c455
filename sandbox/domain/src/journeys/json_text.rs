//! A JSON value as opaque text. Its syntax is the caller's business; here it is compared and measured.

use handset_protocol::Secret;
use serde::{Deserialize, Serialize};

/// A JSON value in its canonical form: no insignificant whitespace, the members of objects sorted. It may hold personal data,
/// so it does not print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonText(Secret);

impl JsonText {
    /// Wraps a text, which the caller has made from a value.
    pub fn new(canonical: impl Into<String>) -> Self {
        Self(Secret::new(canonical))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Length, in bytes.
    pub fn len(&self) -> usize {
        self.expose().len()
    }

    /// Whether the text is empty, which no JSON value is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
