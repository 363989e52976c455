//! What is remembered of the transactions between two steps, to compare it with what they are after it.

use std::collections::BTreeMap;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{CodePurpose, ContactAttempts, JourneyState, JourneyTransaction, PutStateBody};

use crate::support::JourneyWorld;
use crate::support::workflows::WORKFLOW;

/// The rows before or after a step.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) now: UnixMillis,
    pub(super) transactions: BTreeMap<String, JourneyTransaction>,
    pub(super) attempts: BTreeMap<(CodePurpose, String), ContactAttempts>,
}

/// What a step has done, as its answer says.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    /// Nothing that may drop a save or give tries back.
    Nothing,
    /// A get has dropped something for that reason, or nothing.
    Read(Option<String>),
    /// A save was acknowledged.
    Saved(PutStateBody),
    /// A code was correct.
    Verified,
    /// The server has given an outcome.
    OutcomeSet,
    /// A reviewer has reset the module at that place and all later ones, or everything.
    Reset(Option<usize>),
    /// The transaction was forgotten.
    Erased,
}

impl Moment {
    pub(super) fn of(world: &JourneyWorld) -> Self {
        let JourneyWorld { now, transactions, attempts, .. } = world;
        Self { now: *now, transactions: transactions.clone(), attempts: attempts.clone() }
    }

    pub(super) fn state(&self, transaction_id: &str) -> Option<&JourneyState> {
        self.transactions.get(transaction_id)?.states.get(WORKFLOW)
    }
}
