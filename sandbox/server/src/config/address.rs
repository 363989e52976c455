//! The address and port to listen on. No host name, since a name may resolve to several or changing addresses.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de};

use super::ConfigError;

pub(super) fn parse(text: &str) -> Result<SocketAddr, ConfigError> {
    named(text, "'listen' (--listen)")
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// The address of the carrier.
pub(super) fn parse_carrier(text: &str) -> Result<SocketAddr, ConfigError> {
    named(text, "'carrier.listen' (--carrier-listen)")
}

pub(super) fn deserialize_carrier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parse_carrier(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn named(text: &str, setting: &str) -> Result<SocketAddr, ConfigError> {
    let error =
        |_| ConfigError(format!("{setting} must be an IP address and a port, for example 127.0.0.1:8787 or [::1]:0"));
    text.parse().map_err(error)
}
