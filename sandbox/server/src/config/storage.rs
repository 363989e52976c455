//! The choice of a store.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The store of sessions, messages and identities.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Storage {
    /// `memory`: the state ends with the process.
    Memory,
    /// `sqlite:PATH`: the state is in that file.
    Sqlite(PathBuf),
}

impl FromStr for Storage {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            // SQLite would not take these for the name of a file.
            Some(("sqlite", path)) if path.starts_with(':') || path.starts_with("file:") => {
                // The text does not repeat the path: a URI may hold the key of a database.
                let expected = "'store' (--store) must be a path: for a store that ends with the process use 'memory', for a \
                                file of such a name put './' before it, as in 'sqlite:./:memory:'";
                Err(ConfigError(expected.to_owned()))
            }
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            _ => Err(ConfigError("'store' (--store) must be 'memory' or 'sqlite:PATH'".to_owned())),
        }
    }
}

impl TryFrom<String> for Storage {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

impl From<Storage> for String {
    fn from(storage: Storage) -> Self {
        match storage {
            Storage::Memory => "memory".to_owned(),
            Storage::Sqlite(path) => format!("sqlite:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_memory_or_a_file() {
        assert_eq!("memory".parse(), Ok(Storage::Memory));
        assert_eq!("sqlite:C:\\data".parse(), Ok(Storage::Sqlite("C:\\data".into())));
        for text in ["memory", "sqlite:a/b", "sqlite:./:memory:"] {
            assert_eq!(String::from(text.parse::<Storage>().unwrap()), text);
        }
        for text in ["", "sqlite", "sqlite:", "memory:", "postgres:x", "sqlite::memory:", "sqlite:file:a?mode=memory"] {
            let error = text.parse::<Storage>().unwrap_err().to_string();
            assert!(error.starts_with("'store' (--store) must be"), "{text}");
        }
        let error = "sqlite:file:a?key=of-the-database".parse::<Storage>().unwrap_err().to_string();
        assert!(!error.contains("of-the-database"), "{error}");
    }
}
