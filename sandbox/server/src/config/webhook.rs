//! The webhook endpoint of all projects.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use handset_protocol::Secret;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Url;

use super::ConfigError;

/// A webhook endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its URL.
    pub url: WebhookUrl,
    /// Its signing secret.
    pub secret: WebhookSecret,
}

impl Webhook {
    /// From two settings.
    ///
    /// # Errors
    /// Only one of them is set.
    pub(crate) fn of(url: Option<WebhookUrl>, secret: Option<WebhookSecret>) -> Result<Option<Self>, ConfigError> {
        match (url, secret) {
            (None, None) => Ok(None),
            (Some(url), Some(secret)) => Ok(Some(Self { url, secret })),
            _ => Err(ConfigError("'webhook.url' and 'webhook.secret' go together".to_owned())),
        }
    }
}

/// The URL of a webhook endpoint.
#[derive(Clone, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
