//! The page's events follow the tables of docs/events.md.

use super::{findings::Findings, flow_run::FlowRun};
use crate::{
    tables,
    trace::{FlowEnding, TraceEntry},
};

const LAST: [&str; 4] = ["done", "ended", "failed", "cancelled"];

pub(super) fn check(flow: &FlowRun<'_>, findings: &mut Findings) {
    let states: Vec<_> = flow
        .entries
        .iter()
        .filter_map(|(_, entry)| match entry {
            TraceEntry::State { state, .. } => Some(*state),
            _ => None,
        })
        .collect();
    let ends = states.iter().filter(|state| LAST.contains(state)).count();
    if flow.is_stopped() {
        // That it was cancelled is told by whoever stops it.
        findings.must(ends == 0, "a flow that was stopped tells nothing more");
    } else {
        findings.must(ends == 1, "one event tells the end");
        let fits = match (&flow.ending, states.last()) {
            (FlowEnding::Resolves, Some(last)) => matches!(*last, "done" | "ended"),
            (FlowEnding::Rejects(_) | FlowEnding::RejectsAsThePage, Some(last)) => *last == "failed",
            _ => false,
        };
        findings.must(fits, "the last event says what the promise says");
    }
    let told: Vec<_> = states.iter().map(|state| (*state, Vec::new())).collect();
    for stray in tables::strays(&told) {
        findings.must(false, &stray);
    }
    let mut over = false;
    for (_, entry) in flow.entries {
        let is_of_the_flow = matches!(
            entry,
            TraceEntry::Sends(_) | TraceEntry::State { .. } | TraceEntry::FinishRuns { .. } | TraceEntry::Answers(_)
        );
        findings.must(!(over && is_of_the_flow), "nothing runs after the end");
        over |= matches!(entry, TraceEntry::Ends(_));
    }
}
