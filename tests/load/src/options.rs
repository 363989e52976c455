//! The command line: the measurements, and their number and duration.

use std::path::PathBuf;

use clap::Parser;

/// Measures the sandbox under load.
#[derive(Parser)]
pub(crate) struct LoadOptions {
    /// The sandbox's binary.
    #[arg(long, default_value = "handset-sandbox")]
    pub(crate) sandbox: PathBuf,
    /// The folder of the SQLite files during the run.
    #[arg(long, default_value = ".")]
    pub(crate) scratch: PathBuf,
    /// File for the tables, which also go to stdout.
    #[arg(long)]
    pub(crate) tables: Option<PathBuf>,
    /// How many rounds are counted; one more comes first and is not counted.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Duration of the flows in each round, in ms.
    #[arg(long, default_value_t = 2000)]
    pub(crate) flow_ms: u64,
    /// Number of clients.
    #[arg(long, default_value_t = 8)]
    pub(crate) clients: usize,
    /// The numbers of sockets at which memory is read.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,19000")]
    pub(crate) sockets: Vec<usize>,
    /// Number of waiting sockets while links are opened.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) waiting: usize,
    /// Number of opened links in each round.
    #[arg(long, default_value_t = 1000)]
    pub(crate) clicks: usize,
    /// Only one of the three measurements.
    #[arg(long)]
    pub(crate) only: Option<Measurement>,
    /// The longest time of the whole run, in s.
    #[arg(long, default_value_t = 1500)]
    pub(crate) at_most_seconds: u64,
    /// Serves as the floor instead.
    #[arg(long, hide = true)]
    pub(crate) serve_floor: bool,
}

/// A part of the measurement.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Measurement {
    /// Flows per second.
    Flows,
    /// Memory of waiting sockets.
    Memory,
    /// Time from click to event.
    Latency,
}
