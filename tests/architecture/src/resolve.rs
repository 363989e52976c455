//! From a path as it is written in a module to the items that it names, through imports, globs and re-exports.
//!
//! Method calls, trait selection and generated items are not resolved: a name that a module does not bind is taken as one that
//! a macro puts there.

use std::collections::{HashMap, HashSet};

use crate::imports::WrittenPath;
use crate::tree::{ModuleId, ModuleTree, NameMeaning};

/// What a path may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResolvedName {
    Item {
        module: ModuleId,
        name: String,
        is_type: bool,
    },
    Module(ModuleId),
    /// Of a crate outside of the workspace, such as `std::time::Instant`.
    Foreign(String),
}

/// Names that a block binds: its items, which stand in the same file, and its imports.
#[derive(Default)]
pub(crate) struct BlockScope {
    pub(crate) items: HashSet<String>,
    pub(crate) imports: HashMap<String, WrittenPath>,
    pub(crate) globs: Vec<WrittenPath>,
}

type Visited = HashSet<(ModuleId, String)>;

impl ModuleTree {
    /// Everything that a path names when it stands in a module, inside of blocks from the outermost on.
    pub(crate) fn resolve(&self, from: ModuleId, blocks: &[BlockScope], path: &WrittenPath) -> Vec<ResolvedName> {
        self.follow(from, blocks, path, &mut Visited::new())
    }

    fn follow(
        &self,
        from: ModuleId,
        blocks: &[BlockScope],
        path: &WrittenPath,
        visited: &mut Visited,
    ) -> Vec<ResolvedName> {
        let Some((first, mut rest)) = path.segments.split_first() else { return Vec::new() };
        let mut found = match first.as_str() {
            _ if path.is_absolute => self.library(first),
            "crate" => vec![ResolvedName::Module(self.module(from).root)],
            "self" | "super" => {
                let mut id = if first == "self" { Some(from) } else { self.module(from).parent };
                while let Some(("super", more)) = rest.split_first().map(|(part, more)| (part.as_str(), more)) {
                    (id, rest) = (id.and_then(|id| self.module(id).parent), more);
                }
                id.into_iter().map(ResolvedName::Module).collect()
            }
            "Self" => Vec::new(),
            _ => self.in_scope(from, blocks, first, visited),
        };
        if found.is_empty() && !path.is_absolute && !matches!(first.as_str(), "crate" | "self" | "super" | "Self") {
            found = self.library(first);
        }
        for (place, segment) in rest.iter().enumerate() {
            let is_last = place + 1 == rest.len();
            found = found
                .into_iter()
                .flat_map(|found| match found {
                    ResolvedName::Module(module) => self.member(module, segment, from, is_last, visited),
                    ResolvedName::Foreign(path) => vec![ResolvedName::Foreign(format!("{path}::{segment}"))],
                    ResolvedName::Item { is_type: false, .. } => Vec::new(),
                    item @ ResolvedName::Item { .. } => vec![item],
                })
                .collect();
        }
        found
    }

    fn library(&self, name: &str) -> Vec<ResolvedName> {
        let found = self.libraries.get(name).map(|root| ResolvedName::Module(*root));
        vec![found.unwrap_or_else(|| ResolvedName::Foreign(name.to_owned()))]
    }

    fn in_scope(&self, from: ModuleId, blocks: &[BlockScope], name: &str, visited: &mut Visited) -> Vec<ResolvedName> {
        if let Some((block, outer)) = blocks.split_last() {
            if block.items.contains(name) {
                return vec![ResolvedName::Item { module: from, name: name.to_owned(), is_type: true }];
            }
            if let Some(path) = block.imports.get(name) {
                return self.follow(from, outer, path, visited);
            }
            let found: Vec<_> =
                block.globs.iter().flat_map(|path| self.in_glob(from, outer, path, name, visited)).collect();
            return if found.is_empty() { self.in_scope(from, outer, name, visited) } else { found };
        }
        self.bound(from, name, from, visited)
    }

    /// A name in a module that a path leads through, as `from` sees it.
    fn member(
        &self,
        module: ModuleId,
        name: &str,
        from: ModuleId,
        is_last: bool,
        visited: &mut Visited,
    ) -> Vec<ResolvedName> {
        let found = self.bound(module, name, from, visited);
        if !found.is_empty() || !is_last {
            return found;
        }
        let module = self.macros.get(&(self.module(module).root, name.to_owned())).copied().unwrap_or(module);
        vec![ResolvedName::Item { module, name: name.to_owned(), is_type: true }]
    }

    /// A name that a module binds, by a definition, an import, or a glob.
    fn bound(&self, module: ModuleId, name: &str, from: ModuleId, visited: &mut Visited) -> Vec<ResolvedName> {
        if !visited.insert((module, name.to_owned())) {
            return Vec::new();
        }
        let sees_all = self.is_within(from, module);
        let mut found = Vec::new();
        for bound in self.module(module).names.get(name).into_iter().flatten() {
            if !bound.is_public && !sees_all {
                continue;
            }
            match &bound.meaning {
                NameMeaning::TypeItem | NameMeaning::ValueItem => found.push(ResolvedName::Item {
                    module,
                    name: name.to_owned(),
                    is_type: matches!(bound.meaning, NameMeaning::TypeItem),
                }),
                NameMeaning::Submodule(id) => found.push(ResolvedName::Module(*id)),
                NameMeaning::Import(path) => found.extend(self.follow(module, &[], path, visited)),
            }
        }
        if found.is_empty() {
            for (leaf, is_public) in &self.module(module).globs {
                if *is_public || sees_all {
                    found.extend(self.in_glob(module, &[], &leaf.path, name, visited));
                }
            }
        }
        visited.remove(&(module, name.to_owned()));
        found
    }

    fn in_glob(
        &self,
        from: ModuleId,
        blocks: &[BlockScope],
        path: &WrittenPath,
        name: &str,
        visited: &mut Visited,
    ) -> Vec<ResolvedName> {
        let places = self.follow(from, blocks, path, visited);
        places
            .into_iter()
            .flat_map(|place| match place {
                ResolvedName::Module(module) => self.bound(module, name, from, visited),
                _ => Vec::new(),
            })
            .collect()
    }
}
