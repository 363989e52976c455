//! The choice of a certificate.

use std::path::PathBuf;

use super::ConfigError;

/// Whether the port serves https, and with which certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Plain http.
    #[default]
    Off,
    /// A certificate for loopback names and the origin's host, signed by a local CA.
    SelfSigned,
    /// A certificate from files.
    Files {
        /// The certificate chain as PEM, the leaf first.
        cert: PathBuf,
        /// Its private key, as PEM.
        key: PathBuf,
    },
}

impl Tls {
    /// From the three settings.
    ///
    /// # Errors
    /// The combination is ambiguous.
    pub(crate) fn of(self_signed: bool, cert: Option<PathBuf>, key: Option<PathBuf>) -> Result<Self, ConfigError> {
        match (self_signed, cert, key) {
            (false, None, None) => Ok(Self::Off),
            (true, None, None) => Ok(Self::SelfSigned),
            (false, Some(cert), Some(key)) => Ok(Self::Files { cert, key }),
            _ => {
                let text = "'tls.cert' (--tls-cert) and 'tls.key' (--tls-key) go together, and exclude \
                            'tls.self_signed' (--tls-self-signed)";
                Err(ConfigError(text.to_owned()))
            }
        }
    }

    /// Whether the port serves https.
    pub fn is_on(&self) -> bool {
        *self != Self::Off
    }
}
