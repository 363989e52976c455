//! Which certificate the port shows.

use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, version};

use super::local_ca::LocalCa;
use crate::config::{Config, ConfigError, Tls};

/// What the port needs to speak https.
#[derive(Clone, Debug)]
pub struct TlsServer {
    pub(super) config: Arc<ServerConfig>,
    /// The file of the CA to trust, where the certificate is of this sandbox's own making, and whether it is new.
    pub ca: Option<(std::path::PathBuf, bool)>,
}

/// The port cannot speak https as configured; the text says why.
#[derive(Debug)]
pub struct TlsError(pub(super) String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

impl From<ConfigError> for TlsError {
    fn from(error: ConfigError) -> Self {
        Self(error.to_string())
    }
}

/// As the settings say. `None`: plain http. Makes a CA in the data folder if one is wanted and there is none.
pub fn tls_server(config: &Config) -> Result<Option<TlsServer>, TlsError> {
    let (chain, key, ca, names) = match &config.tls {
        Tls::Off => return Ok(None),
        Tls::Files { cert, key } => {
            let names =
                format!("'tls.cert' (--tls-cert) {} and 'tls.key' (--tls-key) {}", cert.display(), key.display());
            (read_chain(cert)?, read_key(key)?, None, names)
        }
        Tls::SelfSigned => {
            let ca = LocalCa::of(&config.data_folder()?, config.public_origin().host())?;
            let (chain, key) = ca.issue()?;
            (chain, key, Some((ca.file, ca.is_new)), "the certificate that was made and its key".to_owned())
        }
    };
    let unusable = |error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError(format!("{names} do not belong together")),
        error => TlsError(format!("{names} cannot be used: {error}")),
    };
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(unusable)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsServer { config: Arc::new(server), ca }))
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let refused = |error: &dyn fmt::Display| TlsError(format!("'tls.cert' (--tls-cert) {}: {error}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| refused(&error))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = chain.map_err(|error| refused(&format!("holds no certificate as PEM ({error})")))?;
    if chain.is_empty() { Err(refused(&"holds no certificate as PEM")) } else { Ok(chain) }
}

/// Never repeats what the file holds.
fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let refused = |reason: &dyn fmt::Display| TlsError(format!("'tls.key' (--tls-key) {}: {reason}", file.display()));
    let bytes = std::fs::read(file).map_err(|error: io::Error| refused(&error))?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| refused(&"holds no private key as PEM"))
}
