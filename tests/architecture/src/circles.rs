//! Circles of imports: each file imports from the next, and the last from the first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use crate::uses::{NameUse, UsedItem};

/// The imports between files that reach each other through imports.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ImportCircle(Vec<FileImport>);

/// The items that one file imports from another.
#[derive(Debug, PartialEq, Eq)]
struct FileImport {
    from: String,
    to: String,
    names: BTreeSet<String>,
}

impl fmt::Display for ImportCircle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: BTreeSet<&str> = self.0.iter().map(|import| import.from.as_str()).collect();
        write!(out, "a circle of {} files", files.len())?;
        if files.len() > 2 {
            write!(out, ", shortest path {}", self.shortest_path().join(" -> "))?;
        }
        for FileImport { from, to, names } in &self.0 {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            write!(out, "\n  {from} -> {to}: {}", names.join(", "))?;
        }
        Ok(())
    }
}

impl ImportCircle {
    /// The shortest path from a file back to itself.
    fn shortest_path(&self) -> Vec<&str> {
        let starts: BTreeSet<&str> = self.0.iter().map(|import| import.from.as_str()).collect();
        starts.into_iter().filter_map(|start| self.path_back(start)).min_by_key(Vec::len).unwrap_or_default()
    }

    /// The shortest path from `start` back to `start`.
    fn path_back(&self, start: &str) -> Option<Vec<&str>> {
        let mut seen = BTreeSet::new();
        let first = self.0.iter().find(|import| import.from == start)?;
        let mut paths = VecDeque::from([vec![first.from.as_str()]]);
        while let Some(path) = paths.pop_front() {
            let last = path.last().copied()?;
            for import in self.0.iter().filter(|import| import.from == last) {
                let longer: Vec<&str> = path.iter().copied().chain([import.to.as_str()]).collect();
                if import.to == start {
                    return Some(longer);
                }
                if seen.insert(import.to.as_str()) {
                    paths.push_back(longer);
                }
            }
        }
        None
    }
}

/// Imported names by importing file and imported file.
type Imports<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

/// All circles of imports. A file belongs to at most one.
pub(crate) fn circles<'a>(uses: impl IntoIterator<Item = &'a NameUse>) -> Vec<ImportCircle> {
    let mut imports = Imports::new();
    for import in uses {
        if let UsedItem::Own { file, name } = &import.used
            && import.is_dependency
        {
            imports.entry(&import.file).or_default().entry(file).or_default().insert(name);
        }
    }
    let reach: BTreeMap<&str, BTreeSet<&str>> = imports.keys().map(|file| (*file, reachable(&imports, file))).collect();
    let mutual = |a: &str, b: &str| {
        reach.get(a).is_some_and(|files| files.contains(b)) && reach.get(b).is_some_and(|files| files.contains(a))
    };
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for file in imports.keys() {
        let members: BTreeSet<&str> = imports.keys().copied().filter(|other| mutual(file, other)).collect();
        if members.is_empty() || !members.iter().all(|member| seen.insert(*member)) {
            continue;
        }
        let mut inside = Vec::new();
        for (from, to, names) in
            imports.iter().flat_map(|(from, to)| to.iter().map(move |(to, names)| (from, to, names)))
        {
            if members.contains(from) && members.contains(to) {
                let names = names.iter().map(|name| (*name).to_owned()).collect();
                inside.push(FileImport { from: (*from).to_owned(), to: (*to).to_owned(), names });
            }
        }
        found.push(ImportCircle(inside));
    }
    found
}

/// The files that a file reaches through imports.
fn reachable<'a>(imports: &Imports<'a>, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = vec![from];
    while let Some(file) = next.pop() {
        for to in imports.get(file).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(*to) {
                next.push(to);
            }
        }
    }
    found
}
