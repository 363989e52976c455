//! A transition that was applied, with the states before and after it. No properties.

use handset_protocol::UnixMillis;
use handset_sandbox_domain::Session;

use super::commands::{AnyRequest, AnyTransition};
use crate::support::Harness;

/// A transition that was applied and written.
pub(crate) struct Checked<'a> {
    pub(crate) before: &'a Harness,
    pub(crate) after: &'a Harness,
    pub(crate) request: &'a AnyRequest,
    pub(crate) applied: &'a AnyTransition,
}

impl Checked<'_> {
    pub(crate) fn old_session(&self) -> &Session {
        &self.before.session
    }

    pub(crate) fn new_session(&self) -> &Session {
        &self.after.session
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.before.now
    }

    /// Whether the possession check expires before the command.
    pub(crate) fn is_expiring(&self) -> bool {
        self.old_session().possession_expires_at().is_some_and(|at| self.now() >= at)
    }

    /// Whether the command finds a final result.
    pub(crate) fn is_late(&self) -> bool {
        self.old_session().possession.is_settled() || self.is_expiring()
    }
}
