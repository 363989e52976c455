//! A behaviour number.

use handset_sandbox_domain::{BehaviourNumber, MobileAuthResult, ScriptedOutcome};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct BehaviourNumberView {
    phone_number: &'static str,
    name: &'static str,
    description: &'static str,
    /// The outcome of a flow with a code; absent if it is the ordinary one.
    #[serde(skip_serializing_if = "Option::is_none")]
    otp_outcome: Option<&'static str>,
    /// The outcome of a flow with a link; absent if it is the ordinary one.
    #[serde(skip_serializing_if = "Option::is_none")]
    link_outcome: Option<&'static str>,
    /// The outcome of Mobile Auth by `fetch`; absent if the number has no part in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile_auth_outcome: Option<&'static str>,
    /// The same by `pixel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile_auth_pixel_outcome: Option<&'static str>,
}

impl From<&BehaviourNumber> for BehaviourNumberView {
    fn from(number: &BehaviourNumber) -> Self {
        let BehaviourNumber { phone, name, happens, code, link, mobile_auth, .. } = *number;
        Self {
            phone_number: phone,
            name,
            description: happens,
            otp_outcome: code.map(outcome_name),
            link_outcome: link.map(outcome_name),
            mobile_auth_outcome: mobile_auth.map(|results| mobile_auth_name(results.fetch)),
            mobile_auth_pixel_outcome: mobile_auth.map(|results| mobile_auth_name(results.pixel)),
        }
    }
}

names! {
    /// `verified`, or the kind of the failure that the page gets.
    outcome_name(ScriptedOutcome), SCRIPTED_OUTCOMES:
    Verified => "verified",
    OtpInvalid => "otp_invalid",
    OtpTimeout => "otp_timeout",
    LinkTimeout => "link_timeout",
    Server => "server",
}

names! {
    mobile_auth_name(MobileAuthResult), MOBILE_AUTH_RESULTS:
    Passed => "passed",
    FellBackToOtp => "fell_back_to_otp",
}
