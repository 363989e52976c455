//! Names of types that are defined more than once in the workspace.

use std::collections::BTreeMap;
use std::fmt;

use syn::visit::{self, Visit};
use syn::{ItemEnum, ItemStruct, ItemTrait, ItemType, ItemUnion};

use crate::files::SourceFiles;
use crate::imports::plain;
use crate::tree::parse;

/// A name with each place that defines a type of it.
#[derive(Debug, PartialEq, Eq)]
pub struct RepeatedName {
    /// The name.
    pub name: String,
    /// `file:line` of each definition.
    pub places: Vec<String>,
}

impl fmt::Display for RepeatedName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is defined {} times: {}", self.name, self.places.len(), self.places.join(", "))
    }
}

/// Every struct, enum, union, trait and type alias whose name another one has, tests and functions' own types counted.
///
/// # Errors
/// A file that is no Rust.
pub fn repeated_names(files: &SourceFiles) -> Result<Vec<RepeatedName>, String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, _) in files.rust() {
        let mut reader = DefinitionReader(Vec::new());
        reader.visit_file(&parse(files, path)?);
        for (name, line) in reader.0 {
            places.entry(name).or_default().push(format!("{path}:{line}"));
        }
    }
    let repeated = places.into_iter().filter(|(_, places)| places.len() > 1);
    Ok(repeated.map(|(name, places)| RepeatedName { name, places }).collect())
}

struct DefinitionReader(Vec<(String, usize)>);

impl DefinitionReader {
    fn define(&mut self, ident: &proc_macro2::Ident) {
        self.0.push((plain(ident), ident.span().start().line));
    }
}

impl<'ast> Visit<'ast> for DefinitionReader {
    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.define(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.define(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast ItemUnion) {
        self.define(&item.ident);
        visit::visit_item_union(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.define(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast ItemType) {
        self.define(&item.ident);
        visit::visit_item_type(self, item);
    }
}
