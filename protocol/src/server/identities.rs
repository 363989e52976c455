//! Identity Manager: numbers whose events the relying party wants to receive.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// POST [`super::paths::IDENTITY`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnrollRequest {
    /// Required.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// The relying party's id of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_customer_id: Option<String>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// A device that is bound to the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// The answer to [`EnrollRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnrollReply {
    /// The identity's id.
    pub identity_id: String,
    /// The same id.
    pub prove_id: String,
    /// True.
    pub success: bool,
}

/// POST [`super::paths::IDENTITY_BATCH`]. The list has either name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BatchEnrollRequest {
    /// The identities to enroll. Required, unless `identities` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<EnrollRequest>>,
    /// The identities to enroll. Required, unless `items` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<EnrollRequest>>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// The answer to [`BatchEnrollRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BatchEnrollReply {
    /// One result for each identity, in the order of the request.
    pub results: Vec<BatchResult>,
}

/// The result of one identity of a batch: its ids, or an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BatchResult {
    /// The identity's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// The same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prove_id: Option<String>,
    /// Why it was not enrolled, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The query of GET [`super::paths::IDENTITY`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(rename_all = "camelCase")]
pub struct IdentityQuery {
    /// The greatest number of identities to return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `lastKey` of the previous [`IdentityList`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_key: Option<String>,
    /// Whether the list has inactive identities, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_inactive: Option<bool>,
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// A page of the list, in the order of enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct IdentityList {
    /// The identities of this page.
    pub results: Vec<IdentityRef>,
    /// `startKey` of the next page. Left out on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_key: Option<String>,
}

/// The ids of an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct IdentityRef {
    /// The identity's id.
    pub identity_id: String,
    /// The same id.
    pub prove_id: String,
}

/// An identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct IdentityReply {
    /// The identity's id.
    pub identity_id: String,
    /// The same id.
    pub prove_id: String,
    /// The number, as the request had it.
    pub phone_number: Secret,
    /// Whether the relying party receives its events.
    pub active: bool,
    /// The relying party's id of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_customer_id: Option<String>,
    /// A device that is bound to the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// When the identity was enrolled, in s since the epoch.
    pub created_at: i64,
    /// The same time by ISO 8601, to the ms, in UTC.
    pub creation_string: String,
    /// The number's country, in two letters. Left out where the sandbox does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// The kind of line.
    pub line_type: String,
    /// The carrier of the line.
    pub carrier: String,
}

/// The answer to GET [`super::paths::IDENTITY_LOOKUP`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct IdentityLookupReply {
    /// The identity of that number, if there is one.
    pub results: Vec<IdentityReply>,
}

/// POST [`super::paths::IDENTITY_ACTIVATE`] and [`super::paths::IDENTITY_DEACTIVATE`]. The body may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct IdentityActionRequest {
    /// The relying party's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
}

/// The answer of calls without other results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SuccessReply {
    /// Whether the call has succeeded.
    pub success: bool,
}
