//! The failed attempts of a store in memory, with their indexes. No versions, and no rules of writes.

use std::collections::BTreeSet;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::FailedAttempts;
use slab::Slab;

use crate::row::{Owner, Row};
use crate::row_index::RowIndex;

/// Failed attempts by project and number. The indexes hold the numbers of the rows instead of copied keys.
#[derive(Debug, Default)]
pub(crate) struct AttemptTable {
    rows: Slab<(Owner, Row<FailedAttempts>)>,
    by_owner: RowIndex,
    /// By the time of the last attempt, earliest first.
    by_last: BTreeSet<(UnixMillis, usize)>,
}

impl AttemptTable {
    pub(crate) fn get(&self, owner: &Owner) -> Option<&Row<FailedAttempts>> {
        self.rows.get(self.number(owner)?).map(|(_, row)| row)
    }

    /// All owners, in no order.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &Owner> {
        self.rows.iter().map(|(_, (owner, _))| owner)
    }

    /// Sets the attempts of a number. Empty attempts are deleted.
    pub(crate) fn put(&mut self, owner: Owner, row: Row<FailedAttempts>) {
        if let Some(number) = self.number(&owner) {
            self.remove(number);
        }
        if let Some(last) = row.value.last() {
            let entry = self.rows.vacant_entry();
            self.by_owner.insert(&owner, entry.key());
            self.by_last.insert((last, entry.key()));
            entry.insert((owner, row));
        }
    }

    /// Whether the last attempt at some number is before that time.
    pub(crate) fn has_before(&self, time: UnixMillis) -> bool {
        self.by_last.first().is_some_and(|(last, _)| *last < time)
    }

    pub(crate) fn expire(&mut self, before: UnixMillis) {
        while let Some((_, number)) = self.by_last.first().copied().filter(|(last, _)| *last < before) {
            self.by_last.pop_first();
            self.remove(number);
        }
    }

    fn number(&self, owner: &Owner) -> Option<usize> {
        self.by_owner.get(owner, |number| self.rows.get(number).is_some_and(|(other, _)| other == owner))
    }

    fn remove(&mut self, number: usize) {
        let Some((owner, row)) = self.rows.try_remove(number) else { return };
        self.by_owner.remove(&owner, number);
        if let Some(last) = row.value.last() {
            self.by_last.remove(&(last, number));
        }
    }
}
