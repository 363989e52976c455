//! The messages of the calls. Members of requests are optional here: what is missing is found by the checks.

use std::collections::BTreeMap;

use handset_protocol::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::fields;
use crate::http::shared::extract::RequestBody;

/// Bodies with the definitions of their members.
macro_rules! bodies {
    ($($body:ident),* $(,)?) => {
        $(impl RequestBody for $body {
            const FIELDS: &'static [handset_sandbox_domain::request::Field] = fields::REQUEST;
            const MAX_BYTES: usize = handset_protocol::journey::limits::PAGE_BODY_BYTES;
        })*
    };
}

bodies! {
    GetStateRequest,
    PutStateRequest,
    CheckSessionRequest,
    SendOtpRequest,
    VerifyOtpRequest,
    OpenHandoffRequest,
    RedeemHandoffRequest,
    ConfirmHandoffRequest,
}

/// A request for the state.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetStateRequest {
    /// Inputs of the journey, at most 16 KiB. Where they differ from those of the state, the state is discarded.
    #[schema(required, value_type = Object)]
    pub(super) inputs: Option<Map<String, Value>>,
    /// Version of the workflow that the page knows. The current one if absent.
    pub(super) workflow_version: Option<String>,
    /// Whether this page becomes the only session.
    pub(super) take_over: Option<bool>,
}

/// A reply with the state, or why there is none.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum GetStateResult {
    /// The state.
    State(JourneyStateReply),
    /// The journey has ended, and cannot be restarted.
    Processed(ProcessedReply),
    /// The code is asked for first.
    AuthRequired(AuthRequiredReply),
    /// Another session has taken over.
    Superseded(SupersededReply),
}

/// The state.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct JourneyStateReply {
    /// What was saved. Null: nothing.
    #[schema(required)]
    pub(super) state: Option<SavedStateReply>,
    /// The modules in the order of the workflow.
    pub(super) modules: Vec<ModuleReply>,
    /// The module at which to go on. Null: every module is saved.
    #[schema(required)]
    pub(super) resume_at: Option<String>,
    /// The revision, for the next save.
    pub(super) revision: u64,
    /// The session of the page, for the header `x-cpr-session-id`.
    pub(super) session_id: String,
    /// The transaction.
    pub(super) transaction_id: String,
    /// Why something of the state was dropped: `started_over`, `not_resumable`, `inputs_changed`, `workflow_version_changed`,
    /// `module_expired`, or the reason of a condition of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refreshed: Option<String>,
}

/// What was saved.
#[derive(Serialize, ToSchema)]
pub(super) struct SavedStateReply {
    /// Whether the journey is under way.
    pub(super) status: &'static str,
    /// The saved modules by id.
    pub(super) modules: BTreeMap<String, SavedModuleReply>,
}

/// A saved module.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedModuleReply {
    /// Its variables.
    #[schema(value_type = Object)]
    pub(super) variables: BTreeMap<String, Value>,
    /// Its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<String>,
    /// Whether the page has asserted the outcome, which proves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_asserted: Option<bool>,
    /// Time of the save, in ms since the epoch.
    pub(super) saved_at: i64,
}

/// A module of the workflow.
#[derive(Serialize, ToSchema)]
pub(super) struct ModuleReply {
    /// Its id.
    pub(super) id: String,
    /// `yes`: it is saved with the next module.
    #[serde(rename = "skipCPRPut", skip_serializing_if = "Option::is_none")]
    pub(super) skip_cpr_put: Option<&'static str>,
}

/// The end of a journey that cannot be restarted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessedReply {
    /// Always null.
    #[schema(required, value_type = Option<Object>)]
    pub(super) state: Option<()>,
    /// How it has ended.
    pub(super) status: &'static str,
    /// The transaction.
    pub(super) transaction_id: String,
    /// True.
    pub(super) transaction_already_processed: bool,
}

/// The code is asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthRequiredReply {
    /// True.
    pub(super) auth_required: bool,
    /// The ways of the code. Empty: no contact is known.
    pub(super) channels: Vec<&'static str>,
    /// The contact, masked. Null: none is known.
    #[schema(required)]
    pub(super) masked_contact: Option<String>,
}

/// Another session has taken over.
#[derive(Serialize, ToSchema)]
pub(super) struct SupersededReply {
    /// True.
    pub(super) superseded: bool,
}

/// A save.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutStateRequest {
    /// The revision that the page knows.
    #[schema(required)]
    pub(super) revision: Option<u64>,
    /// Changes by module, at most 100.
    #[schema(required)]
    pub(super) modules: Option<BTreeMap<String, ModuleChangeRequest>>,
    /// How the page ends the journey. The workflow decides every other end.
    pub(super) status: Option<String>,
    /// The module at which a resume is to start.
    pub(super) module_to_resume_from: Option<String>,
}

/// The change of a module.
#[derive(Deserialize, ToSchema)]
pub(super) struct ModuleChangeRequest {
    /// Whether the module is saved or deleted.
    #[schema(required)]
    pub(super) action: Option<String>,
    /// Its variables, at most 200. As before if absent. Files are saved as URLs of uploads.
    #[schema(value_type = Option<Object>)]
    pub(super) variables: Option<Map<String, Value>>,
    /// The outcome that the page asserts.
    pub(super) outcome: Option<String>,
}

/// A save that is done.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutStateResult {
    /// The revision, for the next save.
    pub(super) revision: u64,
    /// Whether the journey is under way, or how it has ended.
    pub(super) status: &'static str,
    /// The module at which a resume starts. Null: none is left.
    #[schema(required)]
    pub(super) resume_at: Option<String>,
}

/// A question whether the session is still the current one.
#[derive(Deserialize, ToSchema)]
pub(super) struct CheckSessionRequest {}

/// A call that is done.
#[derive(Serialize, ToSchema)]
pub(super) struct EmptyResult {}

/// A request for a code.
#[derive(Deserialize, ToSchema)]
pub(super) struct SendOtpRequest {
    /// The way of the code.
    #[schema(required)]
    pub(super) channel: Option<String>,
}

/// A code is sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendOtpResult {
    /// The way of the code.
    pub(super) channel: &'static str,
    /// The contact, masked.
    pub(super) masked_contact: String,
    /// Expiry of the code, in ms since the epoch.
    pub(super) expires_at: i64,
    /// The earliest time of another code, in ms since the epoch.
    pub(super) resend_at: i64,
}

/// A code.
#[derive(Deserialize, ToSchema)]
pub(super) struct VerifyOtpRequest {
    /// The code.
    #[schema(required)]
    pub(super) otp: Option<Secret>,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageTokenResult {
    /// The token, with its scheme.
    pub(super) auth_token: Secret,
}

/// A request to hand over to another device.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenHandoffRequest {
    /// Lifetime of the link.
    pub(super) ttl_seconds: Option<u64>,
    /// The way on which the link is sent to the proved contact. It is not sent if absent.
    pub(super) channel: Option<String>,
}

/// A link to another device.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenHandoffResult {
    /// The link, for one device. Its secret is in the fragment `handoff`.
    pub(super) url: Secret,
    /// Expiry of the link, in ms since the epoch.
    pub(super) expires_at: i64,
    /// The id, for this device.
    pub(super) handoff_id: String,
}

/// The other device opens the link, or asks again.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedeemHandoffRequest {
    /// The secret of the link.
    #[schema(required)]
    pub(super) secret: Option<Secret>,
    /// The id of an earlier reply, once there is one.
    pub(super) redemption_id: Option<Secret>,
}

/// A reply to the other device.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum RedeemHandoffResult {
    /// 202: the first device has to confirm the number.
    Confirm(NumberToConfirm),
    /// 200: the device goes on.
    Token(PageTokenResult),
}

/// What the other device shows until the first one has confirmed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NumberToConfirm {
    /// The number of two digits that both devices show.
    pub(super) number: u8,
    /// The name of the app.
    pub(super) app_name: String,
    /// What the journey is for.
    pub(super) purpose: String,
    /// The id for the next request. Only this device has it.
    pub(super) redemption_id: Secret,
}

/// The confirmation of the first device.
#[derive(Deserialize, ToSchema)]
pub(super) struct ConfirmHandoffRequest {
    /// The number that both devices show.
    #[schema(required)]
    pub(super) number: Option<u64>,
}

/// How far the other device is.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HandoffStatusResult {
    /// `waiting`: nobody has opened the link. `opened`: the other device has. `progress`: it goes on. `done`: the journey has
    /// ended. `gone`: the link has expired, or the handoff was cancelled.
    pub(super) status: HandoffProgress,
    /// `opened`: the number that both devices show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<u8>,
    /// `progress`: the module at which the journey is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) module_id: Option<String>,
    /// `done`: how the journey has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) journey_status: Option<&'static str>,
}

/// The value of `status` of a handoff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum HandoffProgress {
    Waiting,
    Opened,
    Progress,
    Done,
    #[default]
    Gone,
}
