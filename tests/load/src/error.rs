//! Why a measurement fails.

use std::error::Error;

/// Why nothing was measured.
pub(crate) type LoadError = Box<dyn Error + Send + Sync>;
