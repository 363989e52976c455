//! The origin that browsers use.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

use super::ConfigError;

/// An origin: scheme, lower-case host, and a port unless it is the default. It is part of the authToken, so it is ASCII and
/// without the characters that would put a `-` or `_` into the payload segment of the token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    is_secure: bool,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin of a server at that address.
    pub(crate) fn of_address(is_secure: bool, address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self { is_secure, host, port: Some(address.port()) }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }

    /// The host without port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host and port as in a `Host` header.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The origin of WebSockets.
    pub fn socket_origin(&self) -> String {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        format!("{scheme}://{}", self.authority())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

impl FromStr for Origin {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text, "'origin' (--origin)")
    }
}

/// The origin of the carrier.
pub(super) fn parse_carrier(text: &str) -> Result<Origin, ConfigError> {
    Origin::parse(text, "'carrier.origin' (--carrier-origin)")
}

pub(super) fn deserialize_carrier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Origin>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_carrier(&text)).transpose().map_err(de::Error::custom)
}

impl Origin {
    fn parse(text: &str, setting: &str) -> Result<Self, ConfigError> {
        let expected = "must be http:// or https:// with a host and an optional port, nothing else";
        let error = || ConfigError(format!("{setting} {expected}"));
        let url = Url::parse(text).map_err(|_| error())?;
        let is_secure = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(error()),
        };
        let host = url.host_str().ok_or_else(error)?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !(bare && anonymous && host.bytes().all(plain)) {
            return Err(error());
        }
        Ok(Self { is_secure, host: host.to_owned(), port: url.port() })
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

impl TryFrom<String> for Origin {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_brought_to_its_bare_form() {
        let cases = [
            ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("HTTPS://Shop.Test/", "https://shop.test"),
            ("https://shop.test:443", "https://shop.test"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://münchen.test", "https://xn--mnchen-3ya.test"),
        ];
        for (text, bare) in cases {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), bare);
        }
        assert_eq!("https://a.test".parse::<Origin>().unwrap().socket_origin(), "wss://a.test");
    }

    #[test]
    fn what_is_not_a_bare_origin_is_refused_by_name() {
        for text in
            ["", "a.test", "ftp://a.test", "http://a.test/x", "http://a.test/?x", "http://u@a.test", "http://a~b/"]
        {
            let error = text.parse::<Origin>().unwrap_err();
            assert!(error.to_string().starts_with("'origin' (--origin) must be"), "{text}: {error}");
        }
    }
}
