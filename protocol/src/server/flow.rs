//! Prove Identity and Pre-Fill: start, validate, challenge, complete.

use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use super::schemas;
use super::{Evaluation, Idv, Kyc, Next};
use crate::Secret;

/// [`super::paths::START`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartRequest {
    /// Required: `desktop` or `mobile`.
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<schemas::FlowTypeSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_type: Option<String>,
    /// Asked of the person when left out.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::TypedPhoneNumberSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// Where an Instant Link ends. Required for desktop.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::FinalTargetUrlSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_target_url: Option<String>,
    /// Nine digits, or the last four.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::SsnSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssn: Option<Secret>,
    /// `YYYY-MM-DD`, `YYYY-MM` or `MM-DD`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::DobSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<Secret>,
    /// An e-mail address.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::EmailAddressSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_address: Option<Secret>,
    /// The person's address on the network.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::IpAddressSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// The SMS text; a run of `#` stands for the code or the link.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::SmsMessageSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_message: Option<String>,
    /// Whether a wrong code may be tried again. False when left out.
    #[cfg_attr(feature = "openapi", schema(default = false))]
    #[serde(default, rename = "allowOTPRetry", skip_serializing_if = "Option::is_none")]
    pub allow_otp_retry: Option<bool>,
}

/// The answer to [`StartRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartReply {
    /// For the page's authenticator.
    pub auth_token: Secret,
    /// For the server's own calls.
    #[cfg_attr(feature = "openapi", schema(value_type = schemas::CorrelationIdSchema))]
    pub correlation_id: String,
    /// What may be called next.
    pub next: Next,
}

/// [`super::paths::VALIDATE`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ValidateRequest {
    /// Required: of [`StartReply`].
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<schemas::CorrelationIdSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// The answer to [`ValidateRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ValidateReply {
    /// Whether the person was shown to hold the phone.
    pub success: bool,
    /// Whether a challenge is still needed before the person's record is given out.
    pub challenge_missing: bool,
    /// The number that was proved.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::PhoneNumberSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// Why, by category. Left out while nothing is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// What may be called next.
    pub next: Next,
}

/// [`super::paths::CHALLENGE`]. Of date of birth and SSN, at least one has to be given here or at Start; what is given
/// here takes the place of what Start had.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChallengeRequest {
    /// Required: of [`StartReply`].
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<schemas::CorrelationIdSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// `YYYY-MM-DD`, `YYYY-MM` or `MM-DD`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::DobSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<Secret>,
    /// Nine digits, or the last four.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::SsnSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssn: Option<Secret>,
}

/// The answer to [`ChallengeRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChallengeReply {
    /// Whether the challenge agrees with the record of the number's owner.
    pub success: bool,
    /// That record. Left out when the challenge failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual: Option<Individual>,
    /// What may be called next.
    pub next: Next,
}

/// [`super::paths::COMPLETE`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CompleteRequest {
    /// Required: of [`StartReply`].
    #[cfg_attr(feature = "openapi", schema(required, value_type = Option<schemas::CorrelationIdSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Required: what the person says about themselves.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual: Option<Individual>,
}

/// A person. Needs first and last name, or the SSN.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Individual {
    /// Given name.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::FirstNameSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Secret>,
    /// Family name.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::LastNameSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Secret>,
    /// `YYYY-MM-DD`, `YYYY-MM` or `MM-DD`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::DobSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<Secret>,
    /// Nine digits, or the last four.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schemas::SsnSchema>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssn: Option<Secret>,
    /// Only the first counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_addresses: Option<Vec<Secret>>,
    /// Only the first counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<Address>>,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// House number and street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Secret>,
    /// Flat, suite, floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_address: Option<Secret>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Secret>,
    /// State or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Secret>,
    /// ZIP or postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Secret>,
}

/// The answer to [`CompleteRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteReply {
    /// Whether what was sent agrees with the record of the number's owner.
    pub success: bool,
    /// What was compared, source by source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idv: Option<Idv>,
    /// Hits in watch lists. Left out unless names, date of birth, and SSN or address were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kyc: Option<Kyc>,
    /// Why, by category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// `{"done": "done"}`.
    pub next: Next,
}
