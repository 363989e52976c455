//! The error of a call, whose HTTP form is in `http`, and that of a start.

use std::fmt;

use handset_sandbox_domain::Refusal;
use handset_sandbox_store::StoreError;

use crate::config::ConfigError;

/// A refusal of the rules, or a failure of the store.
#[derive(Debug)]
pub(crate) enum AppError {
    /// The rules refuse the call.
    Refused(Refusal),
    /// The store failed; the write that failed left no trace.
    Store(StoreError),
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A sandbox cannot open.
#[derive(Debug)]
pub enum OpenError {
    /// A workflow file is invalid; the text names file, line and member.
    Config(ConfigError),
    /// The store failed, or a setting in it is unreadable.
    Store(StoreError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<ConfigError> for OpenError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
