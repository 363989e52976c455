//! A workspace that was read: its files, its packages, and what each file uses.

use std::collections::BTreeSet;

use crate::files::SourceFiles;
use crate::packages::{CargoPackage, packages};
use crate::tree::ModuleTree;
use crate::uses::{ItemUse, uses};

/// Everything that the checks need.
#[derive(Debug)]
pub struct Workspace {
    /// Its sources and manifests.
    pub files: SourceFiles,
    /// Its packages.
    pub packages: Vec<CargoPackage>,
    /// What its files use of each other and of other crates: unit tests not counted, test crates counted.
    pub uses: BTreeSet<ItemUse>,
    /// Rust files that belong to no crate, so that nothing is known of what they use.
    pub unreached: Vec<String>,
}

impl Workspace {
    /// Reads the modules of every crate.
    ///
    /// # Errors
    /// A manifest or source that cannot be parsed, or a `mod` without a file.
    pub fn of(files: SourceFiles) -> Result<Self, String> {
        let packages = packages(&files)?;
        let tree = ModuleTree::read(&files, &packages)?;
        let unreached = files.rust().map(|(path, _)| path).filter(|path| !tree.reached.contains(*path));
        let unreached = unreached.map(ToOwned::to_owned).collect();
        let uses = uses(&tree);
        Ok(Self { files, packages, uses, unreached })
    }

    /// The package that a file belongs to.
    #[must_use]
    pub fn package_of(&self, file: &str) -> Option<&CargoPackage> {
        let around = self.packages.iter().filter(|package| file.starts_with(&package.folder));
        around.max_by_key(|package| package.folder.len())
    }
}
