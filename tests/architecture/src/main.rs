//! Prints what stands against the house, in the workspace of the current folder or of the one that is given.

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use handset_test_architecture::{
    RULES, SourceFiles, Workspace, broken_rules, circles, forbidden, repeated_names, without_header,
};

fn main() -> ExitCode {
    let root = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let read = SourceFiles::read(&root).map_err(|error| format!("{}: {error}", root.display()));
    match read.and_then(Workspace::of).and_then(|workspace| print(&workspace)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn print(workspace: &Workspace) -> Result<(), String> {
    list("circles", &circles(&workspace.uses));
    list("forbidden imports", &broken_rules(workspace, RULES));
    let missing = forbidden(workspace, RULES).err().unwrap_or_default();
    list("rules about nothing", &missing.lines().collect::<Vec<_>>());
    list("repeated type names", &repeated_names(&workspace.files)?);
    list("files without a //! line", &without_header(&workspace.files)?);
    list("files outside of every crate", &workspace.unreached);
    Ok(())
}

fn list<T: Display>(title: &str, entries: &[T]) {
    println!("## {title}: {}", entries.len());
    for entry in entries {
        println!("{entry}");
    }
    println!();
}
