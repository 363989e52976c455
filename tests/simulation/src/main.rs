//! `handset-simulation --seeds N`: runs seeds and prints what did not hold, with the trace of the first that failed.

use std::{collections::BTreeMap, process::ExitCode, time::Instant};

use clap::{Parser, ValueEnum};
use handset::flow::Bug;

#[derive(Parser)]
#[command(about = "Drives the real flows against the real sandbox in virtual time, through a network that fails")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// A bug to plant, which must then be found.
    #[arg(long)]
    plant: Option<Plant>,
    /// Prints the trace of every seed.
    #[arg(long)]
    verbose: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Plant {
    FinishTwice,
    IgnoreDeadline,
    LoseLastMessage,
}

impl From<Plant> for Bug {
    fn from(plant: Plant) -> Self {
        match plant {
            Plant::FinishTwice => Self::FinishTwice,
            Plant::IgnoreDeadline => Self::IgnoreDeadline,
            Plant::LoseLastMessage => Self::LoseLastMessage,
        }
    }
}

fn main() -> std::io::Result<ExitCode> {
    let arguments = Arguments::parse();
    let began = Instant::now();
    let mut endings: BTreeMap<String, u64> = BTreeMap::new();
    let mut failed = 0_u64;
    for seed in arguments.from..arguments.from + arguments.seeds {
        let outcome = handset_simulation::run(seed, arguments.plant.map(Into::into))?;
        let is_first_failure = !outcome.violations.is_empty() && failed == 0;
        if arguments.verbose || is_first_failure {
            println!("seed {seed}, trace {:016x}\n{}", outcome.hash, outcome.lines.join("\n"));
        }
        for violation in &outcome.violations {
            println!("seed {seed} does not hold: {violation}");
        }
        failed += u64::from(!outcome.violations.is_empty());
        *endings.entry(outcome.ending).or_default() += 1;
    }
    for (ending, count) in &endings {
        println!("{count:>7}  {ending}");
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{} seeds in {seconds:.1} s, {:.0} a second", arguments.seeds, arguments.seeds as f64 / seconds);
    println!("simulation: {} passed, {failed} failed", arguments.seeds - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
