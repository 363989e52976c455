//! Files without a `//!` line, which says what is in a room and what is not.

use crate::files::SourceFiles;
use crate::tree::parse;

/// Every Rust file that begins without one.
///
/// # Errors
/// A file that is no Rust.
pub fn without_header(files: &SourceFiles) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for (path, _) in files.rust() {
        let file = parse(files, path)?;
        let has_header = file.attrs.iter().any(|attribute| {
            matches!(attribute.style, syn::AttrStyle::Inner(_)) && attribute.path().is_ident("doc")
        });
        if !has_header {
            found.push(path.to_owned());
        }
    }
    Ok(found)
}
