//! The messages of the calls about codes of modules.

use handset_protocol::{Secret, UnixMillis};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::WholeNumber;
use super::fields;
use super::messages::{OutputResult, bodies};

bodies! {
    SendMobileOtpRequest: fields::REQUEST,
    VerifyMobileOtpRequest: fields::REQUEST,
    ResendMobileOtpRequest: fields::REQUEST,
    SendEmailOtpRequest: fields::EMAIL_REQUEST,
    VerifyEmailOtpRequest: fields::REQUEST,
    RetryEmailOtpRequest: fields::REQUEST,
}

/// A request for a code by SMS.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendMobileOtpRequest {
    /// The template of the text. The sandbox has one text for all.
    #[schema(required)]
    pub(super) template_id: Option<String>,
    /// The phone number.
    #[schema(required)]
    pub(super) mobile_number: Option<Secret>,
    /// Length of the code.
    #[schema(value_type = Option<u32>)]
    pub(super) otp_length: Option<WholeNumber>,
    /// Lifetime of the code, in minutes.
    #[schema(value_type = Option<u32>)]
    pub(super) otp_expiry: Option<WholeNumber>,
}

/// A code is sent by SMS.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MobileOtpResult {
    /// The id of the request.
    pub(super) request_id: String,
    /// Expiry of the code, in ms since the epoch.
    #[schema(value_type = i64)]
    pub(super) expires_at: UnixMillis,
    /// The earliest time of another code, in ms since the epoch.
    #[schema(value_type = i64)]
    pub(super) resend_at: UnixMillis,
}

/// Checks a code that came by SMS.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifyMobileOtpRequest {
    /// The phone number.
    #[schema(required)]
    pub(super) mobile_number: Option<Secret>,
    /// The code.
    #[schema(required)]
    pub(super) otp: Option<Secret>,
    /// The journey whose outputs are returned, if the number is the one that was proved there.
    pub(super) outputs_of: Option<OutputsOf>,
}

/// A journey of the same app.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutputsOf {
    /// The transaction.
    #[schema(required)]
    pub(super) transaction_id: Option<String>,
    /// The workflow.
    #[schema(required)]
    pub(super) workflow_id: Option<String>,
}

/// A code is correct.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifiedOtpResult {
    /// True.
    pub(super) verified: bool,
    /// A token of the owner, if the contact is the owner's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth_token: Option<Secret>,
    /// The outputs of `outputsOf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outputs: Option<OutputResult>,
}

/// A request for another code by SMS.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResendMobileOtpRequest {
    /// The phone number.
    #[schema(required)]
    pub(super) mobile_number: Option<Secret>,
    /// `text` or `voice`. The sandbox sends an SMS for both.
    pub(super) retry_type: Option<String>,
}

/// A request for a code by e-mail.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendEmailOtpRequest {
    /// The e-mail address.
    #[schema(required)]
    pub(super) email: Option<Secret>,
    /// Length of the code. 6 if absent.
    #[schema(value_type = Option<u32>)]
    pub(super) otp_length: Option<WholeNumber>,
}

/// A code is sent by e-mail.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EmailOtpResult {
    /// The id of the request.
    pub(super) req_id: String,
    /// Expiry of the code, in ms since the epoch.
    #[schema(value_type = i64)]
    pub(super) expires_at: UnixMillis,
    /// The earliest time of another code, in ms since the epoch.
    #[schema(value_type = i64)]
    pub(super) resend_at: UnixMillis,
}

/// Checks a code that came by e-mail.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifyEmailOtpRequest {
    /// The id of the request.
    #[schema(required)]
    pub(super) req_id: Option<String>,
    /// The code.
    #[schema(required)]
    pub(super) otp: Option<Secret>,
}

/// A request for another code by e-mail.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetryEmailOtpRequest {
    /// The id of the request.
    #[schema(required)]
    pub(super) req_id: Option<String>,
}
