//! Settings of encryption, and the certificate that they choose.

use std::path::PathBuf;

use clap::ArgAction;

use super::ConfigError;
use super::section::{ENCRYPTION, section};

section! {
    /// The settings of encryption.
    #[derive(clap::Args)]
    pub struct TlsConfig {
        /// Serve https with a certificate for loopback names and the origin's host, signed by a local CA in the data folder.
        #[arg(id = "tls.self_signed", long = "tls-self-signed", help_heading = ENCRYPTION)]
        #[arg(help = "Serve https with a certificate of a local CA, kept in the data folder")]
        #[arg(action = ArgAction::Set, num_args = 0, default_missing_value = "true")]
        self_signed: bool = false;
        /// Serve https with this certificate chain: PEM, the leaf first. Requires `key`.
        #[arg(id = "tls.cert", long = "tls-cert", value_name = "FILE", help_heading = ENCRYPTION)]
        #[arg(help = "Serve https with this certificate chain (PEM)")]
        cert: Option<PathBuf> = None;
        /// Private key of `cert`, as PEM. Requires `cert`.
        #[arg(id = "tls.key", long = "tls-key", value_name = "FILE", help_heading = ENCRYPTION)]
        #[arg(help = "Private key of the certificate (PEM)")]
        key: Option<PathBuf> = None;
    }
}

/// Whether the port serves https, and with which certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Plain http.
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

impl TlsConfig {
    /// The certificate.
    ///
    /// # Errors
    /// The combination is ambiguous.
    pub(crate) fn certificate(&self) -> Result<Tls, ConfigError> {
        match (self.self_signed, self.cert.clone(), self.key.clone()) {
            (false, None, None) => Ok(Tls::Off),
            (true, None, None) => Ok(Tls::SelfSigned),
            (false, Some(cert), Some(key)) => Ok(Tls::Files { cert, key }),
            _ => {
                let text = "'tls.cert' (--tls-cert) and 'tls.key' (--tls-key) go together, and exclude \
                            'tls.self_signed' (--tls-self-signed)";
                Err(ConfigError(text.to_owned()))
            }
        }
    }

    /// Whether the port serves https.
    pub fn is_on(&self) -> bool {
        *self != Self::default()
    }
}
