//! The code on resume: sent to the contact of the transaction, checked, and exchanged for a token with the owner.

use handset_protocol::Secret;
use handset_protocol::UnixMillis;
use handset_protocol::journey::JourneyClaims;

use crate::OtpChallenge;
use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::contact::{Channel, Contact};
use crate::journeys::contact_attempts::{CodePurpose, ContactAttempts, Limited};
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::transaction::JourneyTransaction;
use crate::journeys::workflow::Workflow;
use crate::otp_challenge::CodeCheck;

use super::messages::{CodeText, known_code};
use super::page::PageCaller;

/// Length of a code.
const LENGTH: usize = 6;

/// A request for a code.
#[derive(Clone, Debug)]
pub struct SendResumeCode {
    /// Who calls.
    pub caller: PageCaller,
    /// The way of the code.
    pub body: Result<Channel, JourneyRefusal>,
    /// Nine fresh digits; a code uses the first of them.
    pub code: Secret,
    /// Host of the page, without port, for the last line of an SMS.
    pub host: Option<String>,
}

/// The answer to a request for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSent {
    /// The way of the code.
    pub channel: Channel,
    /// The contact, masked.
    pub masked_contact: String,
    /// Expiry of the code.
    pub expires_at: UnixMillis,
    /// The earliest time of another code.
    pub resend_at: UnixMillis,
}

/// The check of a code.
#[derive(Clone, Debug)]
pub struct VerifyResumeCode {
    /// Who calls.
    pub caller: PageCaller,
    /// The code.
    pub body: Result<Secret, JourneyRefusal>,
    /// A fresh id for the token.
    pub jti: String,
}

fn of_resume(transaction: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
    Some((CodePurpose::Resume, transaction?.owner_contact()?.clone()))
}

impl JourneyCommand for SendResumeCode {
    type Answer = CodeSent;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::OtpSend
    }

    fn limited_contact(&self, transaction: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
        of_resume(transaction)
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<CodeSent, JourneyRefusal> {
        let workflow = journey.check_code_is_owed(&self.caller)?;
        let channel = *self.body.as_ref().map_err(JourneyRefusal::clone)?;
        let (channels, _) = journey.resume_contact(&workflow);
        let contact = journey.transaction_mut()?.owner_contact().cloned().filter(|_| channels.contains(&channel));
        let Some(contact) = contact else {
            let known: Vec<_> = channels.into_iter().map(|channel| format!("'{}'", channel.as_str())).collect();
            let expected = match known.as_slice() {
                [] => "one with a contact: none was proved in this journey".to_owned(),
                known => known.join(" or "),
            };
            return Err(JourneyRefusal::shape("channel", &expected));
        };
        let (policy, now) = (*journey.input.policy, journey.input.now);
        let attempts = journey.attempts_mut();
        attempts.send(&policy, now).map_err(refused)?;
        let resend_at = attempts.resend_at(&policy).unwrap_or(now);
        let code = known_code(&contact, &self.code, LENGTH);
        let mut challenge = OtpChallenge::default();
        challenge.send(code.clone(), now, policy.code_lifetime);
        journey.transaction_mut()?.resume_code = challenge;
        let text = CodeText {
            code: &code,
            purpose: CodePurpose::Resume,
            host: self.host.as_deref(),
            lifetime: policy.code_lifetime,
        };
        journey.send_code(&contact, &text)?;
        let (masked_contact, expires_at) = (contact.masked(), now + policy.code_lifetime);
        Ok(CodeSent { channel, masked_contact, expires_at, resend_at })
    }
}

impl JourneyCommand for VerifyResumeCode {
    type Answer = Secret;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::OtpVerify
    }

    fn limited_contact(&self, transaction: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
        of_resume(transaction)
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<Secret, JourneyRefusal> {
        journey.check_code_is_owed(&self.caller)?;
        let otp = self.body.as_ref().map_err(JourneyRefusal::clone)?;
        let transaction = journey.transaction_mut()?;
        if transaction.owner_contact().is_none() {
            // No contact, no code, and no attempts to count.
            return Err(JourneyRefusal::OtpExpired);
        }
        let mut challenge = std::mem::take(&mut transaction.resume_code);
        journey.check_code(&mut challenge, otp, true)?;
        let transaction = journey.transaction_mut()?.clone();
        let unique_id = journey.owner(&transaction);
        let iat = journey.input.now.as_seconds();
        let token = &self.caller.token;
        journey.sign(&JourneyClaims { unique_id, iat, jti: self.jti.clone(), ..token.clone() })
    }
}

impl JourneyBuilder<'_> {
    /// Token and workflow, and that the bearer is asked for a code.
    fn check_code_is_owed(&self, caller: &PageCaller) -> Result<std::sync::Arc<Workflow>, JourneyRefusal> {
        let workflow = self.enter(caller)?;
        match self.check_owner(caller) {
            Err(JourneyRefusal::AuthRequired) => Ok(workflow),
            Err(refusal) => Err(refusal),
            Ok(()) => Err(JourneyRefusal::AuthNotRequired),
        }
    }

    /// The ways of a code, and the contact that it goes to, masked.
    pub(super) fn resume_contact(&self, workflow: &Workflow) -> (Vec<Channel>, Option<String>) {
        let contact = self.transaction.as_ref().and_then(JourneyTransaction::owner_contact);
        let is_allowed =
            |contact: &&Contact| workflow.auth.as_ref().is_none_or(|auth| auth.channels.contains(&contact.channel()));
        let contact = contact.filter(is_allowed);
        (contact.map(Contact::channel).into_iter().collect(), contact.map(Contact::masked))
    }

    /// The attempts of the contact, for a decision that depends on them.
    pub(super) fn attempts_mut(&mut self) -> &mut ContactAttempts {
        self.attempts.get_or_insert_with(|| self.input.attempts.cloned().unwrap_or_default())
    }

    /// Checks a code against the limits of its contact. `is_allowed` false: the code counts as wrong, whatever it is.
    pub(super) fn check_code(
        &mut self,
        challenge: &mut OtpChallenge,
        otp: &Secret,
        is_allowed: bool,
    ) -> Result<(), JourneyRefusal> {
        let (policy, now) = (*self.input.policy, self.input.now);
        let attempts = self.attempts_mut();
        attempts.may_check(now).map_err(refused)?;
        let live = challenge.live(now).map_err(|_| JourneyRefusal::OtpExpired)?;
        let checked = if is_allowed { live.check(otp, u8::MAX) } else { live.refuse(u8::MAX) };
        if checked == CodeCheck::Correct {
            attempts.record_correct();
            return Ok(());
        }
        match attempts.record_wrong(&policy, now) {
            0 => Err(JourneyRefusal::OtpLocked { until: now + policy.lock }),
            attempts_left => Err(JourneyRefusal::OtpInvalid { attempts_left }),
        }
    }
}

/// The refusal of a limit.
pub(super) fn refused(limited: Limited) -> JourneyRefusal {
    match limited {
        Limited::Locked(until) => JourneyRefusal::OtpLocked { until },
        Limited::TooMany(until) => JourneyRefusal::OtpRateLimited { until },
    }
}
