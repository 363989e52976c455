//! Prints the findings of all checks. The argument is the workspace's root; default: the current folder.

use std::path::PathBuf;
use std::process::ExitCode;

use handset_test_architecture::{HouseFindings, REPEATED_TYPE_NAMES, RULES, SourceFiles};

fn main() -> ExitCode {
    let root = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let files = match SourceFiles::read(&root) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("{}: {error}", root.display());
            return ExitCode::FAILURE;
        }
    };
    for (title, lines) in HouseFindings::of(files, RULES, REPEATED_TYPE_NAMES).lists() {
        println!("## {title}: {}\n{}", lines.len(), lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    }
    ExitCode::SUCCESS
}
