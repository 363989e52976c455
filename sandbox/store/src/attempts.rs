//! The failed attempts of a number, for a change of a session that depends on them.

use crate::tables::{AttemptsSwap, Owner, Row, Tables};
use handset_sandbox_domain::{FailedAttempts, Phone, Session};

/// Failed attempts as read, with the revision to compare on write.
pub(super) struct AttemptsSnapshot {
    owner: Option<Owner>,
    pub(super) attempts: FailedAttempts,
    revision: Option<u64>,
}

impl AttemptsSnapshot {
    /// The attempts of the number `given`, or of the session's number. Without a session or a number they are empty.
    pub(super) fn read(tables: &Tables, session: Option<&Session>, given: Option<&Phone>) -> Self {
        let owner = session.and_then(|session| {
            let number = given.or(session.phone.as_ref())?;
            Some((session.project.clone(), number.digits().to_owned()))
        });
        let row = owner.as_ref().and_then(|owner| tables.attempts.get(owner));
        let attempts = row.map(|row: &Row<FailedAttempts>| row.value.clone()).unwrap_or_default();
        Self { owner, attempts, revision: row.map(|row| row.revision) }
    }

    /// The compare-and-swap to `after`. `None`: there is no number.
    pub(super) fn swap(self, after: FailedAttempts) -> Option<AttemptsSwap> {
        let after = (after != self.attempts).then_some(after);
        Some(AttemptsSwap { owner: self.owner?, revision: self.revision, after })
    }
}
