//! What the first device does after it has opened a handoff: it confirms the number, and follows the other device.

use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::transaction::{Handoff, HandoffStage};
use crate::journeys::workflow::JourneyStatus;

use super::page::PageCaller;

/// The first device confirms the number that both show.
#[derive(Clone, Debug)]
pub struct ConfirmHandoff {
    /// Who calls.
    pub caller: PageCaller,
    /// The handoff.
    pub handoff_id: String,
    /// The number.
    pub body: Result<u8, JourneyRefusal>,
}

/// The answer to [`ConfirmHandoff`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmedHandoff {
    /// The other device gets its token.
    Confirmed,
    /// The number is another one: the handoff is cancelled.
    Mismatch,
}

impl JourneyCommand for ConfirmHandoff {
    type Answer = ConfirmedHandoff;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::HandoffConfirm
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<ConfirmedHandoff, JourneyRefusal> {
        journey.enter(&self.caller)?;
        journey.check_owner(&self.caller)?;
        let handoff = journey.own_handoff(&self.caller, &self.handoff_id)?;
        let given = *self.body.as_ref().map_err(JourneyRefusal::clone)?;
        let now = journey.input.now;
        let id = handoff.id;
        let stored = journey.transaction_mut()?.handoffs.iter_mut().find(|handoff| handoff.id == id);
        let stored = stored.ok_or(JourneyRefusal::HandoffNotFound)?;
        if !stored.is_open(now) {
            return Err(JourneyRefusal::HandoffGone);
        }
        match &mut stored.stage {
            HandoffStage::Opened { number, is_confirmed, .. } if *number == given => {
                *is_confirmed = true;
                Ok(ConfirmedHandoff::Confirmed)
            }
            // Also before anybody has opened the link: a confirmation in advance would confirm nothing.
            _ => {
                stored.stage = HandoffStage::Cancelled;
                journey.outcome = Some(JourneyRefusal::NumberMismatch.code());
                Ok(ConfirmedHandoff::Mismatch)
            }
        }
    }
}

/// The first device asks how far the other one is.
#[derive(Clone, Debug)]
pub struct GetHandoffStatus {
    /// Who calls.
    pub caller: PageCaller,
    /// The handoff.
    pub handoff_id: String,
}

/// How far the other device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandoffStatus {
    /// Nobody has opened the link.
    Waiting,
    /// The other device has; both show this number.
    Opened {
        /// The number.
        number: u8,
    },
    /// The other device goes on.
    Progress {
        /// The module at which the journey is. `None`: none is left.
        module_id: Option<String>,
    },
    /// The journey has ended.
    Done {
        /// How.
        status: JourneyStatus,
    },
    /// The link has expired, or the handoff was cancelled.
    Gone,
}

impl JourneyCommand for GetHandoffStatus {
    type Answer = HandoffStatus;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::HandoffFollowed
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<HandoffStatus, JourneyRefusal> {
        journey.enter(&self.caller)?;
        let owned = journey.check_owner(&self.caller);
        let is_owner = owned.is_ok();
        let handoff = match (owned, journey.own_handoff(&self.caller, &self.handoff_id)) {
            // The token that opened the handoff follows it, also past the module from which the code is asked for.
            (Err(JourneyRefusal::AuthRequired), Ok(own)) if own.opener_jti == self.caller.token.jti => own,
            (checked, found) => checked.and(found)?,
        };
        let is_open = handoff.is_open(journey.input.now);
        let workflow = (journey.input.workflows)(&handoff.workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        let state = journey.state(&handoff.workflow_id);
        // A token without the owner learns no more than how the other device goes on.
        let may_know = is_owner || handoff.stage == HandoffStage::Redeemed;
        if let Some(status) = state.map(|state| state.status).filter(|status| may_know && status.is_decided()) {
            return Ok(HandoffStatus::Done { status });
        }
        let first = || workflow.modules.first().map(|module| module.id.as_str());
        Ok(match handoff.stage {
            HandoffStage::Redeemed => {
                let module_id = state.map_or_else(first, |state| state.resume_at(&workflow)).map(str::to_owned);
                HandoffStatus::Progress { module_id }
            }
            HandoffStage::Waiting if is_open => HandoffStatus::Waiting,
            HandoffStage::Opened { number, .. } if is_open => HandoffStatus::Opened { number },
            HandoffStage::Waiting | HandoffStage::Opened { .. } | HandoffStage::Cancelled => HandoffStatus::Gone,
        })
    }
}

impl JourneyBuilder<'_> {
    /// The handoff of that id, of the token's workflow. A token of another handoff has none.
    fn own_handoff(&self, caller: &PageCaller, handoff_id: &str) -> Result<Handoff, JourneyRefusal> {
        if caller.token.handoff_id.is_some() {
            return Err(JourneyRefusal::HandoffNotAllowed);
        }
        let transaction = self.transaction.as_ref().ok_or(JourneyRefusal::Unauthorized)?;
        let is_own = |handoff: &&Handoff| handoff.id == handoff_id && handoff.workflow_id == caller.token.workflow_id;
        transaction.handoffs.iter().find(is_own).cloned().ok_or(JourneyRefusal::HandoffNotFound)
    }
}
