//! The settings: values, defaults and checks. `file` and `load` read a TOML file; the command line is in `cli`.

mod address;
mod allowed_host;
mod diagnostics;
mod error;
mod file;
mod limits;
mod load;
mod log_format;
mod origin;
mod rate_limit;
mod reference;
mod storage;
mod tls;
mod webhook;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;
use handset_protocol::limits::{LINK_SECONDS, OTP_SECONDS, REQUESTS_PER_SECOND, SESSION_SECONDS};

use handset_sandbox_domain::{SessionPolicy, StartReplyShape};

pub(crate) use address::ListenAddress;
pub use allowed_host::AllowedHost;
pub(crate) use allowed_host::HostEntry;
pub use error::ConfigError;
pub use limits::Limits;
pub use log_format::LogFormat;
pub use origin::Origin;
pub use rate_limit::RateLimit;
pub use reference::config_reference;
pub use storage::Storage;
pub use tls::Tls;
pub(crate) use webhook::read_webhook_ca;
pub use webhook::{Webhook, WebhookSecret, WebhookUrl};

/// The settings of a sandbox. [`Config::default`] holds for the binary without flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Origin that browsers use, for `endp` and links. `None`: the origin of `listen`.
    pub origin: Option<Origin>,
    /// Host names that the inspection API answers to, in addition to loopback names and the host of the origin.
    pub allow_hosts: Vec<AllowedHost>,
    /// Folder of the demo page. `None`: the built-in page.
    pub www: Option<PathBuf>,
    /// The store of sessions, messages and identities.
    pub store: Storage,
    /// Whether only test users and behaviour numbers are accepted.
    pub strict_test_users: bool,
    /// Lifetime of a code, in s.
    pub otp_seconds: u32,
    /// Minimum time between two SMS to one number, with a code or a link, in s. 0: none.
    pub otp_resend_pause_seconds: u32,
    /// Maximum number of wrong codes for one number within the window, over all sessions. 0: unlimited.
    pub otp_tries_per_number: u32,
    /// Sliding window of `otp_tries_per_number`, in s.
    pub otp_number_window_seconds: u32,
    /// Maximum number of SMS of one session. 0: unlimited.
    pub sms_per_session: u32,
    /// Maximum number of SMS to one number within the window, over all sessions. 0: unlimited.
    pub sms_per_number: u32,
    /// Sliding window of `sms_per_number`, in s.
    pub sms_window_seconds: u32,
    /// Lifetime of a link, in s.
    pub link_seconds: u32,
    /// Shape of the reply of a successful `instantlink/start`.
    pub link_start_reply: StartReplyShape,
    /// Requests per second and credential, then 429. 0: unlimited.
    pub rate_limit: u32,
    /// Seed of the network faults injected into requests of the page's authenticator. `None`: only requested faults.
    pub chaos_seed: Option<u64>,
    /// Whether the port serves https.
    pub tls: Tls,
    /// Data folder. `None`: `handset-sandbox` in the user's data folder.
    pub data: Option<PathBuf>,
    /// Log format.
    pub log_format: LogFormat,
    /// Limits of a connection.
    pub limits: Limits,
    /// Webhook endpoint of every project without an endpoint of its own.
    pub webhook: Option<Webhook>,
    /// Time limit of a webhook attempt, in s.
    pub webhook_seconds: u32,
    /// PEM file of CA certificates that are trusted for `https` endpoints, in addition to those of the machine.
    pub webhook_ca: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8787)),
            origin: None,
            allow_hosts: Vec::new(),
            www: None,
            store: Storage::Memory,
            strict_test_users: false,
            otp_seconds: OTP_SECONDS,
            otp_resend_pause_seconds: 0,
            otp_tries_per_number: SessionPolicy::default().tries_per_number,
            otp_number_window_seconds: SESSION_SECONDS,
            sms_per_session: SessionPolicy::default().sms_per_session,
            sms_per_number: SessionPolicy::default().sms_per_number,
            sms_window_seconds: SESSION_SECONDS,
            link_seconds: LINK_SECONDS,
            link_start_reply: StartReplyShape::Auto,
            rate_limit: REQUESTS_PER_SECOND,
            chaos_seed: None,
            tls: Tls::Off,
            data: None,
            log_format: LogFormat::Text,
            limits: Limits::default(),
            webhook: None,
            webhook_seconds: 5,
            webhook_ca: None,
        }
    }
}

impl Config {
    /// The origin that browsers use.
    pub fn public_origin(&self) -> Origin {
        self.origin.clone().unwrap_or_else(|| Origin::of_address(self.tls.is_on(), self.listen))
    }

    /// The data folder.
    ///
    /// # Errors
    /// No setting names it, and the user has no home folder.
    pub fn data_folder(&self) -> Result<PathBuf, ConfigError> {
        let of_user = || etcetera::choose_base_strategy().ok().map(|base| base.data_dir().join("handset-sandbox"));
        let unknown = || ConfigError("'data' (--data) is required: this user has no home folder".to_owned());
        self.data.clone().or_else(of_user).ok_or_else(unknown)
    }

    /// Whether other machines can reach the port.
    pub fn listens_beyond_loopback(&self) -> bool {
        !self.listen.ip().is_loopback()
    }

    pub(crate) fn session_policy(&self) -> SessionPolicy {
        let seconds = |count: u32| Duration::from_secs(count.into());
        SessionPolicy {
            otp_lifetime: seconds(self.otp_seconds),
            link_lifetime: seconds(self.link_seconds),
            resend_pause: seconds(self.otp_resend_pause_seconds),
            link_start_reply: self.link_start_reply,
            strict_test_users: self.strict_test_users,
            tries_per_number: self.otp_tries_per_number,
            number_window: seconds(self.otp_number_window_seconds),
            sms_per_session: self.sms_per_session,
            sms_per_number: self.sms_per_number,
            sms_window: seconds(self.sms_window_seconds),
            ..SessionPolicy::default()
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// A setting is invalid; the text names it.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |text: &str| Err(ConfigError(text.to_owned()));
        if self.otp_seconds == 0 {
            return wrong("'otp.seconds' (--otp-seconds) must be at least 1");
        }
        if self.otp_number_window_seconds == 0 {
            return wrong("'otp.number_window_seconds' must be at least 1");
        }
        if self.sms_window_seconds == 0 {
            return wrong("'sms.number_window_seconds' must be at least 1");
        }
        if self.link_seconds == 0 {
            return wrong("'instant_link.seconds' (--link-seconds) must be at least 1");
        }
        if self.webhook_seconds == 0 {
            return wrong("'webhook.timeout_seconds' must be at least 1");
        }
        if let Some(ca) = &self.webhook_ca {
            read_webhook_ca(ca)?;
        }
        if self.listens_beyond_loopback() && self.origin.is_none() {
            return wrong("'origin' (--origin) is required when listening beyond loopback");
        }
        if let Some(www) = self.www.as_ref().filter(|www| !www.is_dir()) {
            return Err(ConfigError(format!("'www' (--www) must be a folder: {}", www.display())));
        }
        if self.tls.is_on() && self.origin.as_ref().is_some_and(|origin| origin.scheme() != "https") {
            return wrong("'origin' (--origin) must be https:// when the port serves https");
        }
        self.limits.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_refused_by_name() {
        let beyond = Config { listen: "0.0.0.0:8787".parse().unwrap(), ..Config::default() };
        let cases = [
            (Config { otp_seconds: 0, ..Config::default() }, "otp.seconds"),
            (Config { otp_number_window_seconds: 0, ..Config::default() }, "otp.number_window_seconds"),
            (Config { sms_window_seconds: 0, ..Config::default() }, "sms.number_window_seconds"),
            (Config { link_seconds: 0, ..Config::default() }, "instant_link.seconds"),
            (Config { webhook_seconds: 0, ..Config::default() }, "webhook.timeout_seconds"),
            (Config { webhook_ca: Some("/no/such/file".into()), ..Config::default() }, "webhook.ca"),
            (Config { www: Some("/no/such/folder".into()), ..Config::default() }, "www"),
            (beyond.clone(), "origin"),
            (
                Config { tls: Tls::SelfSigned, origin: Some("http://shop.test".parse().unwrap()), ..Config::default() },
                "origin",
            ),
            (
                Config { limits: Limits { body_seconds: 0, ..Limits::default() }, ..Config::default() },
                "limits.body_seconds",
            ),
        ];
        for (config, name) in cases {
            assert!(config.check().unwrap_err().to_string().starts_with(&format!("'{name}'")));
        }
        let named = Config { origin: Some("https://shop.test".parse().unwrap()), ..beyond };
        assert_eq!(named.check(), Ok(()));
    }
}
