//! The owner of a transaction, and the tokens for it.

use std::time::Duration;

use handset_protocol::journey::{JourneyClaims, limits};
use handset_protocol::{Secret, UnixMillis};

use crate::journeys::apply::JourneyBuilder;
use crate::journeys::contact::Contact;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::transaction::{AuthMode, JourneyTransaction};

impl JourneyBuilder<'_> {
    /// The owner of a transaction: a keyed hash, so that a token shows no contact. `None`: nobody has proved a contact yet.
    pub(super) fn owner(&self, transaction: &JourneyTransaction) -> Option<String> {
        let JourneyTransaction { project, app_id, transaction_id, .. } = transaction;
        // No id has a line break.
        let of_transaction = format!("{project}\n{app_id}\n{transaction_id}");
        match (transaction.mode, transaction.owner_contact()) {
            (AuthMode::OwnAuth, _) => Some((self.input.hash)(&of_transaction)),
            (_, Some(contact)) => Some((self.input.hash)(&format!("{of_transaction}\n{}", contact.key().expose()))),
            (_, None) => None,
        }
    }

    /// Signs a token.
    pub(super) fn sign(&self, claims: &JourneyClaims) -> Result<Secret, JourneyRefusal> {
        (self.input.sign)(claims).ok_or(JourneyRefusal::Internal)
    }

    /// The claims of a token of the transaction.
    pub(super) fn claims(&self, transaction: &JourneyTransaction, lifetime: Duration, jti: &str) -> JourneyClaims {
        JourneyClaims {
            app_id: transaction.app_id.clone(),
            transaction_id: transaction.transaction_id.clone(),
            workflow_id: transaction.workflow_id.clone(),
            journey_id: transaction.journey_id.clone(),
            authenticate_on_resume: transaction.mode != AuthMode::OwnAuth,
            unique_id: None,
            project: transaction.project.clone(),
            handoff_id: None,
            iat: self.input.now.as_seconds(),
            exp: (self.input.now + lifetime).as_seconds(),
            jti: jti.to_owned(),
        }
    }

    /// A token with the owner, for a server whose user has just proved that contact, so that its page is not asked for another
    /// code. `None`: the contact is not the owner's.
    pub(super) fn token_for_proved(
        &mut self,
        contact: &Contact,
        workflow_id: &str,
        jti: &str,
    ) -> Result<Option<Secret>, JourneyRefusal> {
        let Some(transaction) = &mut self.transaction else { return Ok(None) };
        if transaction.owner_contact() != Some(contact) {
            return Ok(None);
        }
        transaction.used_at = self.input.now;
        let transaction = transaction.clone();
        let lifetime = Duration::from_secs(limits::TOKEN_SECONDS_DEFAULT.into());
        let unique_id = self.owner(&transaction);
        let workflow_id = workflow_id.to_owned();
        self.sign(&JourneyClaims { unique_id, workflow_id, ..self.claims(&transaction, lifetime, jti) }).map(Some)
    }
}

/// The expiry in a token.
pub(super) fn expiry(claims: &JourneyClaims) -> UnixMillis {
    UnixMillis::from_seconds(claims.exp)
}
