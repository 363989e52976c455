//! The sources of a workspace as a map from path to text, read from a folder or given by a test. Nothing is parsed here.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Texts by their path relative to the workspace, with `/` between folders.
#[derive(Debug, Default)]
pub struct SourceFiles(BTreeMap<String, String>);

impl SourceFiles {
    /// Reads every Rust file and every manifest below a workspace's root.
    ///
    /// Hidden folders, installed packages, what a build left, and folders with a `.git` of their own are left out.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
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

    /// A file's own path with its text.
    pub(crate) fn entry(&self, path: &str) -> Option<(&str, &str)> {
        self.0.get_key_value(path).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every Rust file with its text, in the order of paths.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(path, _)| path.ends_with(".rs")).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every manifest with its text.
    pub fn manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(path, _)| !path.ends_with(".rs")).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether a room exists: `a/b` is the file `a/b.rs`, or a folder with a Rust file in it.
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

/// Whether a file stands in a room: `a/b` holds `a/b.rs`, and all below the folder `a/b`.
#[must_use]
pub(crate) fn is_in_room(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}
