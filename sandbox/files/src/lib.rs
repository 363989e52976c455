//! Private files and folders, and atomic creation and replacement. Not the contents of files.
//!
//! On systems without Unix modes, a file has the permissions of its folder.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Creates a private folder (mode 0700), with its missing parents. No-op if the folder exists.
///
/// # Errors
/// The folder or a parent cannot be created.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    private_folder().recursive(true).create(folder)
}

/// Creates a private folder (mode 0700) atomically: it appears with all the files that `fill` writes, or not at all. Its
/// parent must exist.
///
/// # Errors
/// `fill` failed, the folder cannot be created, or a folder of that name exists and is not empty.
pub fn create_whole_folder(folder: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let temporary = folder.with_extension(format!("new-{}", std::process::id()));
    private_folder().create(&temporary)?;
    let written = fill(&temporary).and_then(|()| fs::rename(&temporary, folder));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_dir_all(&temporary);
    }
    written
}

/// Opens a file for reading and writing, and creates a missing file. Its mode becomes 0600, also for an existing file.
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

/// Replaces a file atomically: a reader sees the previous contents or all of `text`. The file has the default mode.
///
/// # Errors
/// The folder cannot be written, or a folder has that name. The previous file is unchanged.
pub fn write_whole_file(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // In the same folder, since a rename is atomic only within a file system. Dropping the file without a rename deletes it.
    let mut temporary = tempfile::Builder::new().make_in(folder, |path| File::create_new(path))?;
    temporary.as_file_mut().write_all(text.as_bytes())?;
    temporary.persist(file)?;
    Ok(())
}

/// Whether only the owner can access a file.
///
/// # Errors
/// The file is missing or cannot be accessed.
pub fn is_private(file: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(file)?;
    #[cfg(unix)]
    let mode_of_others = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o077;
    #[cfg(not(unix))]
    let mode_of_others = {
        let _ = metadata;
        0
    };
    Ok(mode_of_others == 0)
}

/// The builder of folders with mode 0700.
fn private_folder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(test)]
mod tests;
