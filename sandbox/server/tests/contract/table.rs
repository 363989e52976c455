//! Each row of `rows.toml` has a test of its name that runs, and each such test has a row.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

type TableRows = BTreeMap<String, BTreeMap<String, String>>;

/// The tests of a table, each by the name of its row.
type RowTests = &'static [(&'static str, fn())];

#[test]
fn every_row_of_every_table_has_a_test() {
    let tables: TableRows = toml::from_str(include_str!("rows.toml")).unwrap();
    let tested: &[(&str, RowTests)] = &[
        ("auth_token", crate::auth_token::ROWS),
        ("behaviour_numbers", crate::behaviour_numbers::ROWS),
        ("bodies", crate::bodies::ROWS),
        ("chaos", crate::chaos::ROWS),
        ("evaluation", crate::evaluation::ROWS),
        ("failed_attempts", crate::failed_attempts::ROWS),
        ("faults", crate::faults::ROWS),
        ("identities", crate::identities::ROWS),
        ("ids", crate::ids::ROWS),
        ("instant_link", crate::instant_link::ROWS),
        ("link_pages", crate::link_pages::ROWS),
        ("members", crate::members::ROWS),
        ("openapi", crate::openapi::ROWS),
        ("otp", crate::otp::ROWS),
        ("prefill", crate::prefill::ROWS),
        ("products", crate::products::ROWS),
        ("projects", crate::projects::ROWS),
        ("refusals", crate::refusals::ROWS),
        ("reports", crate::reports::ROWS),
        ("requests", crate::requests::ROWS),
        ("server_stage", crate::server_stage::ROWS),
        ("sms_bounds", crate::sms_bounds::ROWS),
        ("start", crate::start::ROWS),
        ("status", crate::status::ROWS),
        ("test_users", crate::test_users::ROWS),
        ("timeline", crate::timeline::ROWS),
        ("token", crate::token::ROWS),
        ("unify", crate::unify::ROWS),
        ("verify_v1", crate::verify_v1::ROWS),
        ("verify_v2", crate::verify_v2::ROWS),
        ("webhook_inspection", crate::webhook_inspection::ROWS),
        ("webhook_load", crate::webhook_load::ROWS),
        ("webhooks", crate::webhooks::ROWS),
    ];
    let expected: BTreeSet<(&str, &str)> =
        tables.iter().flat_map(|(table, rows)| rows.keys().map(|row| (table.as_str(), row.as_str()))).collect();
    let tested: BTreeSet<(&str, &str)> =
        tested.iter().flat_map(|(table, tests)| tests.iter().map(|(row, _)| (*table, *row))).collect();
    let (all, left_out) = (tests(&[]), tests(&["--ignored"]));
    let is_run = |name: &String| all.contains(name) && !left_out.contains(name);
    let names = tested.iter().map(|(table, row)| format!("{table}::{row}"));
    let not_run: Vec<_> = names.filter(|name| !is_run(name)).collect();
    assert!(not_run.is_empty(), "functions that are no tests, or left out: {not_run:?}");
    let untested: Vec<_> = expected.difference(&tested).collect();
    let unknown: Vec<_> = tested.difference(&expected).collect();
    assert!(untested.is_empty() && unknown.is_empty(), "rows without a test: {untested:?}; no such rows: {unknown:?}");
}

/// The tests of this program that run, or the ignored ones.
fn tests(which: &[&str]) -> BTreeSet<String> {
    let program = std::env::current_exe().unwrap();
    let listed = Command::new(program).args(["--list", "--format", "terse"]).args(which).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}
