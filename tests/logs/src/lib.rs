//! The logs and secrets of a suite, for the search for secrets in logs.
//!
//! With `HANDSET_LOGS` set to a folder, a suite writes its log to `<folder>/<suite>/*.log` and its secrets, one JSON
//! object `{"kind", "value"}` per line, to `<folder>/<suite>/*.secrets`. `npm test` then searches every log for every
//! secret; see `scripts/lib/secrets.mjs`. Without the variable nothing is written. `logs.mjs` beside this crate does
//! the same for the suites in JavaScript.

use std::{
    collections::BTreeSet,
    env,
    fmt::Display,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::OnceLock,
};

use parking_lot::Mutex;

mod searchable;

pub use searchable::is_searchable;

/// The log and the secrets of one suite in this process.
#[derive(Debug)]
pub struct Logs {
    suite: &'static str,
    files: OnceLock<Option<Mutex<Files>>>,
}

#[derive(Debug)]
struct Files {
    log: File,
    secrets: File,
    /// Lines of `secrets`: each is written once.
    named: BTreeSet<String>,
}

impl Logs {
    /// For a `static`: files are opened at the first use.
    pub const fn new(suite: &'static str) -> Self {
        Self { suite, files: OnceLock::new() }
    }

    /// Whether `HANDSET_LOGS` is set.
    pub fn are_wanted(&self) -> bool {
        self.files().is_some()
    }

    /// Adds lines to the log.
    pub fn write(&self, text: impl Display) {
        self.with(|files| writeln!(files.log, "{text}"));
    }

    /// Declares a secret of this suite.
    ///
    /// # Panics
    /// If the secret is not searchable, so that the declaring test fails, not the search at the end of a run.
    pub fn secret(&self, kind: &str, value: &str) {
        assert!(
            is_searchable(kind, value),
            "a {kind} of {} characters is too short or too odd for the search of the logs: choose another, or do not \
             declare a value that is no secret",
            value.chars().count()
        );
        let line = serde_json::json!({ "kind": kind, "value": value }).to_string();
        self.with(|files| match files.named.insert(line.clone()) {
            true => writeln!(files.secrets, "{line}"),
            false => Ok(()),
        });
    }

    #[allow(clippy::panic, reason = "a suite whose log is lost must fail")]
    fn with(&self, write: impl FnOnce(&mut Files) -> io::Result<()>) {
        if let Some(files) = self.files() {
            let mut files = files.lock();
            write(&mut files).unwrap_or_else(|error| panic!("the log of {}: {error}", self.suite));
        }
    }

    #[allow(clippy::panic, reason = "a suite whose log is lost must fail")]
    fn files(&self) -> Option<&Mutex<Files>> {
        let open = || {
            let folder = PathBuf::from(env::var_os("HANDSET_LOGS")?).join(self.suite);
            let files = Files::open(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            Some(Mutex::new(files))
        };
        self.files.get_or_init(open).as_ref()
    }
}

impl Files {
    fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // Test binaries run one after another, and each has its own files.
        let file = |extension: &str| {
            let path = folder.join(process::id().to_string()).with_extension(extension);
            OpenOptions::new().create(true).append(true).open(path)
        };
        Ok(Self { log: file("log")?, secrets: file("secrets")?, named: BTreeSet::new() })
    }
}
