//! A person's own data, compared with the record of a number's owner: scores, hits in watch lists, and a verdict by
//! category. How they are compared is not in here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Secret;

/// A person's own data, compared with the record of a number's owner, source by source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Idv {
    /// The first source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_source1: Option<DataSource>,
    /// The second source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_source2: Option<DataSource>,
    /// The confidence of both together.
    #[serde(default, rename = "multiCIPConfidence", skip_serializing_if = "Option::is_none")]
    pub multi_cip_confidence: Option<Cip>,
}

/// The confidence in a person's data, for a customer identification program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Cip {
    /// Nothing is confirmed.
    None,
    /// Something is confirmed.
    Low,
    /// Two of name, date of birth, address and SSN are confirmed.
    Medium,
    /// Three or all of them are confirmed.
    High,
}

/// The comparison with one source. A part is left out when the request or the source does not have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DataSource {
    /// The confidence of this source.
    pub cip_confidence: Cip,
    /// Codes of contradictions, as in `failureReasons` of [`Finding`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reason_codes: Vec<String>,
    /// The first address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<AddressScores>,
    /// The names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<NameScores>,
    /// Date of birth and SSN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifiers: Option<Identifiers>,
    /// The first e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailMatch>,
}

/// An address, compared part by part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AddressScores {
    /// The score of all parts together.
    pub address_score: u32,
    /// The distance between the two addresses, in miles.
    pub distance: f64,
    /// The house number.
    pub street_number: u32,
    /// Whether the street is the same.
    pub street: bool,
    /// Whether the city is the same.
    pub city: bool,
    /// Whether the state or province is the same.
    pub region: bool,
    /// Whether the first five characters of the ZIP or postal code are the same.
    pub postal_code: bool,
}

/// The scores of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NameScores {
    /// The given name; 0 without one in the request.
    pub first_name: u32,
    /// The family name; 0 without one in the request.
    pub last_name: u32,
    /// Both names together.
    pub name_score: u32,
}

/// Date of birth and SSN; false also for one that the request does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Identifiers {
    /// Whether the date of birth agrees, as far as the request has it.
    pub dob: bool,
    /// Whether the last four digits of the SSN agree.
    pub last4: bool,
    /// Whether all nine digits of the SSN agree.
    pub ssn: bool,
}

/// An e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EmailMatch {
    /// Whether the address is the same.
    pub email_address: bool,
}

/// Hits in watch lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Kyc {
    /// The number of hits in all lists.
    pub total_hits: u32,
    /// Lists with a hit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aml_type_lists: Vec<AmlList>,
}

/// A watch list with a hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AmlList {
    /// `PEP`, `SANCTIONS` or `ADVERSE_MEDIA`.
    pub aml_type: String,
    /// The number of hits in this list.
    pub list_hits: u32,
    /// The fields of the hits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<AmlField>,
}

/// A field of a hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AmlField {
    /// The name of the field.
    pub name: String,
    /// The source of the value.
    pub source: String,
    /// The value.
    pub value: Secret,
}

/// A verdict by category, of the categories that were checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Whether the person's own data agree with the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identification: Option<Finding>,
    /// Whether the person holds the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Finding>,
    /// Whether the person is in no watch list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<Finding>,
    /// Whether the number's reputation is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Finding>,
}

/// The verdict of one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The verdict.
    pub result: FindingResult,
    /// The reasons of a failure: code to text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failure_reasons: BTreeMap<String, String>,
}

/// The verdict of one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FindingResult {
    /// No reason against it.
    Pass,
    /// At least one reason against it.
    Fail,
}
