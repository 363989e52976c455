//! Each row of `rows.toml` has a test of its name that runs, and each test of a table has a row. A test gets the replies
//! that its row names.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::support::replies::{RECORD, recorded};

/// The modules whose tests belong to no table.
const WITHOUT_TABLE: [&str; 7] = ["hanging_up", "inspection", "kept_file", "readiness", "store_calls", "table", "web"];

/// The text of each row, by the name of its test.
fn rows() -> BTreeMap<String, String> {
    let tables: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(include_str!("rows.toml")).unwrap();
    let named = |(table, rows): (String, BTreeMap<String, String>)| {
        rows.into_iter().map(move |(row, text)| (format!("{table}::{row}"), text))
    };
    tables.into_iter().flat_map(named).collect()
}

#[test]
fn every_row_of_every_table_has_a_test() {
    let rows: BTreeSet<String> = rows().into_keys().collect();
    let (all, ignored) = (tests(&[]), tests(&["--ignored"]));
    let untested: Vec<_> = rows.difference(&all).collect();
    let in_table = |test: &&String| test.split("::").next().is_none_or(|module| !WITHOUT_TABLE.contains(&module));
    let unknown: Vec<_> = all.difference(&rows).filter(in_table).collect();
    assert!(
        untested.is_empty() && unknown.is_empty() && ignored.is_empty(),
        "rows without a test: {untested:?}; no such rows: {unknown:?}; ignored tests: {ignored:?}"
    );
}

#[test]
fn every_test_gets_the_replies_that_its_row_names() {
    let rows = rows();
    let named: BTreeSet<(&str, &str)> =
        rows.iter().flat_map(|(row, text)| quoted(text).map(|reply| (row.as_str(), reply))).collect();
    assert!(named.len() > 100, "the rows name replies: {}", named.len());
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("replies");
    let tests: BTreeSet<&str> = named.iter().map(|(row, _)| *row).collect();
    // More than one thread: the runner's own thread has no test's name.
    let ran = program().args(["--exact", "--test-threads=2"]).args(tests).env(RECORD, &record).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    let recorded = recorded(&record);
    let gets = |&(row, reply): &(&str, &str)| recorded.contains(&(row.to_owned(), reply.to_owned()));
    let missing: Vec<_> = named.into_iter().filter(|named| !gets(named)).collect();
    assert!(missing.is_empty(), "tests that never get a reply of their row: {missing:?}");
}

#[test]
fn a_row_names_a_code_of_a_refusal_as_a_reply_only() {
    for (row, text) in rows() {
        let prose: String = text.split('`').step_by(2).collect();
        let numbers = prose.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
        let codes: Vec<u16> = numbers.filter(|number| (8000..8010).contains(number)).collect();
        assert!(codes.is_empty(), "{row} names {codes:?}, not in backticks with the status");
    }
}

/// The replies that a row names: its texts between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn program() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

/// The tests of this program that run, or the ignored ones.
fn tests(which: &[&str]) -> BTreeSet<String> {
    let listed = program().args(["--list", "--format", "terse"]).args(which).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}
