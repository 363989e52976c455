//! The error of a port that cannot serve https.

use std::fmt;

/// The port cannot serve https as configured. The text names the file and never repeats its contents.
#[derive(Debug)]
pub struct TlsError(pub(crate) String);

impl TlsError {
    /// An error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}
