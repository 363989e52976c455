//! The committed inputs and dictionary of a target. `seeds` are written by hand, `corpus` is what libFuzzer found.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of the corpora, the dictionaries and libFuzzer's targets.
pub fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The inputs of a target, and the tokens that mutations put into them.
#[derive(Debug)]
pub struct SeedCorpus {
    /// Each file and its content, sorted by name.
    pub inputs: Vec<(PathBuf, Vec<u8>)>,
    /// The tokens.
    pub tokens: Vec<Vec<u8>>,
}

impl SeedCorpus {
    /// Reads both.
    ///
    /// # Errors
    /// A file cannot be read, or the dictionary is invalid.
    pub fn read(folder: &Path, target: &str) -> io::Result<Self> {
        let mut inputs = Vec::new();
        for kind in ["seeds", "corpus"] {
            for entry in fs::read_dir(folder.join(kind).join(target))? {
                let path = entry?.path();
                let content = fs::read(&path)?;
                inputs.push((path, content));
            }
        }
        inputs.sort();
        let dictionary = fs::read_to_string(folder.join("dictionaries").join(format!("{target}.dict")))?;
        let lines = dictionary.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let tokens: Option<_> = lines.map(token).collect();
        let tokens = tokens.ok_or_else(|| io::Error::other(format!("the dictionary of {target} is invalid")))?;
        Ok(Self { inputs, tokens })
    }
}

/// The token of a line in libFuzzer's format: in quotes, with `\\`, `\"` and `\xNN` as escapes.
fn token(line: &str) -> Option<Vec<u8>> {
    let quoted = line.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = quoted.bytes();
    let mut token = Vec::new();
    while let Some(byte) = bytes.next() {
        token.push(match byte {
            b'"' => return None,
            b'\\' => match bytes.next()? {
                b'x' => {
                    let mut nibble = || char::from(bytes.next()?).to_digit(16);
                    u8::try_from(nibble()? << 4 | nibble()?).ok()?
                }
                byte @ (b'\\' | b'"') => byte,
                _ => return None,
            },
            byte => byte,
        });
    }
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_token_is_in_quotes_and_may_be_escaped() {
        assert_eq!(token(r#""a\"\\\xff""#), Some(b"a\"\\\xff".to_vec()));
        for line in ["a", "\"", "\"\"", r#""a"b""#, r#""\x4""#, r#""\n""#, r#""\""#] {
            assert_eq!(token(line), None, "{line}");
        }
    }
}
