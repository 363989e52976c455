//! Files without a `//!` line. What the line says is not checked.

use std::collections::BTreeMap;

/// The paths of all Rust files without a `//!` line, sorted.
pub(crate) fn without_header(parsed: &BTreeMap<String, syn::File>) -> Vec<String> {
    let files = parsed.iter().filter(|(_, file)| {
        !file
            .attrs
            .iter()
            .any(|attribute| matches!(attribute.style, syn::AttrStyle::Inner(_)) && attribute.path().is_ident("doc"))
    });
    files.map(|(path, _)| path.clone()).collect()
}
