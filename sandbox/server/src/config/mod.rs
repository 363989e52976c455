//! The settings. One `section!` a table of the file defines them; the file, the flags, the defaults and the reference follow
//! from it. `load` reads and checks them; the command line is in `cli`.

mod address;
mod allowed_host;
mod carrier;
mod cidr;
mod diagnostics;
mod error;
mod instant_link;
mod journeys;
mod limits;
mod load;
mod log_format;
mod mobile_auth;
mod origin;
mod otp;
mod rate_limit;
mod reference;
mod section;
mod sms;
mod storage;
#[cfg(test)]
mod tests;
mod tls;
mod webhook;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::ArgAction;
use etcetera::BaseStrategy;
use handset_protocol::limits::REQUESTS_PER_SECOND;
use handset_sandbox_domain::{JourneyPolicy, Seconds, SessionPolicy};

use allowed_host::ALLOW_HOST;
pub use allowed_host::AllowedHost;
pub use carrier::CarrierConfig;
pub use cidr::TrustedProxy;
pub(crate) use cidr::{any_contains, parse_network};
pub(crate) use diagnostics::line_and_column;
pub use error::ConfigError;
pub use instant_link::InstantLinkConfig;
pub use journeys::JourneysConfig;
pub use limits::Limits;
pub use log_format::LogFormat;
pub use mobile_auth::MobileAuthConfig;
pub use origin::Origin;
pub use otp::OtpConfig;
pub use reference::config_reference;
pub(crate) use reference::settings_flags;
pub(crate) use section::{FILES, NETWORK};
use section::{RULES, parse_number, section};
pub use sms::SmsConfig;
pub use storage::Storage;
pub(crate) use tls::Tls;
pub use tls::TlsConfig;
pub(crate) use webhook::read_webhook_ca;
pub use webhook::{Webhook, WebhookConfig, WebhookSecret, WebhookUrl};

section! {
    /// The settings of a sandbox. [`Config::default`] holds for the binary without flags.
    #[derive(clap::Args)]
    pub struct Config {
        /// Address and port to listen on; port 0 picks a free one.
        #[serde(deserialize_with = "address::deserialize")]
        #[schemars(with = "String", extend("kind" = "`\"IP:PORT\"`"))]
        #[arg(long, value_name = "IP:PORT", value_parser = address::parse, help_heading = NETWORK)]
        #[arg(help = "Address to listen on; port 0 picks one")]
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8787));
        /// Origin that browsers use, for `endp` and links, without a path. Required when listening beyond loopback; the
        /// default is the origin of `listen`. `https://` if the port serves https.
        #[schemars(with = "Option<String>")]
        #[arg(long, value_name = "URL", help_heading = NETWORK)]
        #[arg(help = "Origin for browsers, required beyond loopback [default: --listen]")]
        origin: Option<Origin> = None;
        /// Host names or IP addresses, without a port, that the inspection API answers to in addition to loopback names and
        /// the host of `origin`, for containers and other machines. Pages, `/token` and `/v3` answer to any name.
        #[serde(deserialize_with = "allowed_host::deserialize")]
        #[schemars(with = "Vec<String>", extend("kind" = "a list of strings"))]
        #[arg(long = "allow-host", value_name = "NAME", value_parser = AllowedHost::entry, help_heading = NETWORK)]
        #[arg(env = ALLOW_HOST, value_delimiter = ',', hide_env = true)]
        #[arg(help = "Additional host name to answer to, e.g. a container's; repeatable")]
        allow_hosts: Vec<AllowedHost> = Vec::new();
        /// Addresses of the proxies in front of the sandbox, as IP addresses or networks. The caller of a request from one of them
        /// is the last address in `X-Forwarded-For` or `Forwarded` that is not one of them. It decides which calls of an app's
        /// server are allowed. Without this key, the caller is the other end of the connection.
        #[schemars(with = "Vec<String>", extend("kind" = "a list of strings"))]
        #[arg(long = "trust-proxy", value_name = "CIDR", help_heading = NETWORK)]
        #[arg(help = "Proxy (an address or a network) that names the caller; repeatable")]
        trust_proxies: Vec<TrustedProxy> = Vec::new();
        /// Requests per second and credential, then 429; `0` or `"off"`: unlimited.
        #[serde(deserialize_with = "rate_limit::deserialize")]
        #[schemars(extend("kind" = "whole number or `\"off\"`"))]
        #[arg(long, value_name = "NUMBER", value_parser = rate_limit::parse, help_heading = NETWORK)]
        #[arg(help = "Requests per second and credential, or 'off'")]
        rate_limit: u32 = REQUESTS_PER_SECOND;
        /// Encryption. Without these keys the port serves http.
        #[command(flatten)]
        tls: TlsConfig = TlsConfig::default();
        /// Accept only test users and behaviour numbers; every other number is refused.
        #[arg(long, action = ArgAction::Set, num_args = 0, default_missing_value = "true", help_heading = RULES)]
        #[arg(help = "Accept only test users and behaviour numbers")]
        strict_test_users: bool = false;
        /// One-time codes.
        #[command(flatten)]
        otp: OtpConfig = OtpConfig::default();
        /// Limits of SMS, with codes and with links. An SMS beyond a limit is not sent and ends its flow.
        #[arg(skip)]
        sms: SmsConfig = SmsConfig::default();
        /// Instant Links.
        #[command(flatten)]
        instant_link: InstantLinkConfig = InstantLinkConfig::default();
        /// Mobile Auth, for every project without settings of its own (`PUT /sandbox/settings`).
        #[command(flatten)]
        mobile_auth: MobileAuthConfig = MobileAuthConfig::default();
        /// The carrier of Mobile Auth, on an origin of its own. It serves the scheme of the main port, with the same
        /// certificate.
        #[command(flatten)]
        carrier: CarrierConfig = CarrierConfig::default();
        /// Resumable journeys.
        #[arg(skip)]
        journeys: JourneysConfig = JourneysConfig::default();
        /// Injects network faults into the requests of the page's authenticator, reproducibly from this seed.
        #[serde(rename = "chaos")]
        #[arg(id = "chaos", long = "chaos", value_name = "SEED", value_parser = parse_number::<u64>, help_heading = RULES)]
        #[arg(help = "Inject network faults into page requests, reproducibly from this seed")]
        chaos_seed: Option<u64> = None;
        /// Storage of sessions, messages and identities: `"memory"`, or `"sqlite:PATH"` for a file that survives a restart.
        #[schemars(with = "String", extend("kind" = "`\"memory\"` or `\"sqlite:PATH\"`"))]
        #[arg(long, value_name = "STORE", help = "Storage: 'memory' or 'sqlite:PATH'", help_heading = FILES)]
        store: Storage = Storage::Memory;
        /// Data folder, which holds the local CA of `tls.self_signed`. The default is `handset-sandbox` in `$XDG_DATA_HOME` or
        /// `~/.local/share` (on Windows in `%APPDATA%`).
        #[arg(long, value_name = "DIR", help_heading = FILES)]
        #[arg(help = "Folder of the local CA [default: the user's data folder]")]
        data: Option<PathBuf> = None;
        /// Folder of the demo page, in place of the built-in page.
        #[arg(long, value_name = "DIR", help_heading = FILES)]
        #[arg(help = "Folder of the demo page [default: the built-in page]")]
        www: Option<PathBuf> = None;
        /// Folder of workflow files (`*.toml`, `*.json`), which are read at the start. The built-in workflow is `onboarding`.
        #[arg(long, value_name = "DIR", help_heading = FILES)]
        #[arg(help = "Folder of workflow files (TOML or JSON)")]
        workflows: Option<PathBuf> = None;
        /// Log format.
        #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true, help_heading = FILES)]
        #[arg(help = "Log format: 'text' or 'json'")]
        log_format: LogFormat = LogFormat::Text;
        /// Limits of a connection. Every value is at least 1.
        #[arg(skip)]
        limits: Limits = Limits::default();
        /// The webhook endpoint for events of identities, for every project without an endpoint of its own.
        #[arg(skip)]
        webhook: WebhookConfig = WebhookConfig::default();
    }
}

impl Config {
    /// The origin that browsers use.
    pub fn public_origin(&self) -> Origin {
        self.origin.clone().unwrap_or_else(|| Origin::of_address(self.tls.is_on(), self.listen))
    }

    /// The origin of the carrier that browsers use.
    pub fn carrier_origin(&self) -> Origin {
        let CarrierConfig { listen, origin } = &self.carrier;
        origin.clone().unwrap_or_else(|| Origin::of_address(self.tls.is_on(), *listen))
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

    pub(crate) fn journey_policy(&self) -> JourneyPolicy {
        self.journeys.policy()
    }

    pub(crate) fn session_policy(&self) -> SessionPolicy {
        SessionPolicy {
            otp_lifetime: Seconds(self.otp.seconds),
            link_lifetime: Seconds(self.instant_link.seconds),
            resend_pause: Seconds(self.otp.resend_pause_seconds),
            link_start_reply: self.instant_link.start_reply,
            strict_test_users: self.strict_test_users,
            tries_per_number: self.otp.tries_per_number,
            number_window: Seconds(self.otp.number_window_seconds),
            sms_per_session: self.sms.per_session,
            sms_per_number: self.sms.per_number,
            sms_window: Seconds(self.sms.number_window_seconds),
            ..SessionPolicy::default()
        }
    }
}
