//! The file that tells other processes the port.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file that holds the port, as a line, for as long as this lives.
pub(crate) struct PortFile {
    path: PathBuf,
    line: String,
}

impl PortFile {
    /// Whoever reads it at any time finds what was there before, or the whole line.
    pub(crate) fn write(path: &Path, port: u16) -> io::Result<Self> {
        let line = format!("{port}\n");
        handset_sandbox_files::write_whole_file(path, &line)?;
        Ok(Self { path: path.to_owned(), line })
    }
}

impl Drop for PortFile {
    fn drop(&mut self) {
        // Whoever was started later with the same path may have written its own.
        if fs::read_to_string(&self.path).is_ok_and(|line| line == self.line)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}
