//! A journey's transaction without the secrets of its codes and handoffs. Its variables are shown: it is for a developer.

use std::collections::BTreeMap;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    AuthMode, Contact, Handoff, HandoffStage, JourneyEvent, JourneyEventKind, JourneyState, JourneyStatus,
    JourneyTransaction, JsonText, ModuleCode,
};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
pub(in crate::http::inspection) struct JourneyListView {
    journeys: Vec<JourneyIdView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JourneyIdView {
    app_id: String,
    transaction_id: String,
}

impl JourneyListView {
    /// The list, from the ids of apps and transactions.
    pub(in crate::http::inspection) fn new(ids: Vec<(String, String)>) -> Self {
        let view = |(app_id, transaction_id)| JourneyIdView { app_id, transaction_id };
        Self { journeys: ids.into_iter().map(view).collect() }
    }
}

/// Times in epoch ms.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct JourneyView {
    app_id: String,
    transaction_id: String,
    journey_id: String,
    mode: &'static str,
    /// The contact that the first token named.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactView>,
    /// The contact that was proved inside the journey.
    #[serde(skip_serializing_if = "Option::is_none")]
    proved_contact: Option<ContactView>,
    /// The workflow of the last token.
    workflow_id: String,
    created_at: UnixMillis,
    used_at: UnixMillis,
    /// End of the life of the states.
    #[serde(skip_serializing_if = "Option::is_none")]
    states_end_at: Option<UnixMillis>,
    /// Expiry of the code of a resume.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume_code_expires_at: Option<UnixMillis>,
    module_codes: Vec<ModuleCodeView>,
    handoffs: Vec<HandoffView>,
    /// By workflow.
    states: BTreeMap<String, StateOfWorkflowView>,
    timeline: Vec<JourneyEventView>,
}

/// A contact, masked.
#[derive(Serialize)]
struct ContactView {
    channel: &'static str,
    masked: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModuleCodeView {
    request_id: String,
    contact: ContactView,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<UnixMillis>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HandoffView {
    handoff_id: String,
    workflow_id: String,
    stage: &'static str,
    expires_at: UnixMillis,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StateOfWorkflowView {
    status: &'static str,
    revision: u64,
    /// Revision of the last change that was not a page's save.
    reset_revision: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<BTreeMap<String, Value>>,
    modules: BTreeMap<String, SavedModuleView>,
    server_outcomes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resume_from: Option<String>,
    /// Whether a session is the only one now.
    has_session: bool,
    /// Whether the code is asked for.
    is_past_trigger: bool,
    /// Whether the end bars a restart for good.
    is_tombstone: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SavedModuleView {
    variables: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    saved_at: UnixMillis,
    revision: u64,
}

#[derive(Serialize)]
struct JourneyEventView {
    /// Counts from 1 in each transaction.
    id: u32,
    at: UnixMillis,
    kind: &'static str,
    /// `ok`, an error code, or a reason.
    outcome: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    modules: Vec<String>,
}

impl JourneyView {
    pub(in crate::http::inspection) fn new(transaction: &JourneyTransaction, timeline: &[JourneyEvent]) -> Self {
        let states = transaction.states.iter();
        Self {
            app_id: transaction.app_id.clone(),
            transaction_id: transaction.transaction_id.clone(),
            journey_id: transaction.journey_id.clone(),
            mode: mode_name(transaction.mode),
            contact: transaction.contact.as_ref().map(ContactView::from),
            proved_contact: transaction.proved.as_ref().map(ContactView::from),
            workflow_id: transaction.workflow_id.clone(),
            created_at: transaction.created_at,
            used_at: transaction.used_at,
            states_end_at: transaction.states_end_at,
            resume_code_expires_at: transaction.resume_code.expires_at(),
            module_codes: transaction.module_codes.iter().map(ModuleCodeView::from).collect(),
            handoffs: transaction.handoffs.iter().map(HandoffView::from).collect(),
            states: states.map(|(workflow_id, state)| (workflow_id.clone(), state.into())).collect(),
            timeline: timeline.iter().map(JourneyEventView::from).collect(),
        }
    }
}

impl From<&Contact> for ContactView {
    fn from(contact: &Contact) -> Self {
        Self { channel: contact.channel().as_str(), masked: contact.masked() }
    }
}

impl From<(&String, &ModuleCode)> for ModuleCodeView {
    fn from((request_id, code): (&String, &ModuleCode)) -> Self {
        Self {
            request_id: request_id.clone(),
            contact: ContactView::from(&code.contact),
            expires_at: code.challenge.expires_at(),
        }
    }
}

impl From<&Handoff> for HandoffView {
    fn from(handoff: &Handoff) -> Self {
        let stage = match &handoff.stage {
            HandoffStage::Waiting => "waiting",
            HandoffStage::Opened { is_confirmed: false, .. } => "opened",
            HandoffStage::Opened { is_confirmed: true, .. } => "confirmed",
            HandoffStage::Redeemed => "redeemed",
            HandoffStage::Cancelled => "cancelled",
        };
        Self {
            handoff_id: handoff.id.clone(),
            workflow_id: handoff.workflow_id.clone(),
            stage,
            expires_at: handoff.expires_at,
        }
    }
}

impl From<&JourneyState> for StateOfWorkflowView {
    fn from(state: &JourneyState) -> Self {
        let modules = state.modules.iter().map(|(id, saved)| {
            let view = SavedModuleView {
                variables: values(&saved.variables),
                outcome: saved.outcome.clone(),
                saved_at: saved.saved_at,
                revision: saved.revision,
            };
            (id.clone(), view)
        });
        Self {
            status: journey_status_name(state.status),
            revision: state.revision,
            reset_revision: state.reset_revision,
            workflow_version: state.workflow_version.clone(),
            inputs: state.inputs.as_ref().map(values),
            modules: modules.collect(),
            server_outcomes: state.server_outcomes.clone(),
            resume_from: state.resume_from.clone(),
            has_session: state.session_id.is_some(),
            is_past_trigger: state.is_past_trigger,
            is_tombstone: state.is_tombstone,
        }
    }
}

impl From<&JourneyEvent> for JourneyEventView {
    fn from(event: &JourneyEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            kind: event_name(event.kind),
            outcome: event.outcome.clone(),
            modules: event.modules.clone(),
        }
    }
}

/// The values of canonical texts.
fn values(texts: &BTreeMap<String, JsonText>) -> BTreeMap<String, Value> {
    let value = |text: &JsonText| serde_json::from_str(text.expose()).unwrap_or_default();
    texts.iter().map(|(name, text)| (name.clone(), value(text))).collect()
}

#[cfg(test)]
pub(super) const HANDOFF_STAGES: &[&str] = &["waiting", "opened", "confirmed", "redeemed", "cancelled"];

names! {
    mode_name(AuthMode), AUTH_MODES:
    OwnAuth => "own_auth",
    KnownContact => "known_contact",
    ProvedContact => "proved_contact",
}

names! {
    journey_status_name(JourneyStatus), JOURNEY_STATUSES:
    InProgress => "in_progress",
    AutoApproved => "auto_approved",
    AutoDeclined => "auto_declined",
    NeedsReview => "needs_review",
    UserCancelled => "user_cancelled",
    Error => "error",
}

names! {
    event_name(JourneyEventKind), JOURNEY_EVENTS:
    TokenIssued => "token_issued",
    StateGet => "state_get",
    StatePut => "state_put",
    SessionChecked => "session_checked",
    OtpSend => "otp_send",
    OtpVerify => "otp_verify",
    HandoffOpened => "handoff_opened",
    HandoffRedeem => "handoff_redeem",
    HandoffConfirm => "handoff_confirm",
    HandoffFollowed => "handoff_followed",
    ContactProved => "contact_proved",
    OutcomeSet => "outcome_set",
    OutputRead => "output_read",
    ModuleOtpSend => "module_otp_send",
    ModuleOtpVerify => "module_otp_verify",
    StateReset => "state_reset",
    ResetOptionsRead => "reset_options_read",
    Erased => "erased",
    Expired => "expired",
    MessageSent => "message_sent",
    Finished => "finished",
}
