//! Generate Auth: a token for a user of a transaction. The first token fixes the mode and the contact of the transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use handset_protocol::Secret;
use handset_protocol::journey::JourneyClaims;

use crate::OtpChallenge;
use crate::journeys::apply::{JourneyBuilder, JourneyCommand};
use crate::journeys::contact::Contact;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::timeline::JourneyEventKind;
use crate::journeys::transaction::{AuthMode, JourneyTransaction};

/// A request for a token.
#[derive(Clone, Debug)]
pub struct GenerateAuth {
    /// The project.
    pub project: String,
    /// The application.
    pub app_id: String,
    /// The transaction.
    pub transaction_id: String,
    /// The workflow.
    pub workflow_id: String,
    /// Whether the user is asked for a code on resume.
    pub authenticate_on_resume: bool,
    /// The user's contact.
    pub contact: Option<Contact>,
    /// Lifetime of the token.
    pub lifetime: Duration,
    /// A fresh id for a new journey.
    pub journey_id: String,
    /// A fresh id for the token.
    pub jti: String,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub auth_token: Secret,
    /// The journey.
    pub journey_id: String,
}

impl JourneyCommand for GenerateAuth {
    type Answer = IssuedToken;

    fn kind(&self) -> JourneyEventKind {
        JourneyEventKind::TokenIssued
    }

    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<IssuedToken, JourneyRefusal> {
        let workflow = (journey.input.workflows)(&self.workflow_id).ok_or(JourneyRefusal::WorkflowNotFound)?;
        if self.authenticate_on_resume {
            let Some(auth) = &workflow.auth else {
                return Err(JourneyRefusal::shape("authenticateOnResume", "'no': the workflow has no 'auth'"));
            };
            if let Some(contact) = self.contact.as_ref().filter(|contact| !auth.channels.contains(&contact.channel())) {
                let channel = contact.channel().as_str();
                return Err(JourneyRefusal::InvalidBody(format!("the workflow sends no codes by {channel}")));
            }
        }
        let transaction = match journey.transaction.take() {
            Some(stored) => self.of_stored(stored)?,
            None => self.new_transaction(journey),
        };
        let unique_id = journey.owner(&transaction).filter(|_| !self.authenticate_on_resume);
        let claims = JourneyClaims {
            unique_id,
            authenticate_on_resume: self.authenticate_on_resume,
            ..journey.claims(&transaction, self.lifetime, &self.jti)
        };
        let auth_token = journey.sign(&claims)?;
        let journey_id = transaction.journey_id.clone();
        journey.transaction = Some(JourneyTransaction { used_at: journey.input.now, ..transaction });
        Ok(IssuedToken { auth_token, journey_id })
    }
}

impl GenerateAuth {
    fn mode(&self) -> AuthMode {
        match (&self.contact, self.authenticate_on_resume) {
            (Some(_), _) => AuthMode::KnownContact,
            (None, true) => AuthMode::ProvedContact,
            (None, false) => AuthMode::OwnAuth,
        }
    }

    /// A stored transaction takes a token of its own mode with its own contact. One whose user proves a contact inside the
    /// journey also takes that contact, as long as the code stays.
    fn of_stored(&self, stored: JourneyTransaction) -> Result<JourneyTransaction, JourneyRefusal> {
        if self.contact.is_some() && self.contact.as_ref() != stored.owner_contact() {
            return Err(JourneyRefusal::UniqueIdConflict);
        }
        let names_proved_contact = stored.mode == AuthMode::ProvedContact && self.mode() == AuthMode::KnownContact;
        if self.mode() == stored.mode || (names_proved_contact && self.authenticate_on_resume) {
            Ok(JourneyTransaction { workflow_id: self.workflow_id.clone(), ..stored })
        } else {
            Err(JourneyRefusal::AuthModeConflict)
        }
    }

    fn new_transaction(&self, journey: &JourneyBuilder<'_>) -> JourneyTransaction {
        JourneyTransaction {
            project: self.project.clone(),
            app_id: self.app_id.clone(),
            transaction_id: self.transaction_id.clone(),
            journey_id: self.journey_id.clone(),
            mode: self.mode(),
            contact: self.contact.clone(),
            proved: None,
            proved_in: None,
            workflow_id: self.workflow_id.clone(),
            states: BTreeMap::new(),
            resume_code: OtpChallenge::default(),
            module_codes: BTreeMap::new(),
            handoffs: Vec::new(),
            created_at: journey.input.now,
            used_at: journey.input.now,
            states_end_at: None,
        }
    }
}
