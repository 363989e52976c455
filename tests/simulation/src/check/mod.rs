//! The invariants, which hold for every behaviour of the network, the machine, the backend and the person.

mod deadlines;
mod findings;
mod flow_run;
mod mobile_auth;
mod repeats;
mod resume;
mod settling;
mod states;

use serde_json::Value;

use crate::{
    backend::text_of,
    machine::SimulatedMachine,
    scenario::Scenario,
    trace::{Trace, TraceEntry},
};
use findings::Findings;
use flow_run::FlowRun;

pub use findings::Violation;
pub(crate) use resume::of_both;

/// The broken promises, and the endings of the flows.
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
    let mut before: Option<FlowRun<'_>> = None;
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
        mobile_auth::check(&flow, &mut findings);
        states::check(&flow, &mut findings);
        if let Some(before) = &before {
            resume::check(before, &flow, &mut findings);
        }
        endings.push(flow.ending_in_words());
        before = Some(flow);
    }
    for (_, entry) in &entries {
        if let TraceEntry::Flaw(what) = entry {
            findings.must(false, what);
        }
    }
    (findings.into_violations(), endings)
}
