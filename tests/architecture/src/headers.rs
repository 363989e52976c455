//! Files without a `//!` line, which says what is in a room and what is not.

use std::collections::BTreeMap;

/// Every Rust file that begins without one.
pub(crate) fn without_header(parsed: &BTreeMap<String, syn::File>) -> Vec<String> {
    let files = parsed.iter().filter(|(_, file)| {
        !file
            .attrs
            .iter()
            .any(|attribute| matches!(attribute.style, syn::AttrStyle::Inner(_)) && attribute.path().is_ident("doc"))
    });
    files.map(|(path, _)| path.clone()).collect()
}
