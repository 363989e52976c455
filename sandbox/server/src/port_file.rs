//! The port file, from which other processes read the port.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file with the port as its only line. RAII guard; dropping it removes the file.
pub(crate) struct PortFile {
    path: PathBuf,
    line: String,
}

impl PortFile {
    /// Writes the file atomically: a reader finds the previous content or the whole line.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn write(path: &Path, port: u16) -> io::Result<Self> {
        let line = format!("{port}\n");
        handset_sandbox_files::write_whole_file(path, &line)?;
        Ok(Self { path: path.to_owned(), line })
    }
}

impl Drop for PortFile {
    fn drop(&mut self) {
        // A later process with the same path may have replaced the file.
        if fs::read_to_string(&self.path).is_ok_and(|line| line == self.line)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}
