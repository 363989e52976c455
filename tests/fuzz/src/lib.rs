//! The fuzz targets. Each compares code of this workspace with another library, or with a rule that has to hold for every
//! input, and panics where they differ. `fuzz/` runs them under libFuzzer; the binary of this crate runs their corpora and
//! seeded mutations without it.

// A target reports what it finds by a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod json;
mod jwt;
mod mutator;
mod percent;
mod phone;
mod seed_corpus;
mod settings;
mod token;
mod wire;

pub use mutator::Mutator;
pub use seed_corpus::{SeedCorpus, fuzz_folder};

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct FuzzTarget {
    /// The name, also of its corpus and its dictionary.
    pub name: &'static str,
    /// Runs it on one input. Panics where the compared results differ.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [FuzzTarget; 6] = [
    FuzzTarget { name: "jwt", run: jwt::run },
    FuzzTarget { name: "percent", run: percent::run },
    FuzzTarget { name: "phone", run: phone::run },
    FuzzTarget { name: "settings", run: settings::run },
    FuzzTarget { name: "token", run: token::run },
    FuzzTarget { name: "wire", run: wire::run },
];

/// Runs the target of this name on one input.
///
/// # Panics
/// The compared results differ, or there is no such target.
pub fn run_target(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(input);
}
