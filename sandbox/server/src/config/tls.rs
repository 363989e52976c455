use std::path::PathBuf;

use super::ConfigError;

/// Whether the port speaks https, and with which certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// It speaks http.
    #[default]
    Off,
    /// One for this machine's names and the origin's, signed by a CA of this sandbox's own.
    SelfSigned,
    /// A given one.
    Files {
        /// The certificate and those between it and its root, as PEM.
        cert: PathBuf,
        /// Its private key, as PEM.
        key: PathBuf,
    },
}

impl Tls {
    /// What the three settings mean together.
    pub(crate) fn of(self_signed: bool, cert: Option<PathBuf>, key: Option<PathBuf>) -> Result<Self, ConfigError> {
        match (self_signed, cert, key) {
            (false, None, None) => Ok(Self::Off),
            (true, None, None) => Ok(Self::SelfSigned),
            (false, Some(cert), Some(key)) => Ok(Self::Files { cert, key }),
            _ => {
                let text = "'tls.cert' (--tls-cert) and 'tls.key' (--tls-key) come together, and not with \
                            'tls.self_signed' (--tls-self-signed)";
                Err(ConfigError(text.to_owned()))
            }
        }
    }

    /// Whether the port speaks https.
    pub fn is_on(&self) -> bool {
        *self != Self::Off
    }
}
