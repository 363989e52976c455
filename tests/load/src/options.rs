//! The command line: what is measured, how often and how long.

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
    /// A file for the tables, besides stdout.
    #[arg(long)]
    pub(crate) tables: Option<PathBuf>,
    /// How many rounds are counted; one more comes first and is not counted.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// How long flows are counted in each round, in ms.
    #[arg(long, default_value_t = 2000)]
    pub(crate) flow_ms: u64,
    /// How many clients there are.
    #[arg(long, default_value_t = 8)]
    pub(crate) clients: usize,
    /// The numbers of sockets at which memory is read.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,19000")]
    pub(crate) sockets: Vec<usize>,
    /// How many sockets wait while links are opened.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) waiting: usize,
    /// How many links are opened in each round.
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
    /// Flows a second.
    Flows,
    /// Memory of sockets that wait.
    Memory,
    /// From click to event.
    Latency,
}
