//! A page that comes back goes on: it asks the backend first, sends no SMS by itself, and has no more time than was left.

use handset_protocol::client::paths;

use super::{Violation, findings::Findings, flow_run::FlowRun};
use crate::{
    machine::SimulatedMachine,
    trace::{FlowEnding, Trace, TraceEntry},
};

/// Allowance for the travel of a status reply, whose remaining time is that of the backend's answer, in ms.
const TRAVEL_MS: i64 = 25_000;

/// A time that was left, from an event on.
struct LeftTime {
    at: u64,
    expires: i64,
}

impl LeftTime {
    /// What is left at a moment, by the monotonic clock.
    fn left(&self, machine: &SimulatedMachine, at: u64) -> i64 {
        let (then, now) = (machine.clocks_at(self.at), machine.clocks_at(at));
        self.expires - then.wall - (now.mono - then.mono)
    }
}

/// Checks a flow and the one before it, whose page died.
pub(super) fn check(before: &FlowRun<'_>, flow: &FlowRun<'_>, findings: &mut Findings) {
    let goes_on = flow.first(|entry| match entry {
        TraceEntry::Resumed(goes_on) => Some(*goes_on),
        _ => None,
    });
    let Some((_, goes_on)) = goes_on else { return };
    let asked = flow.first(|entry| match entry {
        TraceEntry::Sends(path) => Some(path == paths::STATUS),
        _ => None,
    });
    if goes_on {
        findings.must(asked.is_none_or(|(_, is_status)| is_status), "a page that comes back asks the backend first");
        check_messages(before, flow, findings);
        check_time(before, flow, findings);
    }
}

/// The start step of a known number answers by itself: with an SMS out, it is not called again.
fn check_messages(before: &FlowRun<'_>, flow: &FlowRun<'_>, findings: &mut Findings) {
    let is_out = before.entries.iter().rev().find_map(|(_, entry)| match entry {
        TraceEntry::Accepted { .. } => Some(true),
        // From here on the person was to give another number.
        TraceEntry::Answers("change") => Some(false),
        _ => None,
    });
    let first = flow.first(|entry| match entry {
        TraceEntry::Answers(what) => Some(*what),
        TraceEntry::State { state: "awaiting_otp" | "awaiting_link", .. } => Some("waits"),
        _ => None,
    });
    let is_again = matches!(first, Some((_, "known number" | "number")));
    findings.must(!(is_out == Some(true) && is_again), "no SMS is sent again because a page was reloaded");
}

/// Whether the time of a resumed flow is up, by what its page was told.
pub(super) fn is_up(flow: &FlowRun<'_>, at: u64) -> bool {
    let told = flow.entries.iter().find_map(|(at, entry)| match entry {
        TraceEntry::State { expires: Some(expires), .. } => Some(LeftTime { at: *at, expires: *expires }),
        _ => None,
    });
    told.is_some_and(|told| told.left(flow.machine, at) <= 0)
}

fn check_time(before: &FlowRun<'_>, flow: &FlowRun<'_>, findings: &mut Findings) {
    let mut last: Option<LeftTime> = None;
    for (at, entry) in before.entries {
        match entry {
            TraceEntry::State { expires, .. } => match (expires, &last) {
                (Some(expires), Some(known)) if known.expires == *expires => {}
                (Some(expires), _) => last = Some(LeftTime { at: *at, expires: *expires }),
                (None, _) => last = None,
            },
            // Another SMS, another time.
            TraceEntry::Sends(path) if path == paths::OTP_START || path == paths::LINK_START => last = None,
            _ => {}
        }
    }
    let told = flow.first(|entry| match entry {
        TraceEntry::State { state: "awaiting_otp" | "awaiting_link", expires, .. } => *expires,
        _ => None,
    });
    let resent = flow.times(|entry| matches!(entry, TraceEntry::Accepted { .. })).next();
    let (Some(last), Some((at, expires))) = (last, told) else { return };
    if resent.is_some_and(|resent| resent <= at) {
        return;
    }
    let told = expires - flow.machine.clocks_at(at).wall;
    // Nothing was written after the last event of the first page, so its time is that of the text.
    let written = before.times(|entry| matches!(entry, TraceEntry::State { .. })).next_back().unwrap_or(before.ended);
    findings.must(told <= last.left(flow.machine, written), "no countdown is longer after a reload");
    let clocks = &flow.scenario.clocks;
    if clocks.jumps.is_empty() && clocks.naps.is_empty() && flow.scenario.backend.advances.is_empty() {
        let allowed = last.left(flow.machine, at) + TRAVEL_MS;
        findings.must(told <= allowed, "a countdown goes on while no page runs");
    }
}

/// Checks two pages with one token: the result of the flow is that of both.
pub(crate) fn of_both(first: &Trace, second: &Trace) -> Vec<Violation> {
    let mut findings = Findings::default();
    let pages = [first.entries(), second.entries()];
    let proved = pages.iter().flatten().any(|(_, entry)| *entry == TraceEntry::Settled { proved: true });
    for entries in &pages {
        let failed = entries.iter().any(|(_, entry)| *entry == TraceEntry::Ends(FlowEnding::Rejects("server")));
        // A proxy or an injected fault may refuse a request with another status.
        let is_refused = |entry: &TraceEntry| matches!(entry, TraceEntry::RequestEnds { outcome: "refused", .. });
        let by_the_network = entries.iter().any(|(_, entry)| is_refused(entry));
        findings.must(!proved || !failed || by_the_network, "a flow that another page has settled ends as done");
    }
    findings.into_violations()
}
