//! Additional host names that the inspection API answers to.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Host;

use super::ConfigError;

/// A host name that the inspection API answers to, in addition to loopback names and the host of the origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost(Host);

/// An entry of a list of host names. A blank entry is ignored, since an environment variable may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct HostEntry(Option<AllowedHost>);

impl HostEntry {
    /// The entries that are not blank.
    pub(crate) fn named(entries: Vec<Self>) -> Vec<AllowedHost> {
        entries.into_iter().filter_map(|entry| entry.0).collect()
    }
}

impl AllowedHost {
    /// Whether the host of a request, without its port, is this name.
    pub(crate) fn is(&self, host: &str) -> bool {
        self.0.to_string() == host
    }
}

impl FromStr for AllowedHost {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let expected =
            "'allow_hosts' (--allow-host) must be a host name or an IP address without a port, for example sandbox";
        // A pattern would be a name like any other, and fit nothing.
        let host = Host::parse(text).ok().filter(|_| !text.contains('*'));
        host.map(Self).ok_or_else(|| ConfigError(expected.to_owned()))
    }
}

impl FromStr for HostEntry {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let name = Some(text.trim()).filter(|name| !name.is_empty());
        Ok(Self(name.map(str::parse).transpose()?))
    }
}

impl TryFrom<String> for HostEntry {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

impl From<AllowedHost> for HostEntry {
    fn from(host: AllowedHost) -> Self {
        Self(Some(host))
    }
}

impl From<HostEntry> for String {
    fn from(entry: HostEntry) -> Self {
        entry.0.map(|host| host.0.to_string()).unwrap_or_default()
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

    #[test]
    fn an_entry_may_stand_between_blanks_or_be_blank() {
        let named = |text: &str| HostEntry::named(vec![text.parse().unwrap()]);
        assert_eq!(named(" sandbox\n"), ["sandbox".parse().unwrap()]);
        for blank in ["", " ", "\t\n"] {
            assert_eq!(named(blank), [], "{blank:?}");
        }
        assert!(" a b ".parse::<HostEntry>().is_err());
    }
}
