//! The packages of a workspace and their crates, from manifests and cargo's conventions.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::files::SourceFiles;

/// A package of the workspace.
#[derive(Debug)]
pub(crate) struct CargoPackage {
    /// The name in the manifest.
    pub(crate) name: String,
    /// The folder of the manifest with a trailing `/`; empty for the root.
    pub(crate) folder: String,
    /// Crates that production code may import, with `_` instead of `-`.
    pub(crate) dependencies: BTreeSet<String>,
    /// Additional crates that tests may import.
    pub(crate) dev_dependencies: BTreeSet<String>,
    /// The crates of the package.
    pub(crate) targets: Vec<CargoTarget>,
}

/// A crate of a package.
#[derive(Debug)]
pub(crate) struct CargoTarget {
    /// The name in imports; only for a library.
    pub(crate) import_name: Option<String>,
    /// The root file.
    pub(crate) root: String,
    /// Whether the crate is a test or a benchmark, so that `cfg(test)` is true.
    pub(crate) is_test: bool,
}

/// All packages, sorted by folder. A manifest that is not valid TOML is added to `problems`.
pub(crate) fn packages(files: &SourceFiles, problems: &mut BTreeSet<String>) -> Vec<CargoPackage> {
    let mut packages = Vec::new();
    for (path, text) in files.manifests() {
        let manifest: Table = match text.parse() {
            Ok(manifest) => manifest,
            Err(error) => {
                problems.insert(format!("{path}: {error}"));
                continue;
            }
        };
        let folder = path.strip_suffix("Cargo.toml").unwrap_or_default();
        if let Some(name) = manifest.get("package").and_then(|package| package.get("name")).and_then(Value::as_str) {
            packages.push(CargoPackage {
                name: name.to_owned(),
                folder: folder.to_owned(),
                dependencies: dependencies(&manifest, &["dependencies", "build-dependencies"]),
                dev_dependencies: dependencies(&manifest, &["dev-dependencies"]),
                targets: targets(files, &manifest, name, folder),
            });
        }
    }
    packages
}

fn dependencies(manifest: &Table, sections: &[&str]) -> BTreeSet<String> {
    let by_target = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = by_target.filter_map(Value::as_table).chain([manifest]);
    tables
        .flat_map(|table| sections.iter().filter_map(|section| table.get(*section)?.as_table()))
        .flat_map(Table::keys)
        .map(|name| name.replace('-', "_"))
        .collect()
}

fn targets(files: &SourceFiles, manifest: &Table, package: &str, folder: &str) -> Vec<CargoTarget> {
    let mut targets: Vec<CargoTarget> = Vec::new();
    let mut add = |root: String, import_name: Option<String>, is_test: bool| {
        if files.text(&root).is_some() && targets.iter().all(|target| target.root != root) {
            targets.push(CargoTarget { import_name, root, is_test });
        }
    };
    let text = |table: Option<&Value>, member: &str| {
        table.and_then(|table| table.get(member)).and_then(Value::as_str).map(ToOwned::to_owned)
    };

    let library = manifest.get("lib");
    let import_name = text(library, "name").unwrap_or_else(|| package.to_owned()).replace('-', "_");
    let root = text(library, "path").unwrap_or_else(|| "src/lib.rs".to_owned());
    add(format!("{folder}{root}"), Some(import_name), false);
    add(format!("{folder}src/main.rs"), None, false);
    add(format!("{folder}build.rs"), None, false);
    for (section, is_test) in [("bin", false), ("example", false), ("test", true), ("bench", true)] {
        for target in manifest.get(section).and_then(Value::as_array).into_iter().flatten() {
            if let Some(path) = text(Some(target), "path") {
                add(format!("{folder}{path}"), None, is_test);
            }
        }
    }
    for (place, is_test) in [("src/bin", false), ("examples", false), ("tests", true), ("benches", true)] {
        for (path, _) in files.rust() {
            let Some(rest) = path.strip_prefix(&format!("{folder}{place}/")) else { continue };
            let is_root = match rest.split_once('/') {
                None => true,
                Some((_, file)) => file == "main.rs",
            };
            if is_root {
                add(path.to_owned(), None, is_test);
            }
        }
    }
    targets
}
