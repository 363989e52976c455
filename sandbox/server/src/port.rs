//! Serves the sandbox on a port: the listener's limits and TLS from the settings, its observer for the metrics. Connections are
//! in the crate `handset-sandbox-listener`.

use std::any::Any;
use std::time::Duration;

use handset_sandbox_listener::{
    ConnectionLimits, ConnectionObserver, ConnectionRejection, PemFile, TlsError, TlsServer,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::AppState;
use crate::config::{Config, Limits, Tls};
use crate::http::{app, carrier};
use crate::metrics::Metrics;

/// Serves [`app()`] on a port until `stop` is cancelled and the last connection has ended.
pub async fn serve(listener: TcpListener, state: AppState, tls: Option<TlsServer>, stop: CancellationToken) {
    let limits = connection_limits(&state.0.config.limits);
    let (origin, metrics) = (state.0.origin.to_string(), state.0.metrics.clone());
    handset_sandbox_listener::serve(listener, app(state), tls, limits, origin, metrics, stop).await;
}

/// Serves [`carrier()`] on a port of its own, with the limits of the main port, until `stop` is cancelled and the last
/// connection has ended.
pub async fn serve_carrier(listener: TcpListener, state: AppState, tls: Option<TlsServer>, stop: CancellationToken) {
    let limits = connection_limits(&state.0.config.limits);
    let (origin, metrics) = (state.0.carrier_origin.to_string(), state.0.metrics.clone());
    handset_sandbox_listener::serve(listener, carrier(state), tls, limits, origin, metrics, stop).await;
}

/// The TLS server of the settings. `None`: plain http. Creates a local CA in the data folder if the settings require one and
/// none exists.
///
/// # Errors
/// A certificate, a key or the local CA cannot be read or used.
pub fn tls_server(config: &Config) -> Result<Option<TlsServer>, TlsError> {
    match config.tls.certificate().map_err(|error| TlsError::new(error.to_string()))? {
        Tls::Off => Ok(None),
        Tls::Files { cert, key } => {
            let cert = PemFile { setting: "'tls.cert' (--tls-cert)", path: &cert };
            let key = PemFile { setting: "'tls.key' (--tls-key)", path: &key };
            TlsServer::from_files(cert, key).map(Some)
        }
        Tls::SelfSigned => {
            let folder = config.data_folder().map_err(|error| TlsError::new(error.to_string()))?;
            TlsServer::self_signed(&folder, config.public_origin().host()).map(Some)
        }
    }
}

fn connection_limits(limits: &Limits) -> ConnectionLimits {
    let seconds = |limit: u32| Duration::from_secs(limit.into());
    let count = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
    ConnectionLimits {
        head: seconds(limits.head_seconds),
        head_bytes: count(limits.head_bytes),
        body: seconds(limits.body_seconds),
        write: seconds(limits.write_seconds),
        connections: count(limits.connections),
    }
}

impl ConnectionObserver for Metrics {
    fn opened(&self) -> Box<dyn Any + Send> {
        Box::new(self.connection())
    }

    fn rejected(&self, reason: ConnectionRejection) {
        self.connections_refused.increment(reason);
    }
}
