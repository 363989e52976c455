//! The leaves of `use` declarations. Their paths are resolved in `resolve`.

use syn::{ItemUse, UseTree};

/// A path as written, without generic arguments.
#[derive(Clone, Debug)]
pub(crate) struct WrittenPath {
    /// Whether the path begins with `::`, so that its first segment is a crate.
    pub(crate) is_absolute: bool,
    pub(crate) segments: Vec<String>,
}

impl WrittenPath {
    pub(crate) fn of(path: &syn::Path) -> Self {
        let segments = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        Self { is_absolute: path.leading_colon.is_some(), segments }
    }
}

/// One name that a `use` declaration brings into scope.
#[derive(Clone, Debug)]
pub(crate) struct UseLeaf {
    pub(crate) path: WrittenPath,
    /// The name in scope. `None`: all names of the path (`*`).
    pub(crate) name: Option<String>,
    pub(crate) line: usize,
}

/// An identifier's text without the prefix `r#`.
pub(crate) fn plain(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(ToOwned::to_owned).unwrap_or(text)
}

pub(crate) fn leaves(item: &ItemUse) -> Vec<UseLeaf> {
    let mut found = Vec::new();
    let prefix = WrittenPath { is_absolute: item.leading_colon.is_some(), segments: Vec::new() };
    collect(&item.tree, &prefix, &mut found);
    found
}

fn collect(tree: &UseTree, prefix: &WrittenPath, found: &mut Vec<UseLeaf>) {
    let mut end = |ident: &proc_macro2::Ident, name: &proc_macro2::Ident| {
        let (mut path, mut name) = (prefix.clone(), plain(name));
        if ident == "self" && !path.segments.is_empty() {
            if name == "self" {
                name = path.segments.last().cloned().unwrap_or_default();
            }
        } else {
            path.segments.push(plain(ident));
        }
        found.push(UseLeaf { path, name: Some(name), line: ident.span().start().line });
    };
    match tree {
        UseTree::Path(part) => {
            let mut longer = prefix.clone();
            longer.segments.push(plain(&part.ident));
            collect(&part.tree, &longer, found);
        }
        UseTree::Name(part) => end(&part.ident, &part.ident),
        UseTree::Rename(part) => end(&part.ident, &part.rename),
        UseTree::Glob(part) => {
            let line = part.star_token.spans.first().map_or(0, |span| span.start().line);
            found.push(UseLeaf { path: prefix.clone(), name: None, line });
        }
        UseTree::Group(group) => group.items.iter().for_each(|part| collect(part, prefix, found)),
    }
}
