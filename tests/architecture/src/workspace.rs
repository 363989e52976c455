//! A workspace as read: its files, its packages, and the items that each file defines and uses. No rules.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::SourceFiles;
use crate::headers::without_header;
use crate::packages::{CargoPackage, packages};
use crate::tree::{ModuleTree, parse};
use crate::type_names::{RepeatedName, repeated_names};
use crate::uses::{NameUse, uses};

/// The input of all checks.
pub(crate) struct Workspace {
    /// Sources and manifests.
    pub(crate) files: SourceFiles,
    /// All packages.
    pub(crate) packages: Vec<CargoPackage>,
    /// Uses between files and of other crates, without unit tests, with test crates.
    pub(crate) uses: BTreeSet<NameUse>,
    /// Type names with more than one definition.
    pub(crate) repeated_names: Vec<RepeatedName>,
    /// Files without a `//!` line.
    pub(crate) without_header: Vec<String>,
    /// Manifests and sources that cannot be parsed, `mod` declarations without a file, and files that belong to no crate.
    pub(crate) problems: BTreeSet<String>,
}

impl Workspace {
    /// Reads the modules of every crate. Unreadable sources are left out and listed in `problems`.
    pub(crate) fn of(files: SourceFiles) -> Self {
        let mut problems = BTreeSet::new();
        let packages = packages(&files, &mut problems);
        let mut parsed = BTreeMap::new();
        for (path, _) in files.rust() {
            match parse(&files, path) {
                Ok(file) => drop(parsed.insert(path.to_owned(), file)),
                Err(problem) => drop(problems.insert(problem)),
            }
        }
        let (repeated_names, without_header) = (repeated_names(&parsed), without_header(&parsed));
        let mut tree = ModuleTree::read(&files, parsed, &packages);
        problems.append(&mut tree.problems);
        let lost = files.rust().map(|(path, _)| path).filter(|path| !tree.reached.contains(*path));
        problems.extend(lost.map(|path| format!("{path}: belongs to no crate")));
        Self { uses: uses(&tree), files, packages, repeated_names, without_header, problems }
    }

    /// The package of a file.
    pub(crate) fn package_of(&self, file: &str) -> Option<&CargoPackage> {
        let around = self.packages.iter().filter(|package| file.starts_with(&package.folder));
        around.max_by_key(|package| package.folder.len())
    }
}
