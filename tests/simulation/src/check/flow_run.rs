//! One flow of a run, and questions about its trace.

use crate::{
    machine::SimulatedMachine,
    scenario::Scenario,
    trace::{FlowEnding, TraceEntry},
};

/// One flow of a run, with its trace.
pub(super) struct FlowRun<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) machine: &'a SimulatedMachine,
    pub(super) entries: &'a [(u64, TraceEntry)],
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) ending: FlowEnding,
    /// The session's state at the end of the run, or when the backend lost it: `pending`, `passed` or `failed`.
    pub(super) session: &'a str,
}

impl FlowRun<'_> {
    /// The first entry for which `find` returns a value, with its time.
    pub(super) fn first<T>(&self, find: impl Fn(&TraceEntry) -> Option<T>) -> Option<(u64, T)> {
        self.entries.iter().find_map(|(at, entry)| Some((*at, find(entry)?)))
    }

    /// The times of the matching entries.
    pub(super) fn times<'a>(
        &'a self,
        matches: impl Fn(&TraceEntry) -> bool + 'a,
    ) -> impl DoubleEndedIterator<Item = u64> + 'a {
        self.entries.iter().filter(move |(_, entry)| matches(entry)).map(|(at, _)| *at)
    }

    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.ending, FlowEnding::Stopped(_))
    }

    /// The moment at which the page has run for so long since `from`.
    pub(super) fn later(&self, from: u64, awake_ms: u64) -> u64 {
        let mut at = from;
        let mut left = awake_ms;
        for nap in &self.scenario.clocks.naps {
            if nap.to <= at {
                continue;
            }
            let until = nap.from.max(at);
            if until - at >= left {
                break;
            }
            left -= until - at;
            at = nap.to;
        }
        at + left
    }

    /// When the flow is waiting for nothing more but AuthFinishStep, or is over.
    pub(super) fn decided(&self) -> u64 {
        self.first(|entry| matches!(entry, TraceEntry::FinishRuns { .. }).then_some(()))
            .map_or(self.ended, |(at, ())| at)
    }

    pub(super) fn ending_in_words(&self) -> String {
        let failure = self.first(|entry| match entry {
            TraceEntry::FinishRuns { failure } => Some(*failure),
            _ => None,
        });
        match (&self.ending, failure) {
            (FlowEnding::Resolves, Some((_, None))) => "done".into(),
            (FlowEnding::Resolves, Some((_, Some(kind)))) => format!("done after {kind}"),
            (FlowEnding::Resolves, None) => "ended without AuthFinishStep".into(),
            (ending, _) => ending.to_string(),
        }
    }
}
