//! A rule without a test fails, and so does a test without a rule.

use std::{collections::BTreeSet, path::Path, process::Command};

use crate::harness::rules;

/// The tests of this module need no rule.
const OWN: &str = "registry::";

fn list(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_suffix(": test").map(str::to_owned)).collect()
}

/// Whether a test of another suite, `path::name`, exists. The path names a file or a folder.
fn stands_elsewhere(test: &str) -> bool {
    let Some((path, name)) = test.split_once("::") else { return false };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let entries = std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.chain([path]).any(|file| std::fs::read_to_string(file).is_ok_and(|text| text.contains(name)))
}

#[test]
fn every_rule_has_a_test_that_exists() {
    let tests = list(&["--list"]);
    let exists = |test: &String| tests.contains(test) || (test.contains('/') && stands_elsewhere(test));
    let mut missing = Vec::new();
    for rule in rules() {
        if rule.tests.is_empty() {
            missing.push(format!("no test: {}", rule.text));
        }
        for test in &rule.tests {
            if !exists(test) {
                missing.push(format!("no test `{test}`: {}", rule.text));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_test_proves_a_rule() {
    let named: BTreeSet<String> = rules().into_iter().flat_map(|rule| rule.tests).collect();
    let tests = list(&["--list"]);
    assert!(tests.len() > 100, "the list of tests is there: {}", tests.len());
    let strays: Vec<_> = tests.iter().filter(|test| !test.starts_with(OWN) && !named.contains(*test)).collect();
    assert!(strays.is_empty(), "tests without a rule: {strays:#?}");
}

#[test]
fn no_test_is_left_out() {
    assert_eq!(list(&["--list", "--ignored"]), BTreeSet::new());
}
