//! The sources of a workspace: texts by path, read from a folder or given by a test. No parsing.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Texts by path. Paths are relative to the workspace's root, with `/` between folders.
#[derive(Debug, Default)]
pub struct SourceFiles(BTreeMap<String, String>);

impl SourceFiles {
    /// Reads every Rust file and every manifest below a workspace's root, except in hidden folders, `node_modules`, build folders,
    /// and folders with a `.git` of their own.
    ///
    /// # Errors
    /// A folder or file cannot be read.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        files.read_folder(root, "")?;
        Ok(files)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let relative = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                let is_built = path.join("CACHEDIR.TAG").exists() || relative == "build";
                let is_foreign = name.starts_with('.') || name == "node_modules" || path.join(".git").exists();
                if !is_built && !is_foreign {
                    self.read_folder(&path, &format!("{relative}/"))?;
                }
            } else if name == "Cargo.toml" || name.ends_with(".rs") {
                self.0.insert(relative, fs::read_to_string(&path)?);
            }
        }
        Ok(())
    }

    /// The text of one file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The path and the text of one file, with the lifetime of the map.
    pub(crate) fn entry(&self, path: &str) -> Option<(&str, &str)> {
        self.0.get_key_value(path).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every Rust file with its text, sorted by path.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(path, _)| path.ends_with(".rs")).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every manifest with its text.
    pub fn manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(path, _)| !path.ends_with(".rs")).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether a room exists: the room `a/b` is the file `a/b.rs` or a folder `a/b` with a Rust file.
    #[must_use]
    pub fn has_room(&self, room: &str) -> bool {
        self.rust().any(|(path, _)| is_in_room(path, room))
    }
}

impl<P: Into<String>, T: Into<String>> FromIterator<(P, T)> for SourceFiles {
    fn from_iter<I: IntoIterator<Item = (P, T)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }
}

/// Whether a file is in a room: the room `a/b` contains `a/b.rs` and every file below the folder `a/b`.
#[must_use]
pub(crate) fn is_in_room(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}
