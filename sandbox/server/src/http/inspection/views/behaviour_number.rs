//! A behaviour number.

use handset_sandbox_domain::{BehaviourNumber, ScriptedOutcome};
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
}

impl From<&BehaviourNumber> for BehaviourNumberView {
    fn from(number: &BehaviourNumber) -> Self {
        let BehaviourNumber { phone: phone_number, name, happens: description, code, link, .. } = *number;
        let (otp_outcome, link_outcome) = (code.map(outcome_name), link.map(outcome_name));
        Self { phone_number, name, description, otp_outcome, link_outcome }
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
