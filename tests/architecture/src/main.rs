//! Prints what stands against the house, in the workspace of the current folder or of the one that is given.

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use handset_test_architecture::{
    RULES, SourceFiles, Workspace, broken_rules, circles, forbidden, repeated_names, without_header,
};

fn main() -> ExitCode {
    let root = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    match SourceFiles::read(&root) {
        Ok(files) => {
            print(&Workspace::of(files));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", root.display());
            ExitCode::FAILURE
        }
    }
}

fn print(workspace: &Workspace) {
    let (tests, production): (Vec<_>, Vec<_>) = workspace.uses.iter().partition(|import| import.is_test);
    let missing = forbidden(workspace, RULES).err().unwrap_or_default();
    list("circles", circles(production));
    list("circles in test crates", circles(tests));
    list("forbidden imports", broken_rules(workspace, RULES));
    list("rules about nothing", missing.lines());
    list("repeated type names", repeated_names(workspace));
    list("files without a //! line", without_header(workspace));
    list("what could not be read", &workspace.problems);
}

fn list<T: Display>(title: &str, entries: impl IntoIterator<Item = T>) {
    let entries: Vec<T> = entries.into_iter().collect();
    println!("## {title}: {}", entries.len());
    for entry in entries {
        println!("{entry}");
    }
    println!();
}
