//! The end of the states' life. A caller applies it before a command, and when the end has come.

use handset_protocol::journey::webhooks::{JourneyWebhookEvent, JourneyWebhookEventType};

use crate::OtpChallenge;
use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;

/// Ends the life of a transaction's states, and the transaction itself once no token for it can be valid.
#[derive(Clone, Debug, Default)]
pub struct ExpireTransaction {
    /// A fresh id for the next journey, so that no old token makes a state anew.
    pub new_journey_id: String,
    /// Fresh ids for webhook events, one for each state.
    pub event_ids: Vec<String>,
}

impl JourneyCommand for ExpireTransaction {
    type Answer = ();

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::Expired
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<(), JourneyRefusal> {
        let (now, workflows) = (journey.input.now, journey.input.workflows);
        let transaction = journey.transaction_mut()?;
        if transaction.states_end_at.is_some_and(|end| end <= now) {
            transaction.states_end_at = None;
            transaction.journey_id.clone_from(&self.new_journey_id);
            transaction.resume_code = OtpChallenge::default();
            transaction.module_codes.clear();
            transaction.handoffs.clear();
            let mut expired = Vec::new();
            for (workflow_id, state) in &mut transaction.states {
                let (status, is_tombstone) = (state.status, state.is_tombstone);
                if state.is_begun() && !status.is_decided() {
                    expired.push((workflow_id.clone(), status));
                }
                if let Some(workflow) = workflows(workflow_id) {
                    state.note_trigger(&workflow);
                }
                state.discard();
                state.session_id = None;
                if is_tombstone {
                    (state.status, state.is_tombstone) = (status, true);
                }
            }
            for ((workflow_id, status), event_id) in expired.into_iter().zip(&self.event_ids) {
                let event = journey.webhook_event(JourneyWebhookEventType::JourneyExpired, &workflow_id, event_id)?;
                journey.emit(JourneyWebhookEvent { status: Some(status.as_str().to_owned()), ..event });
            }
        }
        if journey.transaction_mut()?.ends_at().is_some_and(|end| end <= now) {
            journey.transaction = None;
        }
        Ok(())
    }
}
