//! What must hold, whatever the network, the machine, the backend and the person do.

mod deadlines;
mod repeats;
mod settling;
mod states;

use std::fmt;

use serde_json::Value;

use crate::{
    backend::text_of,
    machine::SimulatedMachine,
    scenario::Scenario,
    trace::{FlowEnding, Trace, TraceEntry},
};

/// Something that should have held and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(String);

impl Violation {
    pub(crate) fn of_panic(panic: String) -> Self {
        Self(format!("nothing panics: {}", panic.replace('\n', " ")))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One flow of a run, with all that happened in it.
struct FlowRun<'a> {
    scenario: &'a Scenario,
    machine: &'a SimulatedMachine,
    entries: &'a [(u64, TraceEntry)],
    began: u64,
    ended: u64,
    ending: FlowEnding,
    /// How the session stood at the end of the run, or when the backend lost it: `pending`, `passed` or `failed`.
    session: &'a str,
}

/// Collects what does not hold.
#[derive(Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn must(&mut self, holds: bool, text: &str) {
        if !holds && !self.0.iter().any(|violation| violation.0 == text) {
            self.0.push(Violation(text.to_owned()));
        }
    }
}

/// What does not hold, and how the flows of the run ended.
pub(crate) fn check(
    scenario: &Scenario,
    machine: &SimulatedMachine,
    trace: &Trace,
    session: &Value,
) -> (Vec<Violation>, Vec<String>) {
    let entries = trace.entries();
    let session = text_of(session, "status");
    let mut findings = Findings::default();
    let mut endings = Vec::new();
    for entries in entries.chunk_by(|_, (_, next)| *next != TraceEntry::Begins) {
        let begin = entries.iter().position(|(_, entry)| *entry == TraceEntry::Begins);
        let end = entries.iter().position(|(_, entry)| matches!(entry, TraceEntry::Ends(_)));
        let Some((begin, (ended, TraceEntry::Ends(ending)))) = begin.zip(end.and_then(|end| entries.get(end))) else {
            continue;
        };
        let began = entries.get(begin).map_or(0, |(at, _)| *at);
        let flow =
            FlowRun { scenario, machine, entries, began, ended: *ended, ending: ending.clone(), session: &session };
        settling::check(&flow, &mut findings);
        deadlines::check(&flow, &mut findings);
        repeats::check(&flow, &mut findings);
        states::check(&flow, &mut findings);
        endings.push(flow.ending_in_words());
    }
    for (_, entry) in &entries {
        if let TraceEntry::Flaw(what) = entry {
            findings.must(false, what);
        }
    }
    (findings.0, endings)
}

impl FlowRun<'_> {
    /// The first entry at which this says something.
    fn first<T>(&self, find: impl Fn(&TraceEntry) -> Option<T>) -> Option<(u64, T)> {
        self.entries.iter().find_map(|(at, entry)| Some((*at, find(entry)?)))
    }

    /// When what matches happened.
    fn times<'a>(&'a self, matches: impl Fn(&TraceEntry) -> bool + 'a) -> impl DoubleEndedIterator<Item = u64> + 'a {
        self.entries.iter().filter(move |(_, entry)| matches(entry)).map(|(at, _)| *at)
    }

    fn is_stopped(&self) -> bool {
        matches!(self.ending, FlowEnding::Stopped(_))
    }

    /// The moment at which the page has run for so long since `from`.
    fn later(&self, from: u64, awake_ms: u64) -> u64 {
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
    fn decided(&self) -> u64 {
        self.first(|entry| matches!(entry, TraceEntry::FinishRuns { .. }).then_some(()))
            .map_or(self.ended, |(at, ())| at)
    }

    fn ending_in_words(&self) -> String {
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
