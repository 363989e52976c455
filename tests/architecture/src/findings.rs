//! The findings of all checks as printable lines, one list per check.

use crate::circles::circles;
use crate::files::SourceFiles;
use crate::forbidden::{broken_rules, rules_without_subject};
use crate::rules::ImportRule;
use crate::workspace::Workspace;

/// The findings of all checks. Empty lists: the workspace obeys its rules.
#[derive(Debug, Default)]
pub struct HouseFindings {
    /// Circles of imports in production code and in the tools below `tests/`.
    pub circles: Vec<String>,
    /// Circles of imports in test crates.
    pub circles_in_tests: Vec<String>,
    /// Imports that a rule forbids.
    pub forbidden_imports: Vec<String>,
    /// Rules and exceptions whose subject does not exist.
    pub empty_rules: Vec<String>,
    /// Type names with more than one definition.
    pub repeated_names: Vec<String>,
    /// Files without a `//!` line.
    pub without_header: Vec<String>,
    /// Sources and manifests that could not be read or parsed; the checks do not cover them.
    pub unread: Vec<String>,
}

impl HouseFindings {
    /// Checks the sources against the rules. `repeated`: type names that may have more than one definition, each with its reason.
    #[must_use]
    pub fn of(files: SourceFiles, rules: &[ImportRule], repeated: &[(&str, &str)]) -> Self {
        let workspace = Workspace::of(files);
        let (tests, production): (Vec<_>, Vec<_>) = workspace.uses.iter().partition(|import| import.is_test);
        let names = &workspace.repeated_names;
        let mut empty_rules = rules_without_subject(&workspace, rules);
        for (allowed, _) in repeated {
            if names.iter().all(|found| found.name != *allowed) {
                empty_rules.push(format!("an exception names the type {allowed}, which is not repeated"));
            }
        }
        let names = names.iter().filter(|found| repeated.iter().all(|(allowed, _)| found.name != *allowed));
        Self {
            circles: circles(production).iter().map(ToString::to_string).collect(),
            circles_in_tests: circles(tests).iter().map(ToString::to_string).collect(),
            forbidden_imports: broken_rules(&workspace, rules).iter().map(ToString::to_string).collect(),
            empty_rules,
            repeated_names: names.map(ToString::to_string).collect(),
            without_header: workspace.without_header,
            unread: workspace.problems.into_iter().collect(),
        }
    }

    /// Each list with its title.
    #[must_use]
    pub fn lists(&self) -> [(&'static str, &[String]); 7] {
        [
            ("circles", &self.circles),
            ("circles in test crates", &self.circles_in_tests),
            ("forbidden imports", &self.forbidden_imports),
            ("rules without a subject", &self.empty_rules),
            ("repeated type names", &self.repeated_names),
            ("files without a //! line", &self.without_header),
            ("unread sources", &self.unread),
        ]
    }
}
