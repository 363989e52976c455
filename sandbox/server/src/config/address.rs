//! The address and port to listen on. No host name, since a name may resolve to several or changing addresses.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de};

use super::ConfigError;

pub(super) fn parse(text: &str) -> Result<SocketAddr, ConfigError> {
    let expected = "'listen' (--listen) must be an IP address and a port, for example 127.0.0.1:8787 or [::1]:0";
    text.parse().map_err(|_| ConfigError(expected.to_owned()))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}
