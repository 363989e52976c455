//! Handing a journey over to another device: a link, a number that both devices show, and a token for the other device. What
//! the first device does then is in `handoff_first_device`.

use std::time::Duration;

use handset_protocol::journey::{JourneyClaims, limits};
use handset_protocol::{Secret, UnixMillis};
use subtle::ConstantTimeEq;

use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::contact::{Channel, Contact};
use crate::journeys::contact_attempts::CodePurpose;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::transaction::{Handoff, HandoffStage, JourneyTransaction};
use crate::journeys::workflow::HandoffPolicy;

use super::page::PageCaller;
use super::resume_code::refused;
use super::tokens::expiry;

/// Most handoffs of a transaction that are open, and that are kept.
const OPEN: usize = 5;
const KEPT: usize = 20;

/// A request to hand over.
#[derive(Clone, Debug)]
pub struct OpenHandoff {
    /// Who calls.
    pub caller: PageCaller,
    /// The body.
    pub body: Result<OpenHandoffBody, JourneyRefusal>,
    /// A fresh id.
    pub id: String,
    /// A fresh secret of 128 bits, safe in a URL.
    pub secret: Secret,
}

/// The body of [`OpenHandoff`].
#[derive(Clone, Debug)]
pub struct OpenHandoffBody {
    /// Lifetime of the link.
    pub lifetime: Duration,
    /// The way on which the link is sent to the proved contact. `None`: it is not sent.
    pub channel: Option<Channel>,
}

/// The answer to [`OpenHandoff`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedHandoff {
    /// The link, with its secret in the fragment.
    pub url: Secret,
    /// Expiry of the link.
    pub expires_at: UnixMillis,
    /// The id, for the first device.
    pub handoff_id: String,
}

impl JourneyCommand for OpenHandoff {
    type Answer = OpenedHandoff;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::HandoffOpened
    }

    fn limited_contact(&self, transaction: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
        self.body.as_ref().ok()?.channel?;
        Some((CodePurpose::Handoff, transaction?.proved.clone()?))
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<OpenedHandoff, JourneyRefusal> {
        let workflow = journey.check_page(&self.caller)?;
        let token = &self.caller.token;
        let is_allowed = match workflow.handoff {
            HandoffPolicy::Off => false,
            HandoffPolicy::Ask => token.authenticate_on_resume && workflow.auth.is_some(),
            HandoffPolicy::SameOwner => true,
        };
        let page = workflow.handoff_url.as_ref().filter(|_| is_allowed && token.handoff_id.is_none());
        let page = page.ok_or(JourneyRefusal::HandoffNotAllowed)?;
        let body = self.body.as_ref().map_err(JourneyRefusal::clone)?;
        let (policy, now) = (*journey.input.policy, journey.input.now);
        let expires_at = (now + body.lifetime).min(expiry(token));
        let url = Secret::new(format!("{page}#handoff={}", self.secret.expose()));
        let transaction = journey.transaction_mut()?;
        let contact = match body.channel {
            None => None,
            Some(channel) => {
                let proved = transaction.proved.clone().filter(|contact| contact.channel() == channel);
                let unproved = || JourneyRefusal::shape("channel", "that of a contact that was proved in this journey");
                Some(proved.ok_or_else(unproved)?)
            }
        };
        if transaction.handoffs.iter().filter(|handoff| handoff.is_open(now)).count() >= OPEN {
            return Err(JourneyRefusal::TooManyOpen);
        }
        if transaction.handoffs.len() >= KEPT {
            let closed = transaction.handoffs.iter().position(|handoff| !handoff.is_open(now));
            closed.map(|place| transaction.handoffs.remove(place));
        }
        transaction.handoffs.push(Handoff {
            id: self.id.clone(),
            opener_jti: token.jti.clone(),
            secret: self.secret.clone(),
            workflow_id: workflow.id.clone(),
            // Only where no code is asked for on resume.
            unique_id: token.unique_id.clone().filter(|_| !token.authenticate_on_resume),
            token_expires_at: expiry(token),
            expires_at,
            authenticate_on_resume: token.authenticate_on_resume,
            stage: HandoffStage::Waiting,
        });
        if let Some(contact) = contact {
            journey.attempts_mut().send(&policy, now).map_err(refused)?;
            journey.send_handoff(&contact, &url, expires_at)?;
        }
        Ok(OpenedHandoff { url, expires_at, handoff_id: self.id.clone() })
    }
}

/// The default lifetime of a link.
impl Default for OpenHandoffBody {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(limits::HANDOFF_SECONDS_DEFAULT.into()), channel: None }
    }
}

/// The other device opens the link, or asks again. The transaction is that of the secret.
#[derive(Clone, Debug)]
pub struct RedeemHandoff {
    /// The secret of the link.
    pub secret: Secret,
    /// The secret of the device that opened the link. `None`: it opens it now.
    pub redemption: Option<Secret>,
    /// A fresh secret for the device.
    pub new_redemption: Secret,
    /// A fresh number of two digits.
    pub number: u8,
    /// A fresh id for the token.
    pub jti: String,
}

/// The answer to [`RedeemHandoff`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedeemedHandoff {
    /// The first device has to confirm the number.
    Confirm {
        /// The number.
        number: u8,
        /// What the journey is for.
        purpose: String,
        /// The application.
        app_id: String,
        /// The secret of this device, for the next request.
        redemption: Secret,
    },
    /// The other device goes on with this token.
    Token(Secret),
}

impl JourneyCommand for RedeemHandoff {
    type Answer = RedeemedHandoff;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::HandoffRedeem
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<RedeemedHandoff, JourneyRefusal> {
        let now = journey.input.now;
        let gone = JourneyRefusal::HandoffGone;
        let transaction = journey.transaction.as_mut().ok_or(gone.clone())?;
        let has_ended =
            |workflow_id: &str| transaction.states.get(workflow_id).is_some_and(|state| state.status.is_decided());
        let handoff = transaction.handoffs.iter().find(|handoff| handoff.secret == self.secret);
        let handoff = handoff.filter(|handoff| handoff.is_open(now) && !has_ended(&handoff.workflow_id));
        let Handoff { id, workflow_id, .. } = handoff.ok_or(gone.clone())?.clone();
        let workflow = (journey.input.workflows)(&workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        let app_id = transaction.app_id.clone();
        let opened = |number, redemption| {
            let purpose = workflow.display_name().to_owned();
            Ok(RedeemedHandoff::Confirm { number, purpose, app_id, redemption })
        };
        let handoff = transaction.handoffs.iter_mut().find(|handoff| handoff.id == id).ok_or(gone.clone())?;
        match &handoff.stage {
            HandoffStage::Waiting => {
                let (redemption, number) = (self.new_redemption.clone(), self.number);
                handoff.stage = HandoffStage::Opened { redemption: redemption.clone(), number, is_confirmed: false };
                opened(number, redemption)
            }
            HandoffStage::Opened { redemption, number, is_confirmed } => {
                let is_own = |own: &&Secret| bool::from(own.expose().as_bytes().ct_eq(redemption.expose().as_bytes()));
                let redemption = self.redemption.as_ref().filter(is_own).ok_or(gone)?;
                if !is_confirmed {
                    return opened(*number, redemption.clone());
                }
                handoff.stage = HandoffStage::Redeemed;
                let handoff = handoff.clone();
                let transaction = transaction.clone();
                let claims = JourneyClaims {
                    workflow_id,
                    unique_id: handoff.unique_id,
                    authenticate_on_resume: handoff.authenticate_on_resume,
                    handoff_id: Some(id),
                    exp: handoff.token_expires_at.as_seconds(),
                    ..journey.claims(&transaction, Duration::ZERO, &self.jti)
                };
                journey.sign(&claims).map(RedeemedHandoff::Token)
            }
            HandoffStage::Redeemed | HandoffStage::Cancelled => Err(gone),
        }
    }
}

impl Handoff {
    /// Whether the other device can still go on.
    pub(super) fn is_open(&self, now: UnixMillis) -> bool {
        let is_pending = matches!(self.stage, HandoffStage::Waiting | HandoffStage::Opened { .. });
        is_pending && now < self.expires_at
    }
}
