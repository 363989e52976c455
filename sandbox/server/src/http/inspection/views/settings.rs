//! The settings of a project, and the addresses of the sandbox.

use handset_sandbox_domain::{CarrierState, MobileAuthFlows};
use serde::Serialize;

use crate::projects::MobileAuthSettings;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct SettingsView {
    mobile_auth: &'static str,
    carrier: &'static str,
}

impl From<MobileAuthSettings> for SettingsView {
    fn from(MobileAuthSettings { flows, carrier }: MobileAuthSettings) -> Self {
        Self { mobile_auth: flows_name(flows), carrier: carrier_state_name(carrier) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct AddressesView {
    /// The origin of the backend, its links and the demo.
    pub(in crate::http::inspection) origin: String,
    /// The origin of the carrier of Mobile Auth.
    pub(in crate::http::inspection) carrier_origin: String,
}

names! {
    flows_name(MobileAuthFlows), MOBILE_AUTH_FLOWS:
    Numbers => "numbers",
    Always => "always",
    Off => "off",
}

names! {
    carrier_state_name(CarrierState), CARRIER_STATES:
    Ok => "ok",
    Wifi => "wifi",
    Slow => "slow",
    Gone => "gone",
}
