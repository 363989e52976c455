//! The address and port to listen on.

use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The address and port to listen on. No host name, since a name may resolve to several or changing addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

impl FromStr for ListenAddress {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let expected = "'listen' (--listen) must be an IP address and a port, for example 127.0.0.1:8787 or [::1]:0";
        text.parse().map(Self).map_err(|_| ConfigError(expected.to_owned()))
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

impl From<ListenAddress> for String {
    fn from(address: ListenAddress) -> Self {
        address.0.to_string()
    }
}
