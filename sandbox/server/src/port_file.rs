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
        let mut unfinished = path.to_owned();
        // Beside it: a rename is atomic within one file system.
        unfinished.as_mut_os_string().push(format!(".{}", std::process::id()));
        let written = fs::write(&unfinished, &line).and_then(|()| fs::rename(&unfinished, path));
        if let Err(error) = written {
            // What cannot be written may be there in part, or not at all.
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
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
