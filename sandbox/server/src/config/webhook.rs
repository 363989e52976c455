//! Settings of webhooks, and the endpoint that they choose for all projects.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use handset_protocol::Secret;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use url::Url;

use super::ConfigError;
use super::section::section;

section! {
    /// The settings of webhooks.
    pub struct WebhookConfig {
        /// URL of the endpoint. Requires `secret`.
        #[schemars(with = "Option<String>")]
        url: Option<WebhookUrl> = None;
        /// Signing secret: `whsec_` and 16 to 250 characters; the prefix is part of the key. Requires `url`.
        #[schemars(with = "Option<String>")]
        secret: Option<WebhookSecret> = None;
        /// Time limit of an attempt, in seconds; a later reply counts as a failure.
        timeout_seconds: u32 = 5, at least 1;
        /// CA certificates, as PEM, that are trusted for `https` endpoints in addition to those of this machine; also for the
        /// endpoints of projects.
        ca: Option<PathBuf> = None;
    }
}

impl WebhookConfig {
    /// The endpoint.
    pub(crate) fn endpoint(&self) -> Option<Webhook> {
        let (url, secret) = self.url.clone().zip(self.secret.clone())?;
        Some(Webhook { url, secret })
    }

    /// Checks that the URL and the secret go together.
    ///
    /// # Errors
    /// Only one of them is set.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.url.is_some() == self.secret.is_some() {
            return Ok(());
        }
        Err(ConfigError("'webhook.url' and 'webhook.secret' go together".to_owned()))
    }
}

/// A webhook endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its URL.
    pub url: WebhookUrl,
    /// Its signing secret.
    pub secret: WebhookSecret,
}

/// The URL of a webhook endpoint.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// The expected format, for error texts.
    pub(crate) const SHAPE: &str =
        "an http or https URL of at most 2000 characters, without user, password or fragment";

    /// The URL. Its path or query may hold a secret.
    pub(crate) fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[url]")
    }
}

impl FromStr for WebhookUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let url = Url::parse(text).ok().filter(|url| {
            let anonymous = url.username().is_empty() && url.password().is_none();
            let is_http = matches!(url.scheme(), "http" | "https");
            text.len() <= 2000 && is_http && anonymous && url.fragment().is_none()
        });
        url.map(Self).ok_or_else(|| ConfigError(format!("'webhook.url' must be {}", Self::SHAPE)))
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

/// Reads the CA certificates that are trusted in addition to those of the machine.
pub(crate) fn read_webhook_ca(file: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let refused = |error: &dyn fmt::Display| ConfigError(format!("'webhook.ca' {}: {error}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| refused(&error))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let certificates = certificates.map_err(|error| refused(&format!("holds no certificate as PEM ({error})")))?;
    if certificates.is_empty() {
        return Err(refused(&"holds no certificate as PEM"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| refused(&format!("holds no certificate of a CA ({error})")))?;
    }
    Ok(certificates)
}

/// The signing secret of a webhook endpoint. The prefix `whsec_` is part of the key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WebhookSecret(Secret);

impl WebhookSecret {
    /// The expected format, for error texts.
    pub(crate) const SHAPE: &str = "whsec_ and 16 to 250 printable characters without blanks";
    /// The prefix.
    pub(crate) const PREFIX: &str = "whsec_";

    /// The secret.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for WebhookSecret {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let is_right = text
            .strip_prefix(Self::PREFIX)
            .is_some_and(|rest| (16..=250).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_graphic()));
        let error = || ConfigError(format!("'webhook.secret' must be {}", Self::SHAPE));
        is_right.then(|| Self(text.into())).ok_or_else(error)
    }
}

impl TryFrom<String> for WebhookSecret {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_are_no_webhooks_are_refused_by_name() {
        for text in ["", "x", "ftp://a.test/", "http://u@a.test/", "http://u:p@a.test/", "http://a.test/#x"] {
            let error = text.parse::<WebhookUrl>().unwrap_err().to_string();
            assert!(error.starts_with("'webhook.url' must be"), "{text}: {error}");
        }
        for text in ["http://127.0.0.1:1/hook", "http://[::1]:1/?a=b", "http://receiver", "https://receiver:8443/hook"]
        {
            assert!(text.parse::<WebhookUrl>().is_ok(), "{text}");
        }
    }

    #[test]
    fn short_secrets_and_others_are_refused_by_name() {
        for text in ["", "whsec_", "whsec_short", "0123456789abcdef0123456789", "whsec_0123456789 abcdef"] {
            let error = text.parse::<WebhookSecret>().unwrap_err().to_string();
            assert!(error.starts_with("'webhook.secret' must be"), "{text}: {error}");
        }
        assert!("whsec_0123456789abcdef".parse::<WebhookSecret>().is_ok());
    }

    #[test]
    fn neither_prints() {
        let url = "http://receiver/of-token".parse().unwrap();
        let webhook = Webhook { url, secret: "whsec_0123456789abcdef".parse().unwrap() };
        let printed = format!("{webhook:?}");
        assert!(!printed.contains("0123") && !printed.contains("receiver"), "{printed}");
    }
}
