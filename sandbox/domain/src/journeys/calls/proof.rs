//! The proof of a contact: only a code of a module that was checked, or a possession check that Validate passed.

use crate::journeys::apply::JourneyBuilder;
use crate::journeys::contact::Contact;
use crate::journeys::refusal::JourneyRefusal;
use crate::journeys::transaction::AuthMode;

impl JourneyBuilder<'_> {
    /// Notes a proved contact. The first one stays, so that nobody takes a journey over by proving another contact; where the
    /// client knows the contact, only that one counts.
    pub(super) fn prove(&mut self, contact: &Contact, workflow_id: &str) -> Result<(), JourneyRefusal> {
        let transaction = self.transaction_mut()?;
        let is_expected = match transaction.mode {
            AuthMode::KnownContact => transaction.contact.as_ref() == Some(contact),
            AuthMode::OwnAuth | AuthMode::ProvedContact => true,
        };
        if is_expected && transaction.proved.is_none() {
            transaction.proved = Some(contact.clone());
            transaction.proved_in = Some(workflow_id.to_owned());
        }
        Ok(())
    }
}
