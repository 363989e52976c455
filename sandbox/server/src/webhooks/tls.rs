//! TLS to webhooks: the trusted roots, and the handshake. The listener's own TLS is in its crate.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::network::NetworkStream;
use crate::config::read_webhook_ca;

/// The client side of TLS. Trusts the roots of the operating system and the CAs of an optional file.
pub(crate) struct WebhookTls {
    ca: Option<PathBuf>,
    /// Built at the first https request: most sandboxes make none.
    connector: OnceCell<TlsConnector>,
}

impl WebhookTls {
    pub(crate) fn new(ca: Option<PathBuf>) -> Self {
        Self { ca, connector: OnceCell::new() }
    }

    /// Makes a TLS handshake with a host: a name, or an address without brackets.
    ///
    /// # Errors
    /// The CA file is unreadable, the certificate is not trusted, or the connection broke.
    pub(crate) async fn secure(
        &self,
        host: &str,
        stream: Box<dyn NetworkStream>,
    ) -> io::Result<Box<dyn NetworkStream>> {
        let connector = self.connector.get_or_try_init(|| async {
            let ca = self.ca.clone();
            // Blocking: this reads files, hundreds on some systems.
            tokio::task::spawn_blocking(move || connector(ca.as_deref())).await?
        });
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = connector.await?.connect(name, stream).await?;
        Ok(Box::new(stream))
    }
}

fn connector(ca: Option<&Path>) -> io::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    // A system without roots is no error: the CA file can be enough.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(ca) = ca {
        for certificate in read_webhook_ca(ca).map_err(io::Error::other)? {
            roots.add(certificate).map_err(io::Error::other)?;
        }
    }
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let client = client.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let mut client = client.with_root_certificates(roots).with_no_client_auth();
    client.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(client)))
}
