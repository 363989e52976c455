//! What stands against the house, as lines to be printed: one list for each check.

use crate::circles::circles;
use crate::files::SourceFiles;
use crate::forbidden::{broken_rules, rules_about_nothing};
use crate::rules::ImportRule;
use crate::workspace::Workspace;

/// The findings of every check. All are empty where the house is in order.
#[derive(Debug, Default)]
pub struct HouseFindings {
    /// Circles of files in production code, and in the tools below `tests/`.
    pub circles: Vec<String>,
    /// Circles of files in test crates.
    pub circles_in_tests: Vec<String>,
    /// Imports that a rule forbids.
    pub forbidden_imports: Vec<String>,
    /// Rules and exceptions about what does not exist.
    pub empty_rules: Vec<String>,
    /// Names of types that are defined more than once.
    pub repeated_names: Vec<String>,
    /// Files without a `//!` line.
    pub without_header: Vec<String>,
    /// What the checks could not read, so that they say nothing of it.
    pub unread: Vec<String>,
}

impl HouseFindings {
    /// Reads sources, and holds them against rules.
    ///
    /// `repeated` lists the type names that may be defined more than once, each with a reason.
    #[must_use]
    pub fn of(files: SourceFiles, rules: &[ImportRule], repeated: &[(&str, &str)]) -> Self {
        let workspace = Workspace::of(files);
        let (tests, production): (Vec<_>, Vec<_>) = workspace.uses.iter().partition(|import| import.is_test);
        let names = &workspace.repeated_names;
        let mut empty_rules = rules_about_nothing(&workspace, rules);
        for (allowed, _) in repeated {
            if names.iter().all(|found| found.name != *allowed) {
                empty_rules.push(format!("an exception is about the type name {allowed}, which is not repeated"));
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
            ("rules about nothing", &self.empty_rules),
            ("repeated type names", &self.repeated_names),
            ("files without a //! line", &self.without_header),
            ("what could not be read", &self.unread),
        ]
    }
}
