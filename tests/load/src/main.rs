//! What the sandbox carries: flows a second, memory for each page that waits, and how long a click takes to reach its page.
//! Beside each a floor that is measured in the same run, in turn with it. Only over loopback.
//!
//! `npm run bench:sandbox` builds the sandbox and runs this; the tables go to stdout.

mod figures;
mod floor;
mod flows;
mod http;
mod limits;
mod measure;
mod report;
mod server;
mod sockets;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::runtime::Builder;
use tokio::time::timeout;

/// Why nothing was measured.
pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Measures the sandbox under load.
#[derive(Parser)]
pub(crate) struct Options {
    /// The sandbox's binary.
    #[arg(long, default_value = "handset-sandbox")]
    sandbox: PathBuf,
    /// Where the SQLite files may be, for as long as it takes.
    #[arg(long, default_value = ".")]
    scratch: PathBuf,
    /// A file for the tables, besides stdout.
    #[arg(long)]
    tables: Option<PathBuf>,
    /// How often everything is measured; one round more comes first and is not counted.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long flows are counted in each round, in ms.
    #[arg(long, default_value_t = 2000)]
    flow_ms: u64,
    /// How many clients there are.
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// At how many sockets memory is read.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,19000")]
    sockets: Vec<usize>,
    /// How many sockets wait while links are opened.
    #[arg(long, default_value_t = 10_000)]
    waiting: usize,
    /// How many links are opened in each round.
    #[arg(long, default_value_t = 1000)]
    clicks: usize,
    /// Only one of the three.
    #[arg(long)]
    only: Option<Part>,
    /// Longest that all of it may take, in s.
    #[arg(long, default_value_t = 1500)]
    at_most_seconds: u64,
    /// Is the floor's server instead.
    #[arg(long, hide = true)]
    serve_floor: bool,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Flows a second.
    Flows,
    /// Memory of sockets that wait.
    Memory,
    /// From click to event.
    Latency,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failed> {
    if options.serve_floor {
        // As the sandbox has it.
        return Builder::new_multi_thread().enable_all().build()?.block_on(floor::serve());
    }
    // All clients are one thread, so that they take as little as they can of what they share with the server.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let most = Duration::from_secs(options.at_most_seconds);
    let report = runtime.block_on(async { timeout(most, measure::all(options)).await });
    let tables = report.map_err(|_| "it took too long")??.to_string();
    if let Some(file) = &options.tables {
        std::fs::write(file, &tables)?;
    }
    print!("{tables}");
    Ok(())
}
