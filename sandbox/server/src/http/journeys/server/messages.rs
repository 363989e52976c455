//! The messages of the calls; those of codes are in `code_messages`. Members of requests are optional here: what is missing is
//! found by the checks.

use std::collections::BTreeMap;

use handset_protocol::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::WholeNumber;
use super::fields;

/// Bodies with the definitions of their members.
macro_rules! bodies {
    ($($body:ident: $fields:expr),* $(,)?) => {
        $(impl crate::http::shared::extract::RequestBody for $body {
            const FIELDS: &'static [handset_sandbox_domain::request::Field] = $fields;
            const MAX_BYTES: usize = handset_protocol::journey::limits::SERVER_BODY_BYTES;
        })*
    };
}

pub(super) use bodies;

bodies! {
    GenerateAuthRequest: fields::REQUEST,
    LinkContactRequest: fields::REQUEST,
    SetOutcomeRequest: fields::REQUEST,
    EraseJourneyRequest: fields::REQUEST,
    OutputRequest: fields::REQUEST,
}

/// A request for a token of a user.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GenerateAuthRequest {
    /// The app.
    #[schema(required)]
    #[allow(dead_code, reason = "read with the credentials")]
    app_id: Option<String>,
    /// Its key.
    #[schema(required)]
    #[allow(dead_code, reason = "read with the credentials")]
    app_key: Option<Secret>,
    /// The transaction: one for each user and journey.
    #[schema(required)]
    pub(super) transaction_id: Option<String>,
    /// The workflow.
    #[schema(required)]
    pub(super) workflow_id: Option<String>,
    /// Whether the user is asked for a code on resume. `no` if absent.
    pub(super) authenticate_on_resume: Option<String>,
    /// Lifetime of the token, in seconds. A text of digits is taken, too.
    #[schema(value_type = Option<u32>)]
    pub(super) expiry: Option<WholeNumber>,
    /// The user's phone number. Excludes `email`.
    pub(super) mobile_number: Option<Secret>,
    /// The user's e-mail address. Excludes `mobileNumber`.
    pub(super) email: Option<Secret>,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GenerateAuthResult {
    /// The token for the page, with its scheme `Bearer`.
    pub(super) auth_token: Secret,
    /// What the token is for.
    pub(super) metadata: TokenMetadata,
}

/// What a token is for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenMetadata {
    /// The app.
    pub(super) app_id: String,
    /// The transaction.
    pub(super) transaction_id: String,
    /// The workflow.
    pub(super) workflow_id: String,
    /// The journey; a complete reset begins another one.
    pub(super) journey_id: String,
}

/// Links a possession check to a journey.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkContactRequest {
    /// The app.
    #[schema(required)]
    #[allow(dead_code, reason = "read with the credentials")]
    app_id: Option<String>,
    /// Its key.
    #[schema(required)]
    #[allow(dead_code, reason = "read with the credentials")]
    app_key: Option<Secret>,
    /// The transaction.
    #[schema(required)]
    pub(super) transaction_id: Option<String>,
    /// The workflow.
    #[schema(required)]
    pub(super) workflow_id: Option<String>,
    /// The `correlationId` of a session of the same project, which Validate has passed.
    #[schema(required)]
    pub(super) correlation_id: Option<String>,
}

/// A contact is proved.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkContactResult {
    /// A token of the owner, if the contact is the owner's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth_token: Option<Secret>,
}

/// The outcome of a module.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetOutcomeRequest {
    /// The app.
    #[schema(required)]
    #[allow(dead_code, reason = "read with the credentials")]
    app_id: Option<String>,
    /// Its key.
    #[schema(required)]
    #[allow(dead_code, reason = "read with the credentials")]
    app_key: Option<Secret>,
    /// The transaction.
    #[schema(required)]
    pub(super) transaction_id: Option<String>,
    /// The workflow.
    #[schema(required)]
    pub(super) workflow_id: Option<String>,
    /// A module whose outcome comes from the server.
    #[schema(required)]
    pub(super) module_id: Option<String>,
    /// `auto_approved`, `auto_declined`, `needs_review`, or a word of your own.
    #[schema(required)]
    pub(super) outcome: Option<String>,
}

/// The outcome is set.
#[derive(Serialize, ToSchema)]
pub(super) struct SetOutcomeResult {
    /// Whether the journey is under way, or how it has ended.
    pub(super) status: &'static str,
}

/// Forgets a transaction.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EraseJourneyRequest {
    /// The app.
    #[schema(required)]
    #[allow(dead_code, reason = "read with the credentials")]
    app_id: Option<String>,
    /// Its key.
    #[schema(required)]
    #[allow(dead_code, reason = "read with the credentials")]
    app_key: Option<Secret>,
    /// The transaction.
    #[schema(required)]
    pub(super) transaction_id: Option<String>,
}

/// A text about what was done.
#[derive(Serialize, ToSchema)]
pub(super) struct DoneResult {
    /// The text.
    pub(super) message: &'static str,
}

/// A reset of the workflow that the transaction used last.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct StateResetRequest {
    /// `clear_continuous_state` or `clear_complete_state`.
    pub(super) action: String,
    /// With `clear_continuous_state` alone, and required then: the first module that is reset.
    pub(super) module_id: Option<String>,
    /// The e-mail address or id of the reviewer.
    pub(super) reviewer_id: String,
}

/// What State Reset can name.
#[derive(Serialize, ToSchema)]
pub(super) struct ResetOptionsResult {
    /// Every module in the order of the workflow.
    pub(super) modules: Vec<ResetOption>,
}

/// A module that State Reset can name.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResetOption {
    /// The module.
    pub(super) module_id: String,
    /// Whether it is saved.
    pub(super) is_saved: bool,
}

/// A request for the outputs.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutputRequest {
    /// The transaction.
    #[schema(required)]
    pub(super) transaction_id: Option<String>,
    /// The workflow. If absent, the one that the transaction used last.
    pub(super) workflow_id: Option<String>,
    /// `yes`: the result has `debugInfo`.
    pub(super) send_debug_info: Option<String>,
}

/// The outputs of a journey.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutputResult {
    /// Whether the journey is under way, or how it has ended.
    pub(super) status: &'static str,
    /// The transaction.
    pub(super) transaction_id: String,
    /// The workflow.
    pub(super) workflow_id: String,
    /// The variables of all modules; of the same name, that of the later module.
    #[schema(value_type = Object)]
    pub(super) variables: BTreeMap<String, Value>,
    /// Outcomes by module.
    #[schema(value_type = Object)]
    pub(super) outcomes: BTreeMap<String, OutcomeView>,
    /// For a developer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) debug_info: Option<OutputDebugInfo>,
}

/// The outcome of a module.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutcomeView {
    /// The outcome.
    pub(super) outcome: String,
    /// Whether the page has said so, which proves nothing.
    pub(super) client_asserted: bool,
}

/// For a developer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutputDebugInfo {
    /// The module of the last save.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) latest_module: Option<String>,
}
