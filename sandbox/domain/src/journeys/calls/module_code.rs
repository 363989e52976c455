//! The codes of a journey's own module, for the client's server. A code is bound to application, transaction and contact, and
//! used once. A correct one proves its contact.

use std::time::Duration;

use handset_protocol::{Secret, UnixMillis};

use crate::OtpChallenge;
use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::contact::Contact;
use crate::journeys::contact_attempts::CodePurpose;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::transaction::{JourneyTransaction, ModuleCode};

use super::messages::{CodeText, known_code};
use super::output::JourneyOutput;
use super::resume_code::refused;

/// Most live codes of a transaction.
const LIVE: usize = 10;

/// Sends a code, which replaces the one to the same contact.
#[derive(Clone, Debug)]
pub struct SendModuleCode {
    /// The contact.
    pub contact: Contact,
    /// Length of the code.
    pub length: usize,
    /// Lifetime of the code.
    pub lifetime: Duration,
    /// Nine fresh digits; a shorter code uses the first of them.
    pub code: Secret,
    /// A fresh id of the request.
    pub request_id: String,
}

/// The answer to a request for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleCodeSent {
    /// The id of the request.
    pub request_id: String,
    /// Expiry of the code.
    pub expires_at: UnixMillis,
    /// The earliest time of another code.
    pub resend_at: UnixMillis,
}

/// Which code.
#[derive(Clone, Debug)]
pub enum ModuleCodeKey {
    /// The one to that contact.
    Contact(Contact),
    /// The one of that request.
    Request(String),
}

/// Sends another code in place of one.
#[derive(Clone, Debug)]
pub struct ResendModuleCode {
    /// Which code.
    pub key: ModuleCodeKey,
    /// Nine fresh digits.
    pub code: Secret,
}

/// Checks a code.
#[derive(Clone, Debug)]
pub struct VerifyModuleCode {
    /// Which code.
    pub key: ModuleCodeKey,
    /// The code.
    pub otp: Secret,
    /// Transaction and workflow whose outputs are given out, if the contact is the one that was proved there.
    pub outputs_of: Option<(String, String)>,
    /// A fresh id for the token.
    pub jti: String,
}

/// The answer to a correct code.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleCodeVerified {
    /// A token with the owner, if the contact is the owner's.
    pub auth_token: Option<Secret>,
    /// The outputs.
    pub outputs: Option<JourneyOutput>,
}

impl ModuleCodeKey {
    fn find<'a>(&self, transaction: &'a JourneyTransaction) -> Option<(&'a String, &'a ModuleCode)> {
        match self {
            Self::Contact(contact) => transaction.module_codes.iter().find(|(_, code)| code.contact == *contact),
            Self::Request(id) => transaction.module_codes.get_key_value(id),
        }
    }

    fn limited(&self, transaction: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
        let contact = match self {
            Self::Contact(contact) => contact.clone(),
            Self::Request(_) => self.find(transaction?)?.1.contact.clone(),
        };
        Some((CodePurpose::Module, contact))
    }
}

impl JourneyCommand for SendModuleCode {
    type Answer = ModuleCodeSent;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::ModuleOtpSend
    }

    fn limited_contact(&self, _: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
        Some((CodePurpose::Module, self.contact.clone()))
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<ModuleCodeSent, JourneyRefusal> {
        let now = journey.input.now;
        let transaction = journey.transaction_mut()?;
        let is_live = |code: &ModuleCode| code.challenge.expires_at().is_some_and(|end| now < end);
        transaction.module_codes.retain(|_, code| is_live(code) && code.contact != self.contact);
        if transaction.module_codes.len() >= LIVE {
            return Err(JourneyRefusal::TooManyOpen);
        }
        let code = ModuleCode {
            contact: self.contact.clone(),
            challenge: OtpChallenge::default(),
            length: self.length,
            lifetime: self.lifetime,
        };
        journey.send_module_code(self.request_id.clone(), code, &self.code)
    }
}

impl JourneyCommand for ResendModuleCode {
    type Answer = ModuleCodeSent;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::ModuleOtpSend
    }

    fn limited_contact(&self, transaction: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
        self.key.limited(transaction)
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<ModuleCodeSent, JourneyRefusal> {
        let transaction = journey.transaction_mut()?;
        let (id, code) = self.key.find(transaction).ok_or(JourneyRefusal::OtpExpired)?;
        let (id, code) = (id.clone(), code.clone());
        journey.send_module_code(id, code, &self.code)
    }
}

impl JourneyCommand for VerifyModuleCode {
    type Answer = ModuleCodeVerified;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::ModuleOtpVerify
    }

    fn limited_contact(&self, transaction: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
        self.key.limited(transaction)
    }

    fn other_transaction(&self) -> Option<&str> {
        self.outputs_of.as_ref().map(|(transaction_id, _)| transaction_id.as_str())
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<ModuleCodeVerified, JourneyRefusal> {
        let transaction = journey.transaction_mut()?;
        let (id, code) = self.key.find(transaction).ok_or(JourneyRefusal::OtpExpired)?;
        let (id, mut code) = (id.clone(), code.clone());
        let outputs = match &self.outputs_of {
            None => Ok(None),
            Some((_, workflow_id)) => journey.outputs_of_other(workflow_id, &code.contact).map(Some).ok_or(()),
        };
        // Whoever asks for outputs with another contact learns no more than with a wrong code.
        journey.check_code(&mut code.challenge, &self.otp, outputs.is_ok())?;
        journey.transaction_mut()?.module_codes.remove(&id);
        let workflow_id = journey.transaction_mut()?.workflow_id.clone();
        journey.prove(&code.contact, &workflow_id)?;
        let auth_token = journey.token_for_proved(&code.contact, &workflow_id, &self.jti)?;
        Ok(ModuleCodeVerified { auth_token, outputs: outputs.unwrap_or_default() })
    }
}

impl JourneyBuilder<'_> {
    fn send_module_code(
        &mut self,
        request_id: String,
        mut module_code: ModuleCode,
        fresh: &Secret,
    ) -> Result<ModuleCodeSent, JourneyRefusal> {
        let (policy, now) = (*self.input.policy, self.input.now);
        let attempts = self.attempts_mut();
        attempts.send(&policy, now).map_err(refused)?;
        let resend_at = attempts.resend_at(&policy).unwrap_or(now);
        let ModuleCode { contact, length, lifetime, .. } = module_code.clone();
        let code = known_code(&contact, fresh, length);
        module_code.challenge.send(code.clone(), now, lifetime);
        let transaction = self.transaction_mut()?;
        transaction.used_at = now;
        transaction.module_codes.insert(request_id.clone(), module_code);
        self.send_code(&contact, &CodeText { code: &code, purpose: CodePurpose::Module, host: None, lifetime })?;
        Ok(ModuleCodeSent { request_id, expires_at: now + lifetime, resend_at })
    }

    /// The outputs of the other transaction. `None`: the contact is not the one that was proved there, or the life of its states
    /// has ended, which may not be written yet.
    fn outputs_of_other(&self, workflow_id: &str, contact: &Contact) -> Option<JourneyOutput> {
        let is_alive = |other: &JourneyTransaction| other.states_end_at.is_some_and(|end| self.input.now < end);
        let is_proved = |other: &JourneyTransaction| {
            other.proved.as_ref() == Some(contact) && other.proved_in.as_deref() == Some(workflow_id)
        };
        let other = self.input.other.filter(|other| is_proved(other) && is_alive(other))?;
        let workflow = (self.input.workflows)(workflow_id)?;
        let state = other.states.get(workflow_id)?;
        Some(JourneyOutput::new(&other.transaction_id, &workflow, Some(state)))
    }
}
