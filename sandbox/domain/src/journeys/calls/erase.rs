//! Forgets a transaction with its messages, at once.

use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;

/// Forgets a transaction.
#[derive(Clone, Copy, Debug)]
pub struct EraseTransaction;

impl JourneyCommand for EraseTransaction {
    type Answer = ();

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::Erased
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<(), JourneyRefusal> {
        journey.transaction_mut()?;
        journey.transaction = None;
        journey.is_erased = true;
        Ok(())
    }
}
