//! What the page is told.

use super::{Flow, Verdict};
use crate::{
    tables,
    trace::{Ending, Entry},
};

const LAST: [&str; 4] = ["done", "ended", "failed", "cancelled"];

pub(super) fn check(flow: &Flow<'_>, verdict: &mut Verdict) {
    let states: Vec<_> = flow
        .entries
        .iter()
        .filter_map(|(_, entry)| match entry {
            Entry::State { state, .. } => Some(*state),
            _ => None,
        })
        .collect();
    let ends = states.iter().filter(|state| LAST.contains(state)).count();
    if flow.is_stopped() {
        // That it was cancelled is told by whoever stops it.
        verdict.must(ends == 0, "a flow that was stopped tells nothing more");
    } else {
        verdict.must(ends == 1, "one event tells the end");
        let fits = match (&flow.ending, states.last()) {
            (Ending::Resolves, Some(last)) => matches!(*last, "done" | "ended"),
            (Ending::Rejects(_) | Ending::RejectsAsThePage, Some(last)) => *last == "failed",
            _ => false,
        };
        verdict.must(fits, "the last event says what the promise says");
    }
    let told: Vec<_> = states.iter().map(|state| (*state, Vec::new())).collect();
    for stray in tables::strays(&told) {
        verdict.must(false, &stray);
    }
    let mut over = false;
    for (_, entry) in flow.entries {
        let is_of_the_flow =
            matches!(entry, Entry::Sends(_) | Entry::State { .. } | Entry::FinishRuns { .. } | Entry::Answers(_));
        verdict.must(!(over && is_of_the_flow), "nothing runs after the end");
        over |= matches!(entry, Entry::Ends(_));
    }
}
