//! This workspace obeys its rules, which are in `src/rules.rs`. The checks themselves are tested in `checks.rs`.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use std::path::Path;
use std::sync::LazyLock;

use handset_test_architecture::{HouseFindings, REPEATED_TYPE_NAMES, RULES, SourceFiles};

static FINDINGS: LazyLock<HouseFindings> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    HouseFindings::of(SourceFiles::read(&root).unwrap(), RULES, REPEATED_TYPE_NAMES)
});

#[track_caller]
fn assert_none(message: &str, found: &[String]) {
    assert!(found.is_empty(), "{message}:\n{}", found.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    assert_none("these files import each other", &FINDINGS.circles);
}

#[test]
fn no_files_of_a_test_crate_import_each_other_in_a_circle() {
    assert_none("these files of test crates import each other", &FINDINGS.circles_in_tests);
}

#[test]
fn no_room_imports_what_its_rule_forbids() {
    assert_none("these imports are forbidden", &FINDINGS.forbidden_imports);
}

#[test]
fn every_rule_and_exception_has_a_subject() {
    assert_none("these rules and exceptions have no subject", &FINDINGS.empty_rules);
}

#[test]
fn every_type_name_is_defined_once() {
    assert_none("these type names have more than one definition", &FINDINGS.repeated_names);
}

#[test]
fn every_file_has_a_header() {
    assert_none("these files have no //! line", &FINDINGS.without_header);
}

#[test]
fn every_source_is_read() {
    assert_none("the checks cannot read these sources", &FINDINGS.unread);
}
