//! Settings of Mobile Auth: the defaults of each project. The port of the carrier is in `carrier`.

use handset_sandbox_domain::{CarrierState, MobileAuthFlows};
use serde::Deserialize;

use super::ConfigError;
use super::section::{RULES, section};

section! {
    /// Mobile Auth, for every project without settings of its own (`PUT /sandbox/settings`).
    #[derive(clap::Args)]
    pub struct MobileAuthConfig {
        /// Mobile flows that begin with Mobile Auth: `"numbers"`, those of test users and behaviour numbers of Mobile Auth;
        /// `"always"`, those whose number the server has given at the start; `"off"`, none.
        #[schemars(with = "String", extend("kind" = "`\"numbers\"`, `\"always\"` or `\"off\"`"))]
        #[arg(id = "mobile_auth.flows", long = "mobile-auth", value_name = "FLOWS", value_parser = parse_flows)]
        #[arg(help = "Mobile Auth for: 'numbers', 'always' or 'off'", help_heading = RULES)]
        flows: MobileAuthFlows = MobileAuthFlows::Numbers;
        /// State of the carrier for numbers without a behaviour of their own: `"ok"`, Mobile Auth passes; `"wifi"`, the carrier
        /// does not know the subscriber; `"slow"`, it does not answer in time; `"gone"`, its URL has expired.
        #[schemars(with = "String", extend("kind" = "`\"ok\"`, `\"wifi\"`, `\"slow\"` or `\"gone\"`"))]
        #[arg(id = "mobile_auth.carrier", long = "carrier", value_name = "STATE", value_parser = parse_state)]
        #[arg(help = "State of the carrier: 'ok', 'wifi', 'slow' or 'gone'", help_heading = RULES)]
        carrier: CarrierState = CarrierState::Ok;
    }
}

fn parse_flows(text: &str) -> Result<MobileAuthFlows, ConfigError> {
    read(text, "must be 'numbers', 'always' or 'off'")
}

fn parse_state(text: &str) -> Result<CarrierState, ConfigError> {
    read(text, "must be 'ok', 'wifi', 'slow' or 'gone'")
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, expected: &str) -> Result<T, ConfigError> {
    let text = serde::de::value::BorrowedStrDeserializer::<serde::de::value::Error>::new(text);
    T::deserialize(text).map_err(|_| ConfigError(expected.to_owned()))
}
