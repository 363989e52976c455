//! Why a measurement fails.

use std::error::Error;

/// The error of a failed measurement.
pub(crate) type LoadError = Box<dyn Error + Send + Sync>;
