//! The change of a session together with what is counted at its number.

use crate::tables::{Counted, Owner, Row, Tables};
use handset_sandbox_domain::{Guesses, Phone, Session};

/// The guesses as they were read.
pub(super) struct Reading {
    owner: Option<Owner>,
    pub(super) guesses: Guesses,
    revision: Option<u64>,
}

impl Reading {
    /// Of that number, or else of the session's, if it has one.
    pub(super) fn of(tables: &Tables, session: Option<&Session>, given: Option<&Phone>) -> Self {
        let owner = session.and_then(|session| {
            let number = given.or(session.phone.as_ref())?;
            Some((session.project.clone(), number.digits().to_owned()))
        });
        let row = owner.as_ref().and_then(|owner| tables.guesses.get(owner));
        let guesses = row.map(|row: &Row<Guesses>| row.value.clone()).unwrap_or_default();
        Self { owner, guesses, revision: row.map(|row| row.revision) }
    }

    /// What the write compares, and writes where it has changed. `None`: there is no number.
    pub(super) fn counted(self, after: Guesses) -> Option<Counted> {
        let after = (after != self.guesses).then_some(after);
        Some(Counted { owner: self.owner?, revision: self.revision, after })
    }
}
