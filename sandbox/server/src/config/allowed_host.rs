//! Additional host names that the inspection API answers to.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use url::Host;

use super::ConfigError;

/// The environment variable with the same meaning as the flag; commas separate names.
pub(super) const ALLOW_HOST: &str = "HANDSET_SANDBOX_ALLOW_HOST";

/// A host name that the inspection API answers to, in addition to loopback names and the host of the origin. `None`: a blank
/// entry of a list, which is ignored, since an environment variable may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedHost(Option<Host>);

impl AllowedHost {
    /// Whether the host of a request, without its port, is this name.
    pub(crate) fn is(&self, host: &str) -> bool {
        self.0.as_ref().is_some_and(|name| name.to_string() == host)
    }

    /// Whether this is an entry that is not blank.
    pub(crate) fn is_named(&self) -> bool {
        self.0.is_some()
    }

    /// Parses an entry of a list: a name between blanks, or a blank entry.
    pub(super) fn entry(text: &str) -> Result<Self, ConfigError> {
        match text.trim() {
            "" => Ok(Self(None)),
            name => name.parse(),
        }
    }
}

/// Reads the entries that are not blank.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AllowedHost>, D::Error> {
    let mut entries = Vec::<AllowedHost>::deserialize(deserializer)?;
    entries.retain(AllowedHost::is_named);
    Ok(entries)
}

impl FromStr for AllowedHost {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let expected =
            "'allow_hosts' (--allow-host) must be a host name or an IP address without a port, for example sandbox";
        // A pattern would be a name like any other, and fit nothing.
        let host = Host::parse(text).ok().filter(|_| !text.contains('*'));
        host.map(|host| Self(Some(host))).ok_or_else(|| ConfigError(expected.to_owned()))
    }
}

impl TryFrom<String> for AllowedHost {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        Self::entry(&text)
    }
}

impl From<AllowedHost> for String {
    fn from(entry: AllowedHost) -> Self {
        entry.0.map(|host| host.to_string()).unwrap_or_default()
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
        assert_eq!(AllowedHost::entry(" sandbox\n"), "sandbox".parse());
        for blank in ["", " ", "\t\n"] {
            let entry = AllowedHost::entry(blank).unwrap();
            assert!(!entry.is_named() && !entry.is(blank), "{blank:?}");
        }
        assert!(AllowedHost::entry(" a b ").is_err());
    }
}
