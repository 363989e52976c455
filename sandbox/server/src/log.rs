//! What is logged: to stderr, as `RUST_LOG` asks, and never what a client sends.

use std::env::VarError;
use std::io::IsTerminal;

use handset_sandbox::LogFormat;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What chooses.
const VARIABLE: &str = "RUST_LOG";
/// What is logged where nobody has chosen.
const DEFAULT: &str = "info";
/// Libraries that log what they read.
const TALKATIVE: [&str; 2] = ["tungstenite", "tokio_tungstenite"];

/// From here on what is logged is written to stderr.
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
        tracing::warn!("{VARIABLE} {complaint}: '{DEFAULT}' holds");
    }
    // Whoever searches a log for secrets has to know that it is all there is.
    tracing::trace!("logged at every level");
}

/// The filter, and why it is not the one that was asked for.
fn chosen() -> (EnvFilter, Option<String>) {
    let default = || EnvFilter::new(DEFAULT);
    match std::env::var(VARIABLE) {
        Err(VarError::NotPresent) => (default(), None),
        Err(VarError::NotUnicode(_)) => (default(), Some("is no text".to_owned())),
        Ok(text) if text.trim().is_empty() => (default(), None),
        Ok(text) => match EnvFilter::try_new(&text) {
            Ok(filter) => (filter, None),
            Err(error) => (default(), Some(format!("cannot be read ({error})"))),
        },
    }
}

/// Whatever `RUST_LOG` says.
fn is_discreet(entry: &Metadata<'_>) -> bool {
    let library = entry.target().split("::").next().unwrap_or_default();
    *entry.level() <= Level::INFO || !TALKATIVE.contains(&library)
}
