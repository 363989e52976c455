//! The settings as a TOML file has them.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::{Config, ConfigError, Origin, RateLimit};
use crate::core::StartReplyShape;

impl Config {
    /// Reads a TOML file's text over the defaults. Keys, all optional; an unknown one is refused by name:
    ///
    /// ```toml
    /// listen = "127.0.0.1:8787"      # port 0: any
    /// origin = "http://localhost:8787"
    /// www = "path/to/folder"
    /// strict_test_users = false
    /// rate_limit = 25                # requests a second and credential; 0 or "off": unlimited
    /// chaos = 7                      # breaks what the page's authenticator sends, by the plan of this seed
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
        config.chaos_seed = file.chaos;
        set(&mut config.otp_seconds, file.otp.seconds);
        set(&mut config.otp_resend_pause_seconds, file.otp.resend_pause_seconds);
        set(&mut config.link_seconds, file.instant_link.seconds);
        set(&mut config.link_start_reply, file.instant_link.start_reply);
        Ok(config)
    }
}

/// Takes over a value that was given.
fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    origin: Option<Origin>,
    www: Option<PathBuf>,
    strict_test_users: Option<bool>,
    rate_limit: Option<RateLimit>,
    chaos: Option<u64>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_every_key() {
        let text = r#"
            listen = "[::1]:0"
            origin = "https://shop.test"
            www = "somewhere"
            strict_test_users = true
            rate_limit = "off"
            chaos = 7
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
            chaos_seed: Some(7),
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
}
