//! `docs/errors.md` and `js/index.d.ts` against the code: a kind without an entry fails, and so does an entry without a kind.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use handset::flow::{FlowState, Kind};

const PAGE: &str = include_str!("../docs/errors.md");
const TYPES: &str = include_str!("../js/index.d.ts");
/// The table that the flow's tests prove row by row.
const PROVED: &str = include_str!("flow/contract/endings.txt");

/// The states that a flow may end in.
const LAST: [FlowState; 4] = [FlowState::Done, FlowState::Ended, FlowState::Failed, FlowState::Cancelled];
/// An entry takes a third of a page at most.
const ENTRY_LINES: usize = 18;

fn kinds() -> BTreeSet<&'static str> {
    Kind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// What stands below the heading `## title`, up to the next of its level.
fn section(title: &str) -> &'static str {
    let heading = format!("\n## {title}\n");
    let (_, below) = PAGE.split_once(&heading).unwrap_or_else(|| panic!("no section `{title}`"));
    below.split_once("\n## ").map_or(below, |(section, _)| section)
}

/// Each entry's heading and what stands below it.
fn entries() -> Vec<(&'static str, &'static str)> {
    section("Kinds").split("\n### ").skip(1).map(|entry| entry.split_once('\n').unwrap()).collect()
}

/// How a flow ends. Kinds are a set, since a row may allow several.
#[derive(Debug, PartialEq)]
struct DocumentedEnding {
    cause: &'static str,
    reported: &'static str,
    finish: &'static str,
    promise: &'static str,
    state: &'static str,
    kinds: BTreeSet<&'static str>,
}

impl DocumentedEnding {
    /// All but the words for the cause.
    fn is_like(&self, other: &Self) -> bool {
        let facts = |ending: &Self| (ending.reported, ending.finish, ending.promise, ending.state);
        facts(self) == facts(other) && self.kinds == other.kinds
    }
}

/// What stands between backticks.
fn quoted(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split('`').skip(1).step_by(2)
}

/// The table of the page, in the words of the table that is proved.
fn told() -> Vec<DocumentedEnding> {
    let rows = section("How a flow ends").lines().filter(|line| line.starts_with("| ")).skip(1);
    let endings = rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [cause, reported, finish, promise, state, kind] = cells[..] else { panic!("six columns: {row}") };
        let one_of = |cell: &str, words: &[(&str, &'static str)]| {
            let word = words.iter().find(|(told, _)| *told == cell);
            word.unwrap_or_else(|| panic!("`{cell}` is none of {words:?}: {row}")).1
        };
        DocumentedEnding {
            cause,
            reported: one_of(reported, &[("no", "no"), ("yes", "yes"), ("tried", "tried")]),
            finish: one_of(finish, &[("no", "no"), ("runs", "runs"), ("runs with `failure`", "failure")]),
            promise: one_of(
                promise,
                &[("resolves", "resolves"), ("rejects", "rejects"), ("rejects with the page's reason", "reason")],
            ),
            state: match state {
                "–" | "no event" => "-",
                state => quoted(state).next().unwrap_or_else(|| panic!("a state stands in backticks: {row}")),
            },
            kinds: if kind == "–" { BTreeSet::new() } else { quoted(kind).collect() },
        }
    });
    endings.collect()
}

fn proved() -> Vec<DocumentedEnding> {
    let rows = PROVED.lines().filter(|line| !line.is_empty() && !line.starts_with([' ', '#']));
    let endings = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, reported, finish, promise, state, kind, cause] = cells[..] else { panic!("seven columns: {row}") };
        let kinds = kind.split('/').filter(|kind| *kind != "-").collect();
        DocumentedEnding { cause, reported, finish, promise, state, kinds }
    });
    endings.collect()
}

#[test]
fn every_kind_has_one_entry_and_every_entry_a_kind() {
    let headings: Vec<_> = entries().iter().map(|(heading, _)| *heading).collect();
    let known = kinds();
    let missing: Vec<_> = known.iter().filter(|kind| !headings.contains(kind)).collect();
    assert!(missing.is_empty(), "kinds without an entry: {missing:?}");
    let strays: Vec<_> = headings.iter().filter(|heading| !known.contains(*heading)).collect();
    assert!(strays.is_empty(), "entries without a kind: {strays:?}");
    assert_eq!(headings.len(), known.len(), "an entry stands twice: {headings:?}");
}

#[test]
fn every_entry_says_when_what_is_seen_what_to_do_and_whether_to_retry() {
    for (heading, text) in entries() {
        for part in ["\n- **When:** ", "\n- **The user sees:** ", "\n- **The page should:** "] {
            assert_eq!(text.matches(part).count(), 1, "{heading}: {part:?}");
        }
        let kind = Kind::ALL.iter().find(|kind| kind.as_str() == heading).expect("a kind");
        let retryable = if kind.retryable() { "\nRetryable: yes.\n" } else { "\nRetryable: no.\n" };
        assert!(text.contains(retryable), "{heading}: {retryable:?}");
        assert!(text.lines().count() <= ENTRY_LINES, "{heading} is too long");
    }
}

#[test]
fn the_types_list_the_same_kinds() {
    let (_, below) = TYPES.split_once("export type ErrorKind =").expect("ErrorKind");
    let (union, _) = below.split_once(';').expect("its end");
    let typed: BTreeSet<&str> = union.split('"').skip(1).step_by(2).collect();
    assert_eq!(typed, kinds());
}

#[test]
fn the_endings_name_known_kinds_and_last_states() {
    let known = kinds();
    let told = told();
    assert!(told.len() > 20, "the table is there: {} rows", told.len());
    for ending in &told {
        assert!(ending.kinds.iter().all(|kind| known.contains(kind)), "unknown kind: {ending:?}");
        let is_last = ending.state == "-" || LAST.iter().any(|state| state.as_str() == ending.state);
        assert!(is_last, "no state that a flow ends in: {ending:?}");
    }
}

#[test]
fn every_ending_that_is_proved_is_told() {
    let told = told();
    for ending in proved() {
        assert!(told.iter().any(|row| row.is_like(&ending)), "not told: {ending:?}");
    }
}
