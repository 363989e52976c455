//! Forbidden imports, and rules whose subject does not exist. The rules themselves are in `rules`.

use std::collections::BTreeSet;
use std::fmt;

use crate::files::is_in_room;
use crate::rules::{ImportRule, NeverImports};
use crate::uses::{NameUse, UsedItem};
use crate::workspace::Workspace;

/// An import that a rule forbids.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ForbiddenImport {
    import: NameUse,
    room: &'static str,
    why: &'static str,
}

impl fmt::Display for ForbiddenImport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NameUse { file, line, used, .. } = &self.import;
        match used {
            UsedItem::Own { file: target, name } => write!(out, "{file}:{line} -> {target}: {name}")?,
            UsedItem::Foreign(path) => write!(out, "{file}:{line} -> {path}")?,
        }
        write!(out, "\n  rule of {}: {}", self.room, self.why)
    }
}

/// All forbidden imports of production code.
pub(crate) fn broken_rules(workspace: &Workspace, rules: &[ImportRule]) -> Vec<ForbiddenImport> {
    let mut found = Vec::new();
    for rule in rules {
        for import in workspace.uses.iter().filter(|import| !import.is_test) {
            if is_broken(workspace, rule, import) {
                found.push(ForbiddenImport { import: import.clone(), room: rule.room, why: rule.why });
            }
        }
    }
    found
}

/// Whether an import breaks a rule.
fn is_broken(workspace: &Workspace, rule: &ImportRule, import: &NameUse) -> bool {
    let is_in_subject = is_in_room(&import.file, rule.room);
    let in_any = |file: &str, rooms: &[&str]| rooms.iter().any(|room| is_in_room(file, room));
    match (&import.used, rule.never) {
        (UsedItem::Own { file, .. }, NeverImports::OursExcept(allowed)) => {
            let package = |file| workspace.package_of(file).map(|package| package.name.as_str());
            let target = package(file);
            is_in_subject && target != package(&import.file) && target.is_some_and(|name| !allowed.contains(&name))
        }
        (UsedItem::Own { file, .. }, NeverImports::Packages(names)) => {
            is_in_subject && workspace.package_of(file).is_some_and(|package| names.contains(&package.name.as_str()))
        }
        (UsedItem::Own { file, .. }, NeverImports::Rooms(rooms)) => is_in_subject && in_any(file, rooms),
        (UsedItem::Own { file, .. }, NeverImports::RoomsExcept(rooms, allowed)) => {
            is_in_subject && in_any(file, rooms) && !in_any(file, allowed)
        }
        (UsedItem::Own { file, .. }, NeverImports::ImportedExceptBy(users)) => {
            is_in_room(file, rule.room) && !is_in_subject && !in_any(&import.file, users)
        }
        (UsedItem::Foreign(path), NeverImports::Paths(paths)) => {
            is_in_subject && paths.iter().any(|forbidden| is_forbidden(path, forbidden))
        }
        _ => false,
    }
}

/// Whether a path names the forbidden path, a path below it, or, with `*`, its parent.
fn is_forbidden(path: &str, forbidden: &str) -> bool {
    let begins = |path: &str, start: &str| {
        path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    begins(path, forbidden) || path.strip_suffix("::*").is_some_and(|parent| begins(forbidden, parent))
}

/// A line for each room, package and crate that a rule names and that does not exist.
pub(crate) fn rules_without_subject(workspace: &Workspace, rules: &[ImportRule]) -> Vec<String> {
    let crates: BTreeSet<&str> = workspace
        .packages
        .iter()
        .flat_map(|package| package.dependencies.iter().chain(&package.dev_dependencies))
        .map(String::as_str)
        .chain(["std", "core", "alloc"])
        .collect();
    let is_package = |name: &str| workspace.packages.iter().any(|package| package.name == name);
    let mut missing = BTreeSet::new();
    let mut check = |kind: &str, name: &str, exists: bool| {
        if !exists {
            missing.insert(format!("a rule names the {kind} {name}, which does not exist"));
        }
    };
    for rule in rules {
        check("room", rule.room, workspace.files.has_room(rule.room));
        match rule.never {
            NeverImports::OursExcept(names) | NeverImports::Packages(names) => {
                names.iter().for_each(|name| check("package", name, is_package(name)));
            }
            NeverImports::Rooms(rooms) | NeverImports::ImportedExceptBy(rooms) => {
                rooms.iter().for_each(|room| check("room", room, workspace.files.has_room(room)));
            }
            NeverImports::RoomsExcept(rooms, allowed) => {
                rooms.iter().chain(allowed).for_each(|room| check("room", room, workspace.files.has_room(room)));
            }
            NeverImports::Paths(paths) => {
                for path in paths {
                    let name = path.split("::").next().unwrap_or_default();
                    check("crate", name, crates.contains(name));
                }
            }
        }
    }
    missing.into_iter().collect()
}
