//! A workspace that was read: its files, its packages, and what each file defines and uses. No rule is in here.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::SourceFiles;
use crate::headers::without_header;
use crate::packages::{CargoPackage, packages};
use crate::tree::{ModuleTree, parse};
use crate::type_names::{RepeatedName, repeated_names};
use crate::uses::{NameUse, uses};

/// Everything that the checks need.
pub(crate) struct Workspace {
    /// Its sources and manifests.
    pub(crate) files: SourceFiles,
    /// Its packages.
    pub(crate) packages: Vec<CargoPackage>,
    /// What its files use of each other and of other crates: unit tests not counted, test crates counted.
    pub(crate) uses: BTreeSet<NameUse>,
    /// Names of types that are defined more than once.
    pub(crate) repeated_names: Vec<RepeatedName>,
    /// Files without a `//!` line.
    pub(crate) without_header: Vec<String>,
    /// Why something is not known: a manifest or source that cannot be parsed, a `mod` without a file, a file that belongs to no
    /// crate.
    pub(crate) problems: BTreeSet<String>,
}

impl Workspace {
    /// Reads the modules of every crate. What cannot be read is left out and listed in `problems`.
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

    /// The package that a file belongs to.
    pub(crate) fn package_of(&self, file: &str) -> Option<&CargoPackage> {
        let around = self.packages.iter().filter(|package| file.starts_with(&package.folder));
        around.max_by_key(|package| package.folder.len())
    }
}
