//! What a check finds: a violation for each promise that does not hold.

use std::fmt;

/// Something that should have held and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(String);

impl Violation {
    pub(crate) fn of_panic(panic: String) -> Self {
        Self(format!("nothing panics: {}", panic.replace('\n', " ")))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Collects violations, each once.
#[derive(Default)]
pub(super) struct Findings(Vec<Violation>);

impl Findings {
    pub(super) fn must(&mut self, holds: bool, text: &str) {
        if !holds && !self.0.iter().any(|violation| violation.0 == text) {
            self.0.push(Violation(text.to_owned()));
        }
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.0
    }
}
