//! The query for messages. The messages themselves are in the store.

use handset_sandbox_domain::Phone;

/// A filter for messages.
#[derive(Clone, Default)]
pub(crate) struct MessageQuery {
    /// Only messages to this number, in any notation.
    pub(crate) to: Option<Phone>,
    /// Only messages after this id.
    pub(crate) since: u64,
}
