use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Host;

use super::ConfigError;

/// A name that the sandbox answers to, besides those of this machine and that of its origin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedHost(Host);

impl AllowedHost {
    /// Whether a request names it. A port is no part of it.
    pub(crate) fn is(&self, host: &str) -> bool {
        self.0.to_string() == host
    }
}

impl FromStr for AllowedHost {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let expected = "'allow_hosts' (--allow-host) must be a host name or an IP address without a port, as sandbox";
        // A pattern would be a name like any other, and fit nothing.
        let host = Host::parse(text).ok().filter(|_| !text.contains('*'));
        host.map(Self).ok_or_else(|| ConfigError(expected.to_owned()))
    }
}

impl TryFrom<String> for AllowedHost {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

impl From<AllowedHost> for String {
    fn from(host: AllowedHost) -> Self {
        host.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_name_or_an_address_alone() {
        for (text, host) in [
            ("sandbox", "sandbox"),
            ("Sandbox.Test", "sandbox.test"),
            ("10.0.0.1", "10.0.0.1"),
            ("[fd00::1]", "[fd00::1]"),
        ] {
            assert!(text.parse::<AllowedHost>().unwrap().is(host), "{text}");
        }
        for text in ["", "*", "*.test", "sandbox:8787", "http://sandbox", "a b", "a/b", "fd00::1"] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }
}
