//! A settings file over the defaults.

use super::file::WebhookFile;
use super::{Config, ConfigError, HostEntry, Tls, Webhook, diagnostics};

impl Config {
    /// Reads a TOML file's text over the defaults. Every key is optional; an unknown one is refused by name.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let file = diagnostics::read(text)?;
        let mut config = Self::default();
        set(&mut config.listen, file.listen.map(|address| address.0));
        config.origin = file.origin;
        config.allow_hosts = HostEntry::named(file.allow_hosts);
        config.www = file.www;
        set(&mut config.store, file.store);
        config.data = file.data;
        set(&mut config.log_format, file.log_format);
        set(&mut config.strict_test_users, file.strict_test_users);
        set(&mut config.rate_limit, file.rate_limit.map(|limit| limit.0));
        config.chaos_seed = file.chaos;
        set(&mut config.otp_seconds, file.otp.seconds);
        set(&mut config.otp_resend_pause_seconds, file.otp.resend_pause_seconds);
        set(&mut config.otp_tries_per_number, file.otp.tries_per_number);
        set(&mut config.otp_number_window_seconds, file.otp.number_window_seconds);
        set(&mut config.sms_per_session, file.sms.per_session);
        set(&mut config.sms_per_number, file.sms.per_number);
        set(&mut config.sms_window_seconds, file.sms.number_window_seconds);
        set(&mut config.link_seconds, file.instant_link.seconds);
        set(&mut config.link_start_reply, file.instant_link.start_reply);
        config.tls = Tls::of(file.tls.self_signed.unwrap_or(false), file.tls.cert, file.tls.key)?;
        config.limits = file.limits;
        let WebhookFile { url, secret, timeout_seconds, ca } = file.webhook;
        let (url, secret) =
            (url.map(|url| url.parse()).transpose()?, secret.map(|secret| secret.expose().parse()).transpose()?);
        config.webhook = Webhook::of(url, secret)?;
        set(&mut config.webhook_seconds, timeout_seconds);
        config.webhook_ca = ca;
        Ok(config)
    }
}

/// Takes over a value that was given.
fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}
