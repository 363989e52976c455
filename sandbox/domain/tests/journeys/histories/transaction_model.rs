//! What the history knows about a transaction: who owns it, who may call, its codes and its handoffs.

use std::collections::BTreeMap;
use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_protocol::journey::JourneyClaims;
use handset_sandbox_domain::{
    AuthMode, Contact, GenerateAuth, HandoffPolicy, JourneyStatus, JourneyTransaction, PageCaller, Workflow,
};

use super::limits::CodeModel;
use super::state_model::StateModel;
use crate::support::{APP, PROJECT, owner_of, seconds};

pub(crate) type Workflows = BTreeMap<String, Arc<Workflow>>;

/// A transaction.
#[derive(Clone, Debug)]
pub(crate) struct TransactionModel {
    id: String,
    pub(crate) journey_id: String,
    mode: AuthMode,
    contact: Option<Contact>,
    pub(crate) proved: Option<Contact>,
    /// The workflow in which it was proved.
    pub(crate) proved_in: Option<String>,
    pub(crate) workflow_id: String,
    pub(crate) states: BTreeMap<String, StateModel>,
    pub(crate) resume_code: Option<CodeModel>,
    /// By the key of the contact.
    pub(crate) module_codes: BTreeMap<String, CodeModel>,
    pub(crate) handoffs: Vec<HandoffModel>,
    pub(crate) used_at: UnixMillis,
    pub(crate) states_end_at: Option<UnixMillis>,
}

/// A handoff.
#[derive(Clone, Debug)]
pub(crate) struct HandoffModel {
    pub(crate) id: String,
    pub(crate) workflow_id: String,
    /// The first device's token.
    pub(crate) token: JourneyClaims,
    expires_at: UnixMillis,
    pub(crate) redemption: Option<String>,
    pub(crate) is_confirmed: bool,
    pub(crate) is_redeemed: bool,
    /// Redeemed or cancelled.
    pub(crate) is_over: bool,
}

impl HandoffModel {
    pub(crate) fn is_open(&self, now: UnixMillis) -> bool {
        !self.is_over && now < self.expires_at
    }
}

/// The answer to a request for a token. Creates the transaction.
pub(crate) fn generate(
    stored: &mut Option<TransactionModel>,
    request: &GenerateAuth,
    workflows: &Workflows,
    now: UnixMillis,
) -> &'static str {
    let auth = &workflows[&request.workflow_id].auth;
    if request.authenticate_on_resume && auth.is_none() {
        return "invalid_request_body";
    }
    let (asks, contact) = (request.authenticate_on_resume, &request.contact);
    let mode = match (asks, contact) {
        (false, None) => AuthMode::OwnAuth,
        (true, None) => AuthMode::ProvedContact,
        (_, Some(_)) => AuthMode::KnownContact,
    };
    if let Some(stored) = stored {
        match (contact, stored.owner_contact()) {
            (Some(given), Some(owner)) if given == owner => (),
            (Some(_), _) => return "unique_id_conflict",
            (None, _) => (),
        }
        let names_proved = stored.mode == AuthMode::ProvedContact && asks && contact.is_some();
        if stored.mode != mode && !names_proved {
            return "auth_mode_conflict";
        }
    }
    let stored = stored.get_or_insert_with(|| TransactionModel {
        id: request.transaction_id.clone(),
        journey_id: request.journey_id.clone(),
        mode,
        contact: contact.clone(),
        proved: None,
        proved_in: None,
        workflow_id: String::new(),
        states: BTreeMap::new(),
        resume_code: None,
        module_codes: BTreeMap::new(),
        handoffs: Vec::new(),
        used_at: now,
        states_end_at: None,
    });
    stored.workflow_id.clone_from(&request.workflow_id);
    stored.used_at = now;
    "ok"
}

/// Token and owner. `None` as the transaction: there is none.
pub(crate) fn gate(stored: Option<&TransactionModel>, caller: &PageCaller, now: UnixMillis) -> &'static str {
    if now >= UnixMillis::from_seconds(caller.token.exp) {
        return "token_expired";
    }
    let Some(stored) = stored else { return "unauthorized_access" };
    if stored.journey_id != caller.token.journey_id {
        return "token_expired";
    }
    match &caller.token.unique_id {
        Some(given) if stored.owner().as_ref() == Some(given) => "ok",
        Some(_) => "unauthorized_access",
        None if stored.states.get(&caller.token.workflow_id).is_some_and(|state| state.is_guarded) => "auth_required",
        None => "ok",
    }
}

impl TransactionModel {
    pub(crate) fn owner_contact(&self) -> Option<&Contact> {
        self.contact.as_ref().or(self.proved.as_ref())
    }

    /// The owner, as tokens name it.
    pub(crate) fn owner(&self) -> Option<String> {
        let of_transaction = format!("{PROJECT}\n{APP}\n{}", self.id);
        match self.mode {
            AuthMode::OwnAuth => Some(owner_of(&of_transaction)),
            _ => self.owner_contact().map(|contact| owner_of(&format!("{of_transaction}\n{}", contact.key().expose()))),
        }
    }

    pub(crate) fn state(&mut self, workflow_id: &str, workflows: &Workflows) -> &mut StateModel {
        self.states.entry(workflow_id.to_owned()).or_insert_with(|| StateModel::new(workflows[workflow_id].clone()))
    }

    /// Session and end, after [`gate`].
    pub(crate) fn session_gate(&mut self, caller: &PageCaller, workflows: &Workflows) -> &'static str {
        let state = self.state(&caller.token.workflow_id, workflows);
        if state.is_other(caller.session_id.as_deref()) {
            return "session_superseded";
        }
        if state.has_ended() { "transaction_already_processed" } else { "ok" }
    }

    /// The first proved contact stays; where the client knows the contact, only that one counts.
    pub(crate) fn prove(&mut self, contact: &Contact, workflow_id: &str) {
        let counts = self.mode != AuthMode::KnownContact || self.contact.as_ref() == Some(contact);
        if counts && self.proved.is_none() {
            self.proved = Some(contact.clone());
            self.proved_in = Some(workflow_id.to_owned());
        }
    }

    /// A first device hands over.
    pub(crate) fn open_handoff(&mut self, token: &JourneyClaims, id: &str, now: UnixMillis) -> UnixMillis {
        let expires_at = (now + seconds(600)).min(UnixMillis::from_seconds(token.exp));
        if self.handoffs.len() == 20 {
            let closed = self.handoffs.iter().position(|handoff| !handoff.is_open(now)).unwrap();
            self.handoffs.remove(closed);
        }
        self.handoffs.push(HandoffModel {
            id: id.to_owned(),
            workflow_id: token.workflow_id.clone(),
            token: token.clone(),
            expires_at,
            redemption: None,
            is_confirmed: false,
            is_redeemed: false,
            is_over: false,
        });
        expires_at
    }

    pub(crate) fn handoff(&mut self, id: &str) -> Option<&mut HandoffModel> {
        self.handoffs.iter_mut().find(|handoff| handoff.id == id)
    }

    pub(crate) fn may_hand_over(token: &JourneyClaims, workflow: &Workflow) -> bool {
        let allows = match workflow.handoff {
            HandoffPolicy::Off => false,
            HandoffPolicy::Ask => token.authenticate_on_resume && workflow.auth.is_some(),
            HandoffPolicy::SameOwner => true,
        };
        allows && workflow.handoff_url.is_some() && token.handoff_id.is_none()
    }

    /// A complete reset.
    pub(crate) fn reset(&mut self, journey_id: &str) {
        self.journey_id = journey_id.to_owned();
        self.proved = None;
        self.proved_in = None;
        self.forget_secrets();
        self.states_end_at = None;
        for state in self.states.values_mut() {
            state.clear();
            state.is_guarded = false;
            state.session = None;
        }
    }

    fn forget_secrets(&mut self) {
        self.resume_code = None;
        self.module_codes.clear();
        self.handoffs.clear();
    }

    /// What has ended by now: the states with the status of each journey that was under way, then the transaction.
    pub(crate) fn end(stored: &mut Option<Self>, now: UnixMillis) -> Vec<(String, JourneyStatus)> {
        let mut expired = Vec::new();
        let Some(transaction) = stored else { return expired };
        if transaction.states_end_at.is_some_and(|end| now >= end) {
            transaction.states_end_at = None;
            transaction.forget_secrets();
            for (id, state) in &mut transaction.states {
                expired.extend(state.end().map(|status| (id.clone(), status)));
            }
        }
        let is_kept = transaction.states_end_at.is_some() || transaction.states.values().any(StateModel::is_barred);
        if !is_kept && now >= transaction.used_at + seconds(86_400) {
            *stored = None;
        }
        expired
    }

    /// The stored transaction after a call is the expected one.
    pub(crate) fn check_stored(&mut self, stored: &JourneyTransaction, workflows: &Workflows) {
        assert_eq!((&stored.journey_id, stored.mode), (&self.journey_id, self.mode));
        assert_eq!((&stored.contact, &stored.proved), (&self.contact, &self.proved), "the first proof stays");
        assert_eq!(stored.proved_in, self.proved_in);
        assert_eq!((&stored.workflow_id, stored.used_at), (&self.workflow_id, self.used_at));
        assert_eq!(stored.states_end_at, self.states_end_at);
        for id in workflows.keys() {
            let state = stored.states.get(id).cloned();
            self.state(id, workflows).check_stored(&state.clone().unwrap_or_default());
            if state.is_none() {
                self.states.remove(id);
            }
        }
    }
}
