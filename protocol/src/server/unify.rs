//! Unify: binds a device to a number.

use serde::{Deserialize, Serialize};

use super::Evaluation;
#[cfg(feature = "openapi")]
use super::schemas;
use crate::Secret;

/// [`super::paths::UNIFY`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyRequest {
    /// Required: `desktop`, `mobile` or `none`: the relying party sees to possession itself.
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<schemas::PossessionTypeSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possession_type: Option<String>,
    /// Asked of the person when left out.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::TypedPhoneNumberSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// Where an Instant Link ends. Required for desktop.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::FinalTargetUrlSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_target_url: Option<String>,
    /// The SMS text; a run of `#` stands for the code or the link.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::SmsMessageSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_message: Option<String>,
    /// Whether a wrong code may be tried again. False when left out.
    #[cfg_attr(feature = "openapi", schema(default = false))]
    #[serde(default, rename = "allowOTPRetry", skip_serializing_if = "Option::is_none")]
    pub allow_otp_retry: Option<bool>,
    /// Whether a binding that is there is replaced. False when left out.
    #[cfg_attr(feature = "openapi", schema(default = false))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebind: Option<bool>,
    /// Whether the number's reputation is looked at. False when left out.
    #[cfg_attr(feature = "openapi", schema(default = false))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_reputation: Option<bool>,
    /// The relying party's own name of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_customer_id: Option<String>,
    /// The relying party's own name of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// The answer to [`UnifyRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyReply {
    /// For the server's own calls.
    #[cfg_attr(feature = "openapi", schema(value_type = schemas::CorrelationIdSchema))]
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
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<schemas::CorrelationIdSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The relying party's own name of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// [`super::paths::UNIFY_BIND`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyBindRequest {
    /// Required: of [`UnifyReply`].
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<schemas::CorrelationIdSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Required: the number whose possession the relying party has seen.
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<schemas::TypedPhoneNumberSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// The relying party's own name of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// The answer to [`UnifyStatusRequest`] and [`UnifyBindRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnifyStatusReply {
    /// How it stands.
    pub success: UnifySuccess,
    /// The number, as it was given. Left out until there is one.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::PhoneNumberSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// Names the number's owner. Only with success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prove_id: Option<String>,
    /// Names the device that is bound. Only with success.
    #[cfg_attr(feature = "openapi", schema(min_length = 1))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The relying party's own name of the request, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// Why, by category. Left out while nothing is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

/// A result in words, as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnifySuccess {
    /// A device is bound.
    True,
    /// Possession was not shown.
    False,
    /// Possession is not decided.
    Pending,
    /// No device is bound: the relying party has to see possession, and then bind.
    PossessionRequired,
}

/// [`super::paths::DEVICE_REVOKE`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RevokeRequest {
    /// The relying party's own name of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// Required: of [`UnifyStatusReply`].
    #[cfg_attr(feature = "openapi", schema(required, min_length = 1))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}
