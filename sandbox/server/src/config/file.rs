//! The settings as a TOML file has them. `docs/sandbox-config.md` is made from what stands here.

use std::path::PathBuf;

use handset_protocol::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::ListenAddress;
use super::{Config, HostEntry, Limits, LogFormat, Origin, RateLimit, Storage, Tls};
use handset_sandbox_domain::StartReplyShape;

/// The keys of the file. The first paragraph of each is its text in the reference; `flag` names the flag that overrides it.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsFile {
    /// Address and port to listen on; port 0 picks a free one.
    #[schemars(with = "Option<String>", extend("flag" = "--listen", "kind" = "`\"IP:PORT\"`"))]
    pub(super) listen: Option<ListenAddress>,
    /// Origin that browsers use, for `endp` and links, without a path. Required when listening beyond loopback; the default
    /// is the origin of `listen`. `https://` if the port serves https.
    #[schemars(with = "Option<String>", extend("flag" = "--origin"))]
    pub(super) origin: Option<Origin>,
    /// Host names or IP addresses, without a port, that the inspection API answers to in addition to loopback names and the
    /// host of `origin`, for containers and other machines. Pages, `/token` and `/v3` answer to any name.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>", extend("flag" = "--allow-host", "kind" = "a list of strings"))]
    pub(super) allow_hosts: Vec<HostEntry>,
    /// Folder of the demo page, in place of the built-in page.
    #[schemars(extend("flag" = "--www"))]
    pub(super) www: Option<PathBuf>,
    /// Storage of sessions, messages and identities: `"memory"`, or `"sqlite:PATH"` for a file that survives a restart.
    #[schemars(with = "Option<String>", extend("flag" = "--store", "kind" = "`\"memory\"` or `\"sqlite:PATH\"`"))]
    pub(super) store: Option<Storage>,
    /// Data folder, which holds the local CA of `tls.self_signed`. The default is `handset-sandbox` in `$XDG_DATA_HOME` or
    /// `~/.local/share` (on Windows in `%APPDATA%`).
    #[schemars(extend("flag" = "--data"))]
    pub(super) data: Option<PathBuf>,
    /// Log format.
    #[schemars(extend("flag" = "--log-format"))]
    pub(super) log_format: Option<LogFormat>,
    /// Accept only test users and behaviour numbers; every other number is refused.
    #[schemars(extend("flag" = "--strict-test-users"))]
    pub(super) strict_test_users: Option<bool>,
    /// Requests per second and credential, then 429; `0` or `"off"`: unlimited.
    #[schemars(with = "Option<u32>", extend("flag" = "--rate-limit", "kind" = "whole number or `\"off\"`"))]
    pub(super) rate_limit: Option<RateLimit>,
    /// Injects network faults into the requests of the page's authenticator, reproducibly from this seed.
    #[schemars(extend("flag" = "--chaos"))]
    pub(super) chaos: Option<u64>,
    /// One-time codes.
    #[serde(default)]
    pub(super) otp: OtpFile,
    /// Limits of SMS, with codes and with links. An SMS beyond a limit is not sent and ends its flow.
    #[serde(default)]
    pub(super) sms: SmsFile,
    /// Instant Links.
    #[serde(default)]
    pub(super) instant_link: LinkFile,
    /// Encryption. Without these keys the port serves http.
    #[serde(default)]
    pub(super) tls: TlsFile,
    /// Limits of a connection. Every value is at least 1.
    #[serde(default)]
    pub(super) limits: Limits,
    /// The webhook endpoint for events of identities, for every project without an endpoint of its own.
    #[serde(default)]
    pub(super) webhook: WebhookFile,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OtpFile {
    /// Lifetime of a code, in seconds.
    #[schemars(extend("flag" = "--otp-seconds"))]
    pub(super) seconds: Option<u32>,
    /// Minimum time between two SMS of a session to one number, with a code or with a link, in seconds. An earlier resend
    /// sends nothing and leaves the previous code or link valid; `resendAt` of its reply is the time of the next SMS.
    pub(super) resend_pause_seconds: Option<u32>,
    /// Maximum number of wrong codes for one phone number within the window, over all sessions; after that every code is
    /// rejected, also a correct one. `0`: unlimited. Test users and behaviour numbers are exempt.
    pub(super) tries_per_number: Option<u32>,
    /// Sliding window of `tries_per_number`, in seconds.
    pub(super) number_window_seconds: Option<u32>,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SmsFile {
    /// Maximum number of SMS of one session, to any numbers. `0`: unlimited.
    pub(super) per_session: Option<u32>,
    /// Maximum number of SMS to one phone number within the window, over all sessions of a project. `0`: unlimited. Test
    /// users and behaviour numbers are exempt.
    pub(super) per_number: Option<u32>,
    /// Sliding window of `per_number`, in seconds.
    pub(super) number_window_seconds: Option<u32>,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkFile {
    /// Lifetime of a link, in seconds.
    #[schemars(extend("flag" = "--link-seconds"))]
    pub(super) seconds: Option<u32>,
    /// Shape of the reply of a successful `instantlink/start`, since clients differ: `"auto"` follows `allowOTPRetry` of
    /// Start, `"data"` is always `{"data":{}}`, `"empty"` is always `{}`.
    #[schemars(with = "Option<String>", extend("kind" = "`\"auto\"`, `\"data\"` or `\"empty\"`"))]
    pub(super) start_reply: Option<StartReplyShape>,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsFile {
    /// Serve https with a certificate for loopback names and the origin's host, signed by a local CA in the data folder.
    #[schemars(extend("flag" = "--tls-self-signed"))]
    pub(super) self_signed: Option<bool>,
    /// Serve https with this certificate chain: PEM, the leaf first. Requires `key`.
    #[schemars(extend("flag" = "--tls-cert"))]
    pub(super) cert: Option<PathBuf>,
    /// Private key of `cert`, as PEM. Requires `cert`.
    #[schemars(extend("flag" = "--tls-key"))]
    pub(super) key: Option<PathBuf>,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookFile {
    /// URL of the endpoint. Requires `secret`.
    pub(super) url: Option<String>,
    /// Signing secret: `whsec_` and 16 to 250 characters; the prefix is part of the key. Requires `url`.
    #[schemars(with = "Option<String>")]
    #[serde(skip_serializing)]
    pub(super) secret: Option<Secret>,
    /// Time limit of an attempt, in seconds; a later reply counts as a failure.
    pub(super) timeout_seconds: Option<u32>,
    /// CA certificates, as PEM, that are trusted for `https` endpoints in addition to those of this machine; also for the
    /// endpoints of projects.
    pub(super) ca: Option<PathBuf>,
}

impl From<Config> for SettingsFile {
    fn from(config: Config) -> Self {
        let (self_signed, cert, key) = match config.tls {
            Tls::Off => (false, None, None),
            Tls::SelfSigned => (true, None, None),
            Tls::Files { cert, key } => (false, Some(cert), Some(key)),
        };
        Self {
            listen: Some(ListenAddress(config.listen)),
            origin: config.origin,
            allow_hosts: config.allow_hosts.into_iter().map(HostEntry::from).collect(),
            www: config.www,
            store: Some(config.store),
            data: config.data,
            log_format: Some(config.log_format),
            strict_test_users: Some(config.strict_test_users),
            rate_limit: Some(RateLimit(config.rate_limit)),
            chaos: config.chaos_seed,
            otp: OtpFile {
                seconds: Some(config.otp_seconds),
                resend_pause_seconds: Some(config.otp_resend_pause_seconds),
                tries_per_number: Some(config.otp_tries_per_number),
                number_window_seconds: Some(config.otp_number_window_seconds),
            },
            sms: SmsFile {
                per_session: Some(config.sms_per_session),
                per_number: Some(config.sms_per_number),
                number_window_seconds: Some(config.sms_window_seconds),
            },
            instant_link: LinkFile { seconds: Some(config.link_seconds), start_reply: Some(config.link_start_reply) },
            tls: TlsFile { self_signed: Some(self_signed), cert, key },
            limits: config.limits,
            webhook: WebhookFile {
                url: config.webhook.map(|webhook| webhook.url.expose().to_string()),
                secret: None,
                timeout_seconds: Some(config.webhook_seconds),
                ca: config.webhook_ca,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Webhook;

    #[test]
    fn a_file_sets_every_key() {
        let text = r#"
            listen = "[::1]:0"
            origin = "https://shop.test"
            allow_hosts = ["sandbox", " 10.0.0.1 ", ""]
            www = "somewhere"
            store = "sqlite:some/file"
            strict_test_users = true
            rate_limit = "off"
            chaos = 7
            data = "kept"
            log_format = "json"
            [otp]
            seconds = 60
            resend_pause_seconds = 30
            tries_per_number = 5
            number_window_seconds = 3600
            [sms]
            per_session = 3
            per_number = 7
            number_window_seconds = 1800
            [instant_link]
            seconds = 300
            start_reply = "data"
            [tls]
            cert = "cert.pem"
            key = "key.pem"
            [limits]
            head_seconds = 1
            head_bytes = 2
            body_seconds = 3
            write_seconds = 4
            connections = 5
            sockets = 6
            [webhook]
            url = "http://receiver.test/hook"
            secret = "whsec_0123456789abcdef"
            timeout_seconds = 7
            ca = "ca.pem"
        "#;
        let expected = Config {
            listen: "[::1]:0".parse().unwrap(),
            origin: Some("https://shop.test".parse().unwrap()),
            allow_hosts: vec!["sandbox".parse().unwrap(), "10.0.0.1".parse().unwrap()],
            www: Some("somewhere".into()),
            store: Storage::Sqlite("some/file".into()),
            strict_test_users: true,
            otp_seconds: 60,
            otp_resend_pause_seconds: 30,
            otp_tries_per_number: 5,
            otp_number_window_seconds: 3600,
            sms_per_session: 3,
            sms_per_number: 7,
            sms_window_seconds: 1800,
            link_seconds: 300,
            link_start_reply: StartReplyShape::Data,
            rate_limit: 0,
            chaos_seed: Some(7),
            tls: Tls::Files { cert: "cert.pem".into(), key: "key.pem".into() },
            data: Some("kept".into()),
            log_format: LogFormat::Json,
            limits: Limits {
                head_seconds: 1,
                head_bytes: 2,
                body_seconds: 3,
                write_seconds: 4,
                connections: 5,
                sockets: 6,
            },
            webhook: Some(Webhook {
                url: "http://receiver.test/hook".parse().unwrap(),
                secret: "whsec_0123456789abcdef".parse().unwrap(),
            }),
            webhook_seconds: 7,
            webhook_ca: Some("ca.pem".into()),
        };
        assert_eq!(Config::from_toml(text).unwrap(), expected);
        assert_eq!(Config::from_toml("").unwrap(), Config::default());
        assert_eq!(Config::from_toml("tls.self_signed = true").unwrap().tls, Tls::SelfSigned);
    }

    #[test]
    fn a_certificate_and_its_key_come_together_and_alone() {
        for text in ["cert = 'a'", "key = 'a'", "self_signed = true\ncert = 'a'\nkey = 'b'"] {
            let error = Config::from_toml(&format!("[tls]\n{text}")).unwrap_err().to_string();
            assert!(error.starts_with("'tls.cert' (--tls-cert) and 'tls.key' (--tls-key)"), "{text}: {error}");
        }
    }

    #[test]
    fn a_webhook_has_a_url_and_a_secret_which_no_complaint_shows() {
        for text in [
            "url = 'http://a.test'",
            "secret = 'whsec_0123456789abcdef'",
            "secret = 'whsec_0123456789abcdef' x",
            "timeout_seconds = 'whsec_0123456789abcdef'",
            "url = 'whsec_0123456789abcdef'",
        ] {
            let error = Config::from_toml(&format!("[webhook]\n{text}")).unwrap_err().to_string();
            assert!(!error.contains("0123456789"), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        for (text, key) in [
            ("colour = 1", "colour"),
            ("[otp]\nsecond = 1", "second"),
            ("[instant_link]\nx = 1", "x"),
            ("[limits]\ny = 1", "y"),
            ("[webhook]\nz = 1", "z"),
        ] {
            let error = Config::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(&format!("unknown field `{key}`")), "{error}");
        }
    }
}
