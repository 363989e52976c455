//! The tables of `docs/events.md`, read from the page: the edges between states, and the members of an event in each
//! state.
//!
//! The flow's tests, the module's own and the simulation include this file.

use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../docs/events.md");
const BEGIN: &str = "idle";
const ENDS: [&str; 4] = ["done", "ended", "failed", "cancelled"];

/// One state after another.
pub(crate) type Edge<'a> = (&'a str, &'a str);

/// The cells of the rows of the table below the heading `## title`.
fn rows(title: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let below = PAGE.split("\n## ").find_map(|section| section.strip_prefix(title)?.strip_prefix('\n'));
    let rows = below.unwrap_or_default().lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
}

/// The texts between backticks.
fn quoted(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split('`').skip(1).step_by(2)
}

/// Every state.
pub(crate) fn states() -> BTreeSet<&'static str> {
    rows("States").filter_map(|row| quoted(row.first()?).next()).collect()
}

/// Every edge that a flow may walk.
pub(crate) fn edges() -> BTreeSet<Edge<'static>> {
    let mut edges = BTreeSet::new();
    for row in rows("Edges") {
        let [from, to, _] = row[..] else { continue };
        for from in quoted(from) {
            match to {
                "the same" => _ = edges.insert((from, from)),
                to => edges.extend(quoted(to).map(|to| (from, to))),
            }
        }
    }
    edges
}

/// The members of an event, each with the states in which it may stand; `None`: in every one.
pub(crate) fn members() -> BTreeMap<&'static str, Option<BTreeSet<&'static str>>> {
    let member = |row: Vec<&'static str>| {
        let [name, _, _, states] = row[..] else { return None };
        let states = (states != "every event").then(|| quoted(states).collect());
        Some((quoted(name).next()?, states))
    };
    rows("Members").filter_map(member).collect()
}

/// The edges between consecutive states. After an end, a new flow begins.
pub(crate) fn walked<'a>(states: impl IntoIterator<Item = &'a str>) -> Vec<Edge<'a>> {
    let mut from = BEGIN;
    let step = |to| {
        let edge = (if ENDS.contains(&from) { BEGIN } else { from }, to);
        from = to;
        edge
    };
    states.into_iter().map(step).collect()
}

/// The edges and members that the tables do not allow. An event is a state and the names of its members.
pub(crate) fn strays(events: &[(&str, Vec<&str>)]) -> Vec<String> {
    let (edges, members) = (edges(), members());
    let mut strays = Vec::new();
    for (from, to) in walked(events.iter().map(|(state, _)| *state)) {
        if !edges.contains(&(from, to)) {
            strays.push(format!("no edge leads from {from} to {to}"));
        }
    }
    for (state, names) in events {
        for name in names {
            let allowed = members.get(name).is_some_and(|states| states.as_ref().is_none_or(|all| all.contains(state)));
            if !allowed {
                strays.push(format!("{name} does not belong to {state}"));
            }
        }
    }
    strays
}
