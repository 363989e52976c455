//! What a person's own words are worth: scores, hits and a verdict by category.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use super::schemas;
use crate::Secret;

/// What was compared with the record of a number's owner, source by source.
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
    /// What both together confirm.
    #[serde(default, rename = "multiCIPConfidence", skip_serializing_if = "Option::is_none")]
    pub multi_cip_confidence: Option<Cip>,
}

/// How well a person is confirmed for a customer identification program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Cip {
    /// Nothing is confirmed.
    None,
    /// Something is.
    Low,
    /// Two of name, date of birth, address and SSN are.
    Medium,
    /// Three or all of them are.
    High,
}

/// What one source says. A part is left out when nothing of it was sent, or when the source does not know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DataSource {
    /// What it confirms.
    pub cip_confidence: Cip,
    /// What it contradicts; the codes are those of `failureReasons` in [`Finding`].
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
    /// 0 to 100: all parts together.
    #[cfg_attr(feature = "openapi", schema(maximum = 100))]
    pub address_score: u32,
    /// Between the two, in miles.
    pub distance: f64,
    /// 0 or 100: the house number.
    #[cfg_attr(feature = "openapi", schema(value_type = schemas::StreetNumberScoreSchema))]
    pub street_number: u32,
    /// Whether the street is the same.
    pub street: bool,
    /// Whether the city is.
    pub city: bool,
    /// Whether the state or province is.
    pub region: bool,
    /// Whether the first five characters of the ZIP or postal code are.
    pub postal_code: bool,
}

/// Names, each 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NameScores {
    /// The given name; 0 when it was not sent.
    #[cfg_attr(feature = "openapi", schema(maximum = 100))]
    pub first_name: u32,
    /// The family name; 0 when it was not sent.
    #[cfg_attr(feature = "openapi", schema(maximum = 100))]
    pub last_name: u32,
    /// Both together.
    #[cfg_attr(feature = "openapi", schema(maximum = 100))]
    pub name_score: u32,
}

/// Date of birth and SSN; false also for what was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Identifiers {
    /// Whether the date of birth agrees, in the form given.
    pub dob: bool,
    /// Whether the last four digits of the SSN agree.
    pub last4: bool,
    /// Whether all nine do.
    pub ssn: bool,
}

/// An e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EmailMatch {
    /// Whether it is the same.
    pub email_address: bool,
}

/// Hits in watch lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Kyc {
    /// In all lists.
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
    /// In this list.
    pub list_hits: u32,
    /// What stands there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<AmlField>,
}

/// What a watch list says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AmlField {
    /// What it is.
    pub name: String,
    /// Who says so.
    pub source: String,
    /// What it says.
    pub value: Secret,
}

/// A verdict by category. A category that was not looked at is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Whether what the person says of themselves is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identification: Option<Finding>,
    /// Whether they hold the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Finding>,
    /// Whether watch lists know them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<Finding>,
    /// Whether the number is of ill repute.
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
    /// Why not: code to text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failure_reasons: BTreeMap<String, String>,
}

/// The verdict of one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FindingResult {
    /// Nothing speaks against it.
    Pass,
    /// Something does.
    Fail,
}
