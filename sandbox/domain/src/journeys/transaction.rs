//! A transaction: one user and journey of an application, with its states by workflow, its contact and its handoffs. No
//! transitions.

use std::collections::BTreeMap;
use std::time::Duration;

use handset_protocol::{Secret, UnixMillis, journey::limits};
use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::state::JourneyState;
use crate::OtpChallenge;

/// A transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JourneyTransaction {
    /// The project. Projects are isolated from each other.
    pub project: String,
    /// The application.
    pub app_id: String,
    /// The id.
    pub transaction_id: String,
    /// The journey; a complete reset begins another one.
    pub journey_id: String,
    /// The mode, by the first token.
    pub mode: AuthMode,
    /// The contact that the first token named.
    pub contact: Option<Contact>,
    /// The contact that was proved inside the journey.
    pub proved: Option<Contact>,
    /// The workflow in which it was proved.
    pub proved_in: Option<String>,
    /// The workflow of the last token.
    pub workflow_id: String,
    /// States by workflow.
    pub states: BTreeMap<String, JourneyState>,
    /// The code of a resume.
    pub resume_code: OtpChallenge,
    /// Codes of modules, by their request id.
    pub module_codes: BTreeMap<String, ModuleCode>,
    /// Handoffs, oldest first.
    pub handoffs: Vec<Handoff>,
    /// Time of the first token.
    pub created_at: UnixMillis,
    /// Time of the last token, save, reset or code of a module.
    pub used_at: UnixMillis,
    /// End of the states' life, from the last save.
    pub states_end_at: Option<UnixMillis>,
}

/// How the owner of a transaction is known, by its first token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMode {
    /// The client's own sign-in vouches; no contact (scenario 1).
    OwnAuth,
    /// The client knows the contact (scenarios 2, 4a and 4b).
    KnownContact,
    /// The user proves a contact inside the journey (scenario 3).
    ProvedContact,
}

/// The code of a module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleCode {
    /// The contact that it was sent to.
    pub contact: Contact,
    /// The code.
    pub challenge: OtpChallenge,
    /// Length of the code.
    pub length: usize,
    /// Lifetime of the code.
    pub lifetime: Duration,
}

/// A handoff to another device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handoff {
    /// The id, for the first device.
    pub id: String,
    /// The id of the token that opened it.
    pub opener_jti: String,
    /// The secret of the link.
    pub secret: Secret,
    /// The workflow.
    pub workflow_id: String,
    /// The owner, where the workflow passes it on.
    pub unique_id: Option<String>,
    /// Expiry of the first device's token.
    pub token_expires_at: UnixMillis,
    /// Expiry of the link.
    pub expires_at: UnixMillis,
    /// The mode of the first device's token.
    pub authenticate_on_resume: bool,
    /// How far it is.
    pub stage: HandoffStage,
}

/// How far a handoff is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum HandoffStage {
    /// Nobody has opened the link.
    Waiting,
    /// One device has. Only that device can go on.
    Opened {
        /// The secret of the device that opened it.
        redemption: Secret,
        /// The number that both devices show.
        number: u8,
        /// Whether the first device has confirmed it.
        is_confirmed: bool,
    },
    /// The other device has its token.
    Redeemed,
    /// A wrong number was confirmed.
    Cancelled,
}

impl JourneyTransaction {
    /// The contact that owns the states: the given or the proved one.
    pub fn owner_contact(&self) -> Option<&Contact> {
        self.contact.as_ref().or(self.proved.as_ref())
    }

    /// The time at which something of the transaction ends: the life of its states, or that of the last token that can be
    /// valid. `None`: what is left stays.
    pub fn ends_at(&self) -> Option<UnixMillis> {
        let last_token = self.used_at + Duration::from_secs(limits::TOKEN_SECONDS.into());
        let keeps_tombstone = self.states.values().any(|state| state.is_tombstone);
        self.states_end_at.or((!keeps_tombstone).then_some(last_token))
    }
}
