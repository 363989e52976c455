//! Unify: binds a device to a number.

use serde::{Deserialize, Serialize};

use super::Evaluation;
use crate::Secret;

/// [`super::paths::UNIFY`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyRequest {
    /// Required: the device on which the flow runs, or `none`, where the relying party checks possession itself.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possession_type: Option<String>,
    /// When left out, the page asks the person for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// The page to which an Instant Link leads. Required for desktop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_target_url: Option<String>,
    /// The text of the SMS, with a run of `#` in the place of the code or the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_message: Option<String>,
    /// Whether the person may try again after a wrong code.
    #[serde(default, rename = "allowOTPRetry", skip_serializing_if = "Option::is_none")]
    pub allow_otp_retry: Option<bool>,
    /// Whether to replace an existing binding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebind: Option<bool>,
    /// Whether to check the number's reputation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_reputation: Option<bool>,
    /// The relying party's id of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_customer_id: Option<String>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// The answer to [`UnifyRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyReply {
    /// For the server's own calls.
    pub correlation_id: String,
    /// For the page's authenticator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_token: Option<Secret>,
    /// `pending`.
    pub success: UnifySuccess,
}

/// [`super::paths::UNIFY_STATUS`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyStatusRequest {
    /// Required: of [`UnifyReply`].
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// [`super::paths::UNIFY_BIND`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyBindRequest {
    /// Required: of [`UnifyReply`].
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Required: the number whose possession the relying party has checked.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// The answer to [`UnifyStatusRequest`] and [`UnifyBindRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyStatusReply {
    /// The state of the binding.
    pub success: UnifySuccess,
    /// The number, as the request or the person gave it. Left out until there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// The id of the number's owner. Only with success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prove_id: Option<String>,
    /// The id of the bound device. Only with success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// The verdict by category. Left out until there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

/// A result, as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnifySuccess {
    /// A device is bound.
    True,
    /// Possession is not proved.
    False,
    /// Possession is not decided.
    Pending,
    /// No device is bound: the relying party has to check possession, then bind.
    PossessionRequired,
}

/// [`super::paths::DEVICE_REVOKE`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevokeRequest {
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// Required: of [`UnifyStatusReply`].
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}
