use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use handset_protocol::limits;
use serde::Deserialize;
use url::Url;

use crate::core::{Rules, StartReplyShape};

/// How the sandbox behaves. [`Config::default`] is what the binary does without flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Origin that browsers see, for `endp` and links. `None`: that of `listen`.
    pub origin: Option<Origin>,
    /// Folder of the page. `None`: the page that was built in.
    pub www: Option<PathBuf>,
    /// Whether numbers other than test users are refused.
    pub strict_test_users: bool,
    /// How long a code is good, in s.
    pub otp_seconds: u32,
    /// The least time between two SMS with a code, in s. 0: none.
    pub otp_resend_pause_seconds: u32,
    /// How long a link is good, in s.
    pub link_seconds: u32,
    /// What a successful `instantlink/start` answers.
    pub link_start_reply: StartReplyShape,
    /// Requests a second and credential before 429. 0: unlimited.
    pub rate_limit: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8787)),
            origin: None,
            www: None,
            strict_test_users: false,
            otp_seconds: limits::OTP_SECONDS,
            otp_resend_pause_seconds: 0,
            link_seconds: limits::LINK_SECONDS,
            link_start_reply: StartReplyShape::Auto,
            rate_limit: limits::REQUESTS_PER_SECOND,
        }
    }
}

impl Config {
    /// The origin that browsers see.
    pub fn public_origin(&self) -> Origin {
        let of_listen =
            || Origin { is_secure: false, host: bracketed(self.listen.ip()), port: Some(self.listen.port()) };
        self.origin.clone().unwrap_or_else(of_listen)
    }

    /// Whether other machines can reach it.
    pub fn listens_beyond_loopback(&self) -> bool {
        !self.listen.ip().is_loopback()
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules {
            otp_seconds: self.otp_seconds,
            link_seconds: self.link_seconds,
            resend_pause_seconds: self.otp_resend_pause_seconds,
            link_start_reply: self.link_start_reply,
            strict_test_users: self.strict_test_users,
            ..Rules::default()
        }
    }

    /// Reads a TOML file's text over the defaults. Keys, all optional; an unknown one is refused by name:
    ///
    /// ```toml
    /// listen = "127.0.0.1:8787"      # port 0: any
    /// origin = "http://localhost:8787"
    /// www = "path/to/folder"
    /// strict_test_users = false
    /// rate_limit = 25                # requests a second and credential; 0 or "off": unlimited
    ///
    /// [otp]
    /// seconds = 120
    /// resend_pause_seconds = 0       # the least time between two SMS
    ///
    /// [instant_link]
    /// seconds = 180
    /// start_reply = "auto"           # "auto", "data" or "empty"
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| ConfigError(error.to_string()))?;
        let mut config = Self::default();
        set(&mut config.listen, file.listen);
        config.origin = file.origin;
        config.www = file.www;
        set(&mut config.strict_test_users, file.strict_test_users);
        set(&mut config.rate_limit, file.rate_limit.map(|limit| limit.0));
        set(&mut config.otp_seconds, file.otp.seconds);
        set(&mut config.otp_resend_pause_seconds, file.otp.resend_pause_seconds);
        set(&mut config.link_seconds, file.instant_link.seconds);
        set(&mut config.link_start_reply, file.instant_link.start_reply);
        Ok(config)
    }

    /// Refuses what cannot work.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |text: &str| Err(ConfigError(text.to_owned()));
        if self.otp_seconds == 0 {
            return wrong("'otp.seconds' (--otp-seconds) must be at least 1");
        }
        if self.link_seconds == 0 {
            return wrong("'instant_link.seconds' (--link-seconds) must be at least 1");
        }
        if self.listens_beyond_loopback() && self.origin.is_none() {
            return wrong("'origin' (--origin) is required when listening beyond loopback");
        }
        if let Some(www) = self.www.as_ref().filter(|www| !www.is_dir()) {
            return Err(ConfigError(format!("'www' (--www) must be a folder: {}", www.display())));
        }
        Ok(())
    }
}

/// Takes over a value that was given.
pub(crate) fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// A setting that cannot be; the text names it and what it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    origin: Option<Origin>,
    www: Option<PathBuf>,
    strict_test_users: Option<bool>,
    rate_limit: Option<RateLimit>,
    #[serde(default)]
    otp: OtpFile,
    #[serde(default)]
    instant_link: LinkFile,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OtpFile {
    seconds: Option<u32>,
    resend_pause_seconds: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkFile {
    seconds: Option<u32>,
    start_reply: Option<StartReplyShape>,
}

/// Requests a second: a number, or `off`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "RateLimitText")]
pub struct RateLimit(
    /// 0: unlimited.
    pub u32,
);

#[derive(Deserialize)]
#[serde(untagged, expecting = "requests a second, or \"off\"")]
enum RateLimitText {
    Number(u32),
    Text(String),
}

impl TryFrom<RateLimitText> for RateLimit {
    type Error = ConfigError;

    fn try_from(text: RateLimitText) -> Result<Self, ConfigError> {
        match text {
            RateLimitText::Number(number) => Ok(Self(number)),
            RateLimitText::Text(text) => text.parse(),
        }
    }
}

impl FromStr for RateLimit {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if text == "off" {
            return Ok(Self(0));
        }
        let error = || ConfigError("'rate_limit' (--rate-limit) must be requests a second, or 'off'".to_owned());
        text.parse().map(Self).map_err(|_| error())
    }
}

/// A bare origin: scheme, lower-case host, port unless it is the default. It goes into the authToken, so it is ASCII
/// and has none of the characters that would bring a `-` or `_` into the token's payload segment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin {
    is_secure: bool,
    host: String,
    port: Option<u16>,
}

impl Origin {
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

    /// The same for sockets.
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
        let error = || {
            let expected = "'origin' (--origin) must be http:// or https://, a host and perhaps a port, and no more";
            ConfigError(expected.to_owned())
        };
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

impl TryFrom<String> for Origin {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
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

    #[test]
    fn a_file_sets_every_key() {
        let text = r#"
            listen = "[::1]:0"
            origin = "https://shop.test"
            www = "somewhere"
            strict_test_users = true
            rate_limit = "off"
            [otp]
            seconds = 60
            resend_pause_seconds = 30
            [instant_link]
            seconds = 300
            start_reply = "data"
        "#;
        let expected = Config {
            listen: "[::1]:0".parse().unwrap(),
            origin: Some("https://shop.test".parse().unwrap()),
            www: Some("somewhere".into()),
            strict_test_users: true,
            otp_seconds: 60,
            otp_resend_pause_seconds: 30,
            link_seconds: 300,
            link_start_reply: StartReplyShape::Data,
            rate_limit: 0,
        };
        assert_eq!(Config::from_toml(text).unwrap(), expected);
        assert_eq!(Config::from_toml("").unwrap(), Config::default());
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        for (text, key) in [("colour = 1", "colour"), ("[otp]\nsecond = 1", "second"), ("[instant_link]\nx = 1", "x")] {
            let error = Config::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(&format!("unknown field `{key}`")), "{error}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_name() {
        let beyond = Config { listen: "0.0.0.0:8787".parse().unwrap(), ..Config::default() };
        let cases = [
            (Config { otp_seconds: 0, ..Config::default() }, "otp.seconds"),
            (Config { link_seconds: 0, ..Config::default() }, "instant_link.seconds"),
            (Config { www: Some("/no/such/folder".into()), ..Config::default() }, "www"),
            (beyond.clone(), "origin"),
        ];
        for (config, name) in cases {
            assert!(config.check().unwrap_err().to_string().starts_with(&format!("'{name}'")));
        }
        let named = Config { origin: Some("https://shop.test".parse().unwrap()), ..beyond };
        assert_eq!(named.check(), Ok(()));
    }
}
