//! The `handset-sandbox` binary: logs, signals, the ready line. Everything else is in the library.

mod port_file;

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use handset_sandbox::{AppState, Flags, SystemClock, SystemRandom, serve};
use port_file::PortFile;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// How long requests that are under way get to end.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
    match run(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), Box<dyn Error>> {
    let port_file = flags.port_file().map(Path::to_owned);
    let mut config = flags.config()?;
    // Before the ready line, so that a signal after it always ends the sandbox in order.
    let ended = end_signal()?;
    let named = |error: std::io::Error| format!("--port-file: {error}");
    port_file.as_deref().map(PortFile::clear).transpose().map_err(named)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| format!("{}: {error}", config.listen))?;
    config.listen = listener.local_addr()?;
    if config.listens_beyond_loopback() {
        tracing::warn!(
            "listening beyond loopback: whoever reaches {} can sign in as anyone, its secrets are public",
            config.listen
        );
    }
    if let Some(seed) = config.chaos_seed {
        tracing::warn!(
            "chaos: what the page's authenticator sends is broken on purpose, by the plan of the seed {seed}"
        );
    }
    let state = AppState::new(config.clone(), Arc::new(SystemClock), Arc::new(SystemRandom::new()?));
    let stop = tokio_util::sync::CancellationToken::new();
    let server = tokio::spawn(serve(listener, state.clone(), stop.clone().cancelled_owned()));
    let port_file =
        port_file.as_deref().map(|path| PortFile::write(path, config.listen.port())).transpose().map_err(named)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "handset-sandbox listening on http://{}", config.listen)?;
    stdout.flush()?;
    ended.await;
    tracing::info!("ending");
    drop(port_file);
    stop.cancel();
    state.shut_down().await;
    match tokio::time::timeout(LAST_REQUESTS, server).await {
        Ok(served) => Ok(served??),
        // A client that holds its connection open does not hold the sandbox.
        Err(_) => Ok(()),
    }
}

/// Ends with SIGTERM or Ctrl-C. The handlers are in place when this returns.
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

/// Ends with Ctrl-C. The handler is in place when this returns.
#[cfg(windows)]
fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
