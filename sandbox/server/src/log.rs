//! The log: stderr, filtered by `RUST_LOG`, without anything that a client sends.

use std::env::VarError;
use std::io::IsTerminal;

use handset_sandbox::LogFormat;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The environment variable with the filter.
const VARIABLE: &str = "RUST_LOG";
/// The filter without that variable.
const DEFAULT: &str = "info";
/// Libraries that log the bytes they read.
const TALKATIVE: [&str; 2] = ["tungstenite", "tokio_tungstenite"];

/// Installs the subscriber. Call once, before the first log line.
pub(crate) fn begin(format: LogFormat) {
    let (filter, complaint) = chosen();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            lines.with_ansi(std::io::stderr().is_terminal()).finish().with(filter_fn(is_discreet)).init()
        }
        LogFormat::Json => lines.json().finish().with(filter_fn(is_discreet)).init(),
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    if let Some(complaint) = complaint {
        tracing::warn!("{VARIABLE} {complaint}; using '{DEFAULT}'");
    }
    // A search for secrets needs proof that the log is complete.
    tracing::trace!("logged at every level");
}

/// The filter, and the reason if it is not the requested one.
fn chosen() -> (EnvFilter, Option<String>) {
    let default = || EnvFilter::new(DEFAULT);
    match std::env::var(VARIABLE) {
        Err(VarError::NotPresent) => (default(), None),
        Err(VarError::NotUnicode(_)) => (default(), Some("is not UTF-8".to_owned())),
        Ok(text) if text.trim().is_empty() => (default(), None),
        Ok(text) => match EnvFilter::try_new(&text) {
            Ok(filter) => (filter, None),
            Err(error) => (default(), Some(format!("cannot be parsed ({error})"))),
        },
    }
}

/// Whether an entry is free of client data, whatever `RUST_LOG` requests.
fn is_discreet(entry: &Metadata<'_>) -> bool {
    let library = entry.target().split("::").next().unwrap_or_default();
    *entry.level() <= Level::INFO || !TALKATIVE.contains(&library)
}
