//! A row of a table: a value with its version, and the key of the rows of a number. No tables.

use std::sync::Arc;

use crate::Version;

/// The key of an identity and of failed attempts: the project and the digits of the number.
pub(crate) type Owner = (String, String);

/// A value with its version. Readers share the value.
#[derive(Debug)]
pub(crate) struct Row<T> {
    pub(crate) value: Arc<T>,
    pub(crate) version: Version,
}
