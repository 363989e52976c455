//! What the sandbox carries: flows a second, memory for each page that waits, and how long a click takes to reach its page.
//! Beside each a floor that is measured in the same run, in turn with it. Only over loopback.
//!
//! `npm run bench:sandbox` builds the sandbox and runs this; the tables go to stdout.

mod error;
mod figures;
mod floor;
mod flows;
mod http;
mod limits;
mod measure;
mod options;
mod report;
mod server;
mod sockets;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::runtime::Builder;
use tokio::time::timeout;

use error::LoadError;
use options::LoadOptions;

fn main() -> ExitCode {
    match run(&LoadOptions::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &LoadOptions) -> Result<(), LoadError> {
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
