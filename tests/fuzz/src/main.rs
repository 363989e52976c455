//! `handset-fuzz [TARGET]`: runs the corpora of the fuzz targets, then inputs from a seed. `handset-fuzz TARGET FILE` runs one
//! input again.

use std::fs;
use std::io;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use handset_test_fuzz::{FuzzTarget, Mutator, SeedCorpus, TARGETS, fuzz_folder};

#[derive(Parser)]
#[command(about = "Runs the corpora of the fuzz targets, then inputs from a seed")]
struct FuzzArguments {
    /// The target [default: all].
    #[arg(value_parser = target)]
    target: Option<FuzzTarget>,
    /// Runs this input alone.
    #[arg(requires = "target")]
    file: Option<PathBuf>,
    /// Number of inputs from the seed.
    #[arg(long, default_value_t = 20_000)]
    runs: u64,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn target(name: &str) -> Result<FuzzTarget, String> {
    let names = TARGETS.map(|target| target.name).join(", ");
    TARGETS.into_iter().find(|target| target.name == name).ok_or_else(|| format!("there are {names}"))
}

fn main() -> io::Result<ExitCode> {
    let arguments = FuzzArguments::parse();
    if let (Some(target), Some(file)) = (arguments.target, arguments.file) {
        (target.run)(&fs::read(file)?);
        return Ok(ExitCode::SUCCESS);
    }
    let targets = arguments.target.map_or(TARGETS.to_vec(), |target| vec![target]);
    let mut code = ExitCode::SUCCESS;
    for target in targets {
        if !run(target, arguments.runs, arguments.seed)? {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// Whether all inputs passed. The first that does not ends the target.
fn run(target: FuzzTarget, runs: u64, seed: u64) -> io::Result<bool> {
    let began = Instant::now();
    let FuzzTarget { name, run } = target;
    let corpus = SeedCorpus::read(&fuzz_folder(), name)?;
    for (path, input) in &corpus.inputs {
        if catch_unwind(|| run(input)).is_err() {
            println!("{name}: FAILED with an input of the corpus\n    again: {}", again(name, path));
            return Ok(false);
        }
    }
    let mut mutator = Mutator::new(&corpus, seed);
    for number in 1..=runs {
        let input = mutator.next_input();
        if catch_unwind(|| run(&input)).is_err() {
            let folder = fuzz_folder().join("artifacts").join(name);
            fs::create_dir_all(&folder)?;
            let path = folder.join(format!("seed-{seed}-{number}"));
            fs::write(&path, &input)?;
            println!("{name}: FAILED with input {number} of seed {seed}\n    again: {}", again(name, &path));
            return Ok(false);
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{name}: {} inputs of the corpus and {runs} of seed {seed} in {seconds:.1} s", corpus.inputs.len());
    Ok(true)
}

fn again(name: &str, path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    format!("cargo run -p handset-test-fuzz -- {name} {}", path.display())
}
