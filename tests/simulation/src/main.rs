//! `handset-simulation --seeds N`: runs seeds and prints how flows ended, which faults took effect, and what did not hold,
//! with the trace of the first seed that failed.

use std::{
    io,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use clap::Parser;
use handset::flow::Bug;
use handset_simulation::{SimulationReport, log, logs_are_wanted, replay, run};
use tracing_subscriber::EnvFilter;

/// Seeds that did not hold and are named; more are only counted.
const NAMED: usize = 20;

#[derive(Parser)]
#[command(about = "Drives the real flows against the real sandbox in virtual time, through a network that fails")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Runs this seed alone, and prints its trace.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// How many threads run them [default: as many as there are processors].
    #[arg(long)]
    threads: Option<usize>,
    /// A bug to seed, which must then be found.
    #[arg(long, value_parser = bug)]
    bug: Option<Bug>,
    /// Prints the trace of every seed.
    #[arg(long)]
    verbose: bool,
}

fn bug(name: &str) -> Result<Bug, String> {
    let of_that_name = Bug::ALL.iter().find(|bug| format!("{bug:?}") == name);
    of_that_name.copied().ok_or_else(|| format!("there are {:?}", Bug::ALL))
}

/// The result of one thread: its summary, and the broken promises, by seed.
type ThreadResult = (SimulationReport, Vec<(u64, Vec<String>)>);

fn main() -> io::Result<ExitCode> {
    let mut arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        (arguments.from, arguments.seeds, arguments.verbose) = (seed, 1, true);
    }
    if logs_are_wanted() {
        log_everything();
    }
    let began = Instant::now();
    let (report, mut failures) = run_all(&arguments)?;
    let seconds = began.elapsed().as_secs_f64();

    failures.sort_unstable();
    if let (Some((first, _)), false) = (failures.first(), arguments.verbose) {
        let outcome = run(*first, arguments.bug)?;
        println!("seed {first}, trace {:016x}\n{}", outcome.hash, outcome.lines.join("\n"));
    }
    for (seed, violations) in failures.iter().take(NAMED) {
        println!("seed {seed} does not hold: {}", violations.join("; "));
        println!("    again: {}", replay(*seed, arguments.bug));
    }
    print!("{report}");
    let surprises = report.surprises();
    for surprise in &surprises {
        println!("The distribution is not what it should be: {surprise}.");
    }
    println!("{} seeds in {seconds:.1} s, {:.0} a second", report.seeds(), report.seeds() as f64 / seconds);
    println!("simulation: {} passed, {} failed", report.seeds() - report.failed(), report.failed());
    Ok(if report.failed() == 0 && surprises.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every thread takes the next free seed. A run does not depend on its thread.
fn run_all(arguments: &Arguments) -> io::Result<ThreadResult> {
    let next = AtomicU64::new(arguments.from);
    let end = arguments.from + arguments.seeds;
    let work = || -> io::Result<ThreadResult> {
        let (mut report, mut failures) = ThreadResult::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return Ok((report, failures));
            }
            let outcome = run(seed, arguments.bug)?;
            report.add(&outcome);
            if arguments.verbose {
                println!("seed {seed}, trace {:016x}\n{}", outcome.hash, outcome.lines.join("\n"));
            }
            if !outcome.violations.is_empty() {
                failures.push((seed, outcome.violations.iter().map(ToString::to_string).collect()));
            }
        }
    };
    let threads = arguments.threads.or_else(|| Some(thread::available_parallelism().ok()?.get())).unwrap_or(1);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let (mut report, mut failures) = ThreadResult::default();
        for worker in workers {
            let (part, failed) = worker.join().map_err(|_| io::Error::other("a run panicked"))??;
            report.merge(part);
            failures.extend(failed);
        }
        Ok((report, failures))
    })
}

/// The sandbox's own log, at the trace level, goes to the log of the simulation. The WebSocket library does not: here it
/// is the client's too, which the sandbox's process has no part of, and a client logs the URL that it connects to.
fn log_everything() {
    let filter = EnvFilter::new("trace,tungstenite=off,tokio_tungstenite=off");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).without_time().with_writer(|| Lines).init();
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        log(&String::from_utf8_lossy(buffer));
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
