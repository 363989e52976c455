//! The `handset-sandbox` binary: flags, logs, signals. Everything else is in the library.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use handset_sandbox::{AppState, Config, Origin, RateLimit, SystemClock, SystemRandom, app};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// How long requests that are under way get to end.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

/// A local backend that plays the whole vendor side of phone sign-in. Nothing leaves this machine.
#[derive(Parser)]
#[command(version)]
struct Flags {
    /// Where to listen; port 0 takes any that is free [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Origin that browsers see; required when listening beyond loopback [default: http:// and the address]
    #[arg(long, value_name = "URL")]
    origin: Option<Origin>,
    /// Folder of the demo page [default: the page that was built in]
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,
    /// Settings as TOML; flags come before the file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Serve test users only: any other number is refused
    #[arg(long)]
    strict_test_users: bool,
    /// How long a code is good, in seconds [default: 120]
    #[arg(long, value_name = "SECONDS")]
    otp_seconds: Option<u32>,
    /// How long a link is good, in seconds [default: 180]
    #[arg(long, value_name = "SECONDS")]
    link_seconds: Option<u32>,
    /// Requests a second and credential, or 'off' [default: 25]
    #[arg(long, value_name = "NUMBER")]
    rate_limit: Option<RateLimit>,
}

impl Flags {
    fn config(self) -> Result<Config, Box<dyn Error>> {
        let mut config = match &self.config {
            Some(file) => {
                let named = |error: &dyn std::fmt::Display| format!("--config {}: {error}", file.display());
                let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
                Config::from_toml(&text).map_err(|error| named(&error))?
            }
            None => Config::default(),
        };
        config.listen = self.listen.unwrap_or(config.listen);
        config.origin = self.origin.or(config.origin);
        config.www = self.www.or(config.www);
        config.strict_test_users |= self.strict_test_users;
        config.otp_seconds = self.otp_seconds.unwrap_or(config.otp_seconds);
        config.link_seconds = self.link_seconds.unwrap_or(config.link_seconds);
        config.rate_limit = self.rate_limit.map_or(config.rate_limit, |limit| limit.0);
        config.check()?;
        Ok(config)
    }
}

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
    let mut config = flags.config()?;
    // Before the ready line, so that a signal after it always ends the sandbox in order.
    let ended = end_signal()?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| format!("{}: {error}", config.listen))?;
    config.listen = listener.local_addr()?;
    if config.listens_beyond_loopback() {
        tracing::warn!(
            "listening beyond loopback: whoever reaches {} can sign in as anyone, its secrets are public",
            config.listen
        );
    }
    let state = AppState::new(config.clone(), Arc::new(SystemClock), Arc::new(SystemRandom::new()?));
    let stop = tokio_util::sync::CancellationToken::new();
    let server = axum::serve(listener, app(state.clone())).with_graceful_shutdown(stop.clone().cancelled_owned());
    let server = tokio::spawn(server.into_future());
    let mut stdout = std::io::stdout();
    writeln!(stdout, "handset-sandbox listening on http://{}", config.listen)?;
    stdout.flush()?;
    ended.await;
    tracing::info!("ending");
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
