//! Prove Identity and Pre-Fill: start, validate, challenge, complete.

use serde::{Deserialize, Serialize};

use super::{Evaluation, Idv, Kyc, Next};
use crate::Secret;

/// [`super::paths::START`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartRequest {
    /// Required: the device on which the flow runs.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_type: Option<String>,
    /// When left out, the page asks the person for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// The page to which an Instant Link leads. Required for desktop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_target_url: Option<String>,
    /// The social security number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssn: Option<Secret>,
    /// The date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<Secret>,
    /// The person's e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_address: Option<Secret>,
    /// The person's IP address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// The text of the SMS, with a run of `#` in the place of the code or the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_message: Option<String>,
    /// Whether the person may try again after a wrong code.
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
    pub correlation_id: String,
    /// The calls that may follow: name to path.
    pub next: Next,
}

/// [`super::paths::VALIDATE`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ValidateRequest {
    /// Required: of [`StartReply`].
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// The answer to [`ValidateRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ValidateReply {
    /// Whether the person has proved possession of the phone.
    pub success: bool,
    /// Whether the person's record still needs a challenge.
    pub challenge_missing: bool,
    /// The number whose possession is proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// The verdict by category. Left out until there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// The calls that may follow: name to path.
    pub next: Next,
}

/// [`super::paths::CHALLENGE`]. A date of birth or an SSN is required, here or at Start. Those of this request replace
/// those of Start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChallengeRequest {
    /// Required: of [`StartReply`].
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<Secret>,
    /// The social security number.
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
    /// The record. Left out when the challenge has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual: Option<Individual>,
    /// The calls that may follow: name to path.
    pub next: Next,
}

/// [`super::paths::COMPLETE`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CompleteRequest {
    /// Required: of [`StartReply`].
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Required: the person's own data.
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Secret>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Secret>,
    /// The date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<Secret>,
    /// The social security number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssn: Option<Secret>,
    /// E-mail addresses. Only the first counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_addresses: Option<Vec<Secret>>,
    /// Postal addresses. Only the first counts.
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
    /// Whether the person's data agree with the record of the number's owner.
    pub success: bool,
    /// The comparison, source by source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idv: Option<Idv>,
    /// Hits in watch lists. Left out unless the request has names, date of birth, and SSN or address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kyc: Option<Kyc>,
    /// The verdict by category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// `{"done": "done"}`.
    pub next: Next,
}
