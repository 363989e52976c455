//! Type names with more than one definition in the workspace.

use std::collections::BTreeMap;
use std::fmt;

use syn::visit::{self, Visit};
use syn::{Attribute, ItemEnum, ItemStruct, ItemTrait, ItemType, ItemUnion};

use crate::imports::plain;

/// A type name with all its definitions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RepeatedName {
    /// The name.
    pub(crate) name: String,
    /// `file:line` of each definition.
    pub(crate) places: Vec<String>,
}

impl fmt::Display for RepeatedName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is defined {} times: {}", self.name, self.places.len(), self.places.join(", "))
    }
}

/// The names that structs, enums, unions, traits and type aliases share, including those in tests and in functions.
///
/// Definitions of one file under `#[cfg(condition)]` and `#[cfg(not(condition))]` count as one.
pub(crate) fn repeated_names(parsed: &BTreeMap<String, syn::File>) -> Vec<RepeatedName> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, file) in parsed {
        let mut reader = DefinitionReader::default();
        reader.visit_file(file);
        for Definition { name, line, condition } in &reader.0 {
            let is_alternative = condition.as_ref().is_some_and(|condition| {
                let is_other = |other: &Definition| {
                    other.name == *name
                        && other.condition.as_ref().is_some_and(|of| format!("not ({of})") == *condition)
                };
                reader.0.iter().any(is_other)
            });
            if !is_alternative {
                places.entry(name.clone()).or_default().push(format!("{path}:{line}"));
            }
        }
    }
    let repeated = places.into_iter().filter(|(_, places)| places.len() > 1);
    repeated.map(|(name, places)| RepeatedName { name, places }).collect()
}

#[derive(Default)]
struct DefinitionReader(Vec<Definition>);

struct Definition {
    name: String,
    line: usize,
    /// The condition of its `cfg`, as tokens.
    condition: Option<String>,
}

impl DefinitionReader {
    fn define(&mut self, ident: &proc_macro2::Ident, attributes: &[Attribute]) {
        let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        let condition = conditions.filter_map(|attribute| attribute.meta.require_list().ok()).next();
        let condition = condition.map(|list| list.tokens.to_string());
        self.0.push(Definition { name: plain(ident), line: ident.span().start().line, condition });
    }
}

impl<'ast> Visit<'ast> for DefinitionReader {
    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.define(&item.ident, &item.attrs);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.define(&item.ident, &item.attrs);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast ItemUnion) {
        self.define(&item.ident, &item.attrs);
        visit::visit_item_union(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.define(&item.ident, &item.attrs);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast ItemType) {
        self.define(&item.ident, &item.attrs);
        visit::visit_item_type(self, item);
    }
}
