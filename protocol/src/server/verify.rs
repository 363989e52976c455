//! Verified Users, in two generations behind one path.

use serde::{Deserialize, Serialize};

use super::Evaluation;
use crate::Secret;

/// [`super::paths::VERIFY`]. A body with `verificationType` is of the second generation, every other of the first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifyRequest {
    /// Second generation, required: the kind of verification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_type: Option<String>,
    /// First generation, required: the device on which the flow runs, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possession_type: Option<String>,
    /// Required.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// Required in the first generation, and for `verifiedUser` and `accountOpening`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Secret>,
    /// Required in the first generation, and for `verifiedUser` and `accountOpening`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Secret>,
    /// First generation: the page to which an Instant Link leads. Required for desktop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_target_url: Option<String>,
    /// The person's e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_address: Option<Secret>,
    /// First generation: the text of the SMS, with a run of `#` in the place of the code or the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_message: Option<String>,
    /// First generation: whether the person may try again after a wrong code.
    #[serde(default, rename = "allowOTPRetry", skip_serializing_if = "Option::is_none")]
    pub allow_otp_retry: Option<bool>,
    /// The relying party's id of the customer; success enrolls the identity with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_customer_id: Option<String>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// Second generation: attributes of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_attributes: Option<Vec<IdentityAttribute>>,
}

/// An attribute of a person. `dateOfBirth` and `nationalId` are compared with the record, others are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct IdentityAttribute {
    /// The name of the attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute_type: Option<String>,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute_value: Option<Secret>,
}

/// The answer to [`VerifyRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum VerifyAnswer {
    /// Of the first generation.
    First(VerifyReply),
    /// Of the second.
    Second(Box<VerificationReply>),
}

/// The answer to [`VerifyRequest`], first generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifyReply {
    /// For the server's own calls.
    pub correlation_id: String,
    /// For the page's authenticator. Left out where the request asks for no possession.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_token: Option<Secret>,
    /// The result of both checks together.
    pub success: VerifySuccess,
    /// Whether the person holds the phone.
    pub possession_result: CheckResult,
    /// Whether the number is that person's.
    pub verify_result: CheckResult,
}

/// [`super::paths::VERIFY_STATUS`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifyStatusRequest {
    /// Required: of [`VerifyReply`].
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// The answer to [`VerifyStatusRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifyStatusReply {
    /// The result of both checks together.
    pub success: VerifySuccess,
    /// Whether the person holds the phone.
    pub possession_result: CheckResult,
    /// Whether the number is that person's.
    pub verify_result: CheckResult,
    /// The id of the identity that success has enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
}

/// A result, as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum VerifySuccess {
    /// Every check has passed.
    True,
    /// A check has failed.
    False,
    /// Not all checks are done.
    Pending,
}

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It has passed.
    Success,
    /// It is not done.
    Pending,
    /// It has failed.
    Failed,
    /// The request does not ask for it, or the check before it has failed.
    NotApplicable,
}

/// The kind of a second-generation verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// `verifiedUser`
    VerifiedUser,
    /// `accountOpening`
    AccountOpening,
    /// `humanAssurance`
    HumanAssurance,
    /// `prefill`
    Prefill,
    /// `prefillForBiz`
    PrefillForBiz,
    /// `identityResolution`
    IdentityResolution,
}

impl Verification {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::VerifiedUser,
        Self::AccountOpening,
        Self::HumanAssurance,
        Self::Prefill,
        Self::PrefillForBiz,
        Self::IdentityResolution,
    ];

    /// As it travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifiedUser => "verifiedUser",
            Self::AccountOpening => "accountOpening",
            Self::HumanAssurance => "humanAssurance",
            Self::Prefill => "prefill",
            Self::PrefillForBiz => "prefillForBiz",
            Self::IdentityResolution => "identityResolution",
        }
    }

    /// By the name that travels.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verification| verification.as_str() == name)
    }
}

/// The answer to [`VerifyRequest`], second generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerificationReply {
    /// The id of the request. No call takes it.
    pub correlation_id: String,
    /// The number, as the request had it.
    pub phone_number: Secret,
    /// `true` or `false`, never `pending`.
    pub success: VerifySuccess,
    /// The id of the identity that success has enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prove_id: Option<String>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<VerifiedIdentity>,
    /// The verdict by category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

/// A person. Which members there are depends on `verificationType`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifiedIdentity {
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Secret>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Secret>,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<Secret>,
    /// Nine digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national_id: Option<Secret>,
    /// E-mail addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Secret>,
    /// Postal addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<VerifiedAddress>,
    /// The level of assurance.
    pub assurance_level: AssuranceLevel,
    /// The reasons for this level.
    pub reasons: Vec<String>,
}

/// A postal address of the second generation, with `zipCode` for `postalCode`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifiedAddress {
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
    pub zip_code: Option<Secret>,
}

/// The level of assurance of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AssuranceLevel {
    /// The number is suspicious.
    #[serde(rename = "AL-1")]
    Minus1,
    /// Nothing is confirmed.
    #[serde(rename = "AL0")]
    Zero,
    /// The number has an owner.
    #[serde(rename = "AL1")]
    One,
    /// The names are the owner's.
    #[serde(rename = "AL2")]
    Two,
    /// The names and more are the owner's.
    #[serde(rename = "AL3")]
    Three,
}
