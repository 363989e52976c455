//! The TLS configuration of a port: from files, or with a certificate of the local CA.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, version};

use crate::error::TlsError;
use crate::local_ca::LocalCa;

/// The TLS configuration of a port.
#[derive(Clone, Debug)]
pub struct TlsServer {
    pub(crate) config: Arc<ServerConfig>,
    /// The CA to trust; only for [`TlsServer::self_signed`].
    pub ca: Option<LocalCaFile>,
}

/// The certificate of the local CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalCaFile {
    /// Path of the PEM file.
    pub path: PathBuf,
    /// Whether [`TlsServer::self_signed`] has created the CA.
    pub is_new: bool,
}

/// A PEM file and its setting, both for error texts.
#[derive(Clone, Copy, Debug)]
pub struct PemFile<'a> {
    /// The setting, for example `'tls.cert' (--tls-cert)`.
    pub setting: &'a str,
    /// Path of the file.
    pub path: &'a Path,
}

impl fmt::Display for PemFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.path.display())
    }
}

impl TlsServer {
    /// A configuration with a certificate chain and its private key.
    ///
    /// # Errors
    /// A file cannot be read or holds no PEM of its kind, or the key is not the key of the certificate.
    pub fn from_files(cert: PemFile<'_>, key: PemFile<'_>) -> Result<Self, TlsError> {
        let names = format!("{cert} and {key}");
        let config = server_config(read_chain(cert)?, read_key(key)?, &names)?;
        Ok(Self { config, ca: None })
    }

    /// A configuration with a new certificate for loopback names and `origin_host`, signed by the CA in the data folder. A
    /// missing CA is created.
    ///
    /// # Errors
    /// The CA's files cannot be created, read or used.
    pub fn self_signed(data_folder: &Path, origin_host: &str) -> Result<Self, TlsError> {
        let ca = LocalCa::open(data_folder, origin_host)?;
        let (chain, key) = ca.issue()?;
        let config = server_config(chain, key, "the generated certificate and its key")?;
        Ok(Self { config, ca: Some(LocalCaFile { path: ca.file, is_new: ca.is_new }) })
    }
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    names: &str,
) -> Result<Arc<ServerConfig>, TlsError> {
    let unusable = |error| match error {
        rustls::Error::InconsistentKeys(_) => TlsError(format!("{names} do not belong together")),
        error => TlsError(format!("{names} cannot be used: {error}")),
    };
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(unusable)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}

fn read_chain(file: PemFile<'_>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let refused = |error: &dyn fmt::Display| TlsError(format!("{file}: {error}"));
    let bytes = std::fs::read(file.path).map_err(|error| refused(&error))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = chain.map_err(|error| refused(&format!("holds no certificate as PEM ({error})")))?;
    if chain.is_empty() { Err(refused(&"holds no certificate as PEM")) } else { Ok(chain) }
}

/// Errors never repeat the contents of the file.
fn read_key(file: PemFile<'_>) -> Result<PrivateKeyDer<'static>, TlsError> {
    let refused = |reason: &dyn fmt::Display| TlsError(format!("{file}: {reason}"));
    let bytes = std::fs::read(file.path).map_err(|error| refused(&error))?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| refused(&"holds no private key as PEM"))
}
