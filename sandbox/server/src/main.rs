//! The `handset-sandbox` binary: logs, signals, the ready line. Everything else is in the library.

mod log;
mod port_file;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use handset_sandbox::{
    AppState, Config, Flags, Storage, SystemClock, SystemRandom, TlsServer, config_reference, serve, serve_carrier,
    tls_server,
};
use handset_sandbox_store::{MemoryStore, SqliteStore, Store};
use port_file::PortFile;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Time that requests in flight have to finish after a signal.
const REQUEST_GRACE: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    if flags.config_reference() {
        return match write!(std::io::stdout(), "{}", config_reference()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let port_file = flags.port_file().map(Path::to_owned);
    let requested_format = flags.log_format();
    let config = flags.config();
    // An error in the settings is logged in the requested format.
    log::begin(config.as_ref().map_or(requested_format, |config| config.log_format));
    let ended = match config {
        Ok(config) => run(config, port_file.as_deref()).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut config: Config, port_file: Option<&Path>) -> Result<(), Box<dyn Error>> {
    // Before the ready line, so that a signal after it always shuts the sandbox down in order.
    let ended = end_signal()?;
    let tls = tls_server(&config)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| format!("{}: {error}", config.listen))?;
    config.listen = listener.local_addr()?;
    let carrier = TcpListener::bind(config.carrier.listen).await;
    let carrier = carrier.map_err(|error| format!("--carrier-listen {}: {error}", config.carrier.listen))?;
    config.carrier.listen = carrier.local_addr()?;
    if config.listens_beyond_loopback() {
        tracing::warn!(
            "listening beyond loopback: anyone who reaches {} can sign in as any user, because the credentials are public",
            config.listen
        );
    }
    if let Some(seed) = config.chaos_seed {
        tracing::warn!("chaos: injecting faults into page requests, seed {seed}");
    }
    log_ca(tls.as_ref());
    let scheme = if tls.is_some() { "https" } else { "http" };
    let store: Arc<dyn Store> = match &config.store {
        Storage::Memory => Arc::new(MemoryStore::new()),
        Storage::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
    };
    let random = Arc::new(SystemRandom::new()?);
    tracing::info!("the carrier of Mobile Auth is at {}", config.carrier_origin());
    let state = AppState::open(config.clone(), Arc::new(SystemClock), random, store).await?;
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve(listener, state.clone(), tls.clone(), stop.clone()));
    let ending = state.clone();
    tokio::spawn(async move { ending.end_journeys().await });
    let carrier = tokio::spawn(serve_carrier(carrier, state.clone(), tls, stop.clone()));
    // Last, after everything that can fail: the write replaces an existing file.
    let named = |error: std::io::Error| format!("--port-file: {error}");
    let port_file = port_file.map(|path| PortFile::write(path, config.listen.port())).transpose().map_err(named)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "handset-sandbox listening on {scheme}://{}", config.listen)?;
    stdout.flush()?;
    ended.await;
    tracing::info!("shutting down");
    drop(port_file);
    stop.cancel();
    state.shut_down().await;
    // An open client connection does not delay the exit.
    match tokio::time::timeout(REQUEST_GRACE, async { tokio::join!(server, carrier) }).await {
        Ok((server, carrier)) => Ok(server.and(carrier)?),
        Err(_) => Ok(()),
    }
}

/// Logs how to trust the local CA at the start that created it, and its file at later starts.
fn log_ca(tls: Option<&TlsServer>) {
    let Some(ca) = tls.and_then(|tls| tls.ca.as_ref()) else { return };
    let file = ca.path.display();
    if ca.is_new {
        tracing::warn!(
            "created a local CA: {file}. Browsers trust the sandbox once they trust this CA: import it as an \
             authority (macOS: security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {file}; \
             curl: --cacert; Node.js: NODE_EXTRA_CA_CERTS). docs/sandbox.md covers other systems"
        );
    } else {
        tracing::info!("certificate signed by the local CA {file}");
    }
}

/// Resolves on SIGTERM or Ctrl-C. The handlers are installed when this returns.
#[cfg(unix)]
fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves on Ctrl-C. The handler is installed when this returns.
#[cfg(windows)]
fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
