//! Files and folders for their owner alone, and those that are there whole or not at all. Not what is in them.
//!
//! On systems without Unix's modes, whoever may read a file's folder may read the file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Creates a folder for its owner alone, and the missing folders above it alike.
///
/// # Errors
/// A folder is missing and cannot be created.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    private_folder().recursive(true).create(folder)
}

/// Creates a folder for its owner alone. It appears with everything that `fill` puts into it, or not at all. The folder
/// above must exist.
///
/// # Errors
/// What `fill` returns; the folder cannot be created; one of its name has something in it.
pub fn create_whole_folder(folder: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let new = folder.with_extension(format!("new-{}", std::process::id()));
    private_folder().create(&new)?;
    let written = fill(&new).and_then(|()| fs::rename(&new, folder));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_dir_all(&new);
    }
    written
}

/// Opens a file to read and write, and creates a missing one. From here on it is for its owner alone.
///
/// # Errors
/// The file cannot be opened or created, or its mode cannot be changed.
pub fn open_file(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(file)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Writes a file that anybody may read. A reader finds what was there before, or all of `text`.
///
/// # Errors
/// The folder cannot be written, or a folder has that name. What was there before still is.
pub fn write_whole_file(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Beside it: a rename is atomic within one file system. What is not renamed is removed.
    let mut new = tempfile::Builder::new().make_in(folder, |path| File::create_new(path))?;
    new.as_file_mut().write_all(text.as_bytes())?;
    new.persist(file)?;
    Ok(())
}

/// Whether a file is for its owner alone.
///
/// # Errors
/// The file is missing, or its folder cannot be read.
pub fn is_private(file: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(file)?;
    #[cfg(unix)]
    let for_others = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o077;
    #[cfg(not(unix))]
    let for_others = {
        let _ = metadata;
        0
    };
    Ok(for_others == 0)
}

fn private_folder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(test)]
mod tests;
