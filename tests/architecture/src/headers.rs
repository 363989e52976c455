//! Files without a `//!` line, which says what is in a room and what is not.

use crate::workspace::Workspace;

/// Every Rust file that begins without one.
pub(crate) fn without_header(workspace: &Workspace) -> impl Iterator<Item = &str> {
    let files = workspace.parsed.iter().filter(|(_, file)| {
        !file
            .attrs
            .iter()
            .any(|attribute| matches!(attribute.style, syn::AttrStyle::Inner(_)) && attribute.path().is_ident("doc"))
    });
    files.map(|(path, _)| path.as_str())
}
