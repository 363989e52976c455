//! A workspace that was read: its files, its packages, and what each file uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::SourceFiles;
use crate::packages::{CargoPackage, packages};
use crate::tree::{ModuleTree, parse};
use crate::uses::{ItemUse, uses};

/// Everything that the checks need.
pub(crate) struct Workspace {
    /// Its sources and manifests.
    pub(crate) files: SourceFiles,
    /// Its packages.
    pub(crate) packages: Vec<CargoPackage>,
    /// What its files use of each other and of other crates: unit tests not counted, test crates counted.
    pub(crate) uses: BTreeSet<ItemUse>,
    /// Why something is not known: a manifest or source that cannot be parsed, a `mod` without a file, a file that belongs to no crate.
    pub(crate) problems: BTreeSet<String>,
    pub(crate) parsed: BTreeMap<String, syn::File>,
}

impl Workspace {
    /// Reads the modules of every crate. What cannot be read is left out, and told by `problems`.
    pub(crate) fn of(files: SourceFiles) -> Self {
        let mut problems = BTreeSet::new();
        let packages = packages(&files, &mut problems);
        let mut tree = ModuleTree::read(&files, &packages);
        problems.append(&mut tree.problems);
        let mut parsed = BTreeMap::new();
        for (path, _) in files.rust() {
            match parse(&files, path) {
                Ok(file) => drop(parsed.insert(path.to_owned(), file)),
                Err(problem) => drop(problems.insert(problem)),
            }
            if !tree.reached.contains(path) {
                problems.insert(format!("{path}: belongs to no crate"));
            }
        }
        Self { uses: uses(&tree), files, packages, problems, parsed }
    }

    /// The package that a file belongs to.
    pub(crate) fn package_of(&self, file: &str) -> Option<&CargoPackage> {
        let around = self.packages.iter().filter(|package| file.starts_with(&package.folder));
        around.max_by_key(|package| package.folder.len())
    }
}
