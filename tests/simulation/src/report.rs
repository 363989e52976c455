//! The summary of many runs: the ends of the flows, and the faults that took effect.

use std::{collections::BTreeMap, fmt};

use crate::{
    RunOutcome,
    scenario::{Scenario, StopKind},
    trace::{FlowEnding, Trace, TraceEntry},
};

/// Number of runs after which each fault and each ending must have occurred.
const ENOUGH: u64 = 2_000;

/// Every fault of a scenario.
const FAULTS: &[&str] = &[
    "aborted",
    "backend killed, and begun anew with its sessions",
    "backend killed, and begun anew without its sessions",
    "backend stopped for a while",
    "backend that tells no times",
    "backend without the status call",
    "backend's clock moved ahead",
    "callbacks held back after a sleep",
    "carrier slower than the client waits",
    "carrier that a page may not read",
    "carrier that answers rubbish",
    "carrier that answers with an error",
    "carrier that knows another phone",
    "carrier without TLS",
    "cancelled",
    "dropped while it sleeps",
    "dropped with its page",
    "every handshake without an end",
    "every socket refused",
    "flow begun again after a stop",
    "handshake without an end",
    "network gone for a while",
    "page asleep, both clocks go on",
    "page asleep, only the wall clock goes on",
    "page reloaded",
    "page visible again",
    "reload after which the flow goes on",
    "reload after which the flow begins anew",
    "reply lost",
    "request lost",
    "request refused for now",
    "request repeated on the way",
    "request slower than the client waits",
    "resend asked for twice at once",
    "sandbox answers with a status on demand",
    "sandbox delays on demand",
    "sandbox drops on demand",
    "sandbox is silent on demand",
    "sandbox loses a reply on demand",
    "sandbox refuses on demand",
    "second page with the token",
    "socket dropped",
    "socket half open",
    "socket refused",
    "status call that a page may not read",
    "stopped on hearing a state",
    "wall clock set ahead",
    "wall clock set back",
    "wall clock wrong from the start",
];

/// Endings that are too rare to be required.
const RARE: &[&str] = &[
    "rejects: link_timeout",
    "rejects: otp_invalid",
    "rejects: otp_timeout",
    "rejects: step_failed",
    "rejects: socket_lost",
];

/// Every other ending.
const ENDINGS: &[&str] = &[
    "aborted",
    "cancelled",
    "done",
    "done after link_timeout",
    "done after network",
    "done after otp_invalid",
    "done after otp_timeout",
    "done after server",
    "done after socket_lost",
    "done after step_failed",
    "dropped with its page",
    "ended without AuthFinishStep",
    "rejects as AuthFinishStep did",
    "reloaded",
    "rejects: network",
    "rejects: server",
    "rejects: token_expired",
];

impl Scenario {
    /// Records the faults that strike every flow that runs at their time.
    pub(crate) fn struck(&self, trace: &Trace) {
        let mut began = 0;
        for (at, entry) in trace.entries() {
            match entry {
                TraceEntry::Begins => began = at,
                TraceEntry::Ends(ending) => self.struck_between(began, at, &ending, trace),
                _ => {}
            }
        }
    }

    fn struck_between(&self, began: u64, ended: u64, ending: &FlowEnding, trace: &Trace) {
        let runs = |at: u64| (began..ended).contains(&at);
        let clocks = &self.clocks;
        let jump = |ahead: bool| clocks.jumps.iter().any(|(at, by)| runs(*at) && (*by > 0) == ahead);
        let nap = |stands: bool| clocks.naps.iter().any(|nap| runs(nap.from) && nap.mono_stands == stands);
        let asleep = clocks.naps.iter().any(|nap| (nap.from..nap.to).contains(&ended));
        let hearing = matches!(&self.stop, Some(stop) if matches!(stop.when, crate::scenario::StopMoment::Hearing(_)));
        let is_stopped = matches!(ending, FlowEnding::Stopped(_));
        for (is_so, fault) in [
            (clocks.off_ms != 0, "wall clock wrong from the start"),
            (jump(true), "wall clock set ahead"),
            (jump(false), "wall clock set back"),
            (nap(false), "page asleep, both clocks go on"),
            (nap(true), "page asleep, only the wall clock goes on"),
            (clocks.signals.iter().any(|at| runs(*at)), "page visible again"),
            (self.backend.advances.iter().any(|(at, _)| runs(*at)), "backend's clock moved ahead"),
            (*ending == FlowEnding::Stopped(StopKind::Cancelled), "cancelled"),
            (*ending == FlowEnding::Stopped(StopKind::Aborted), "aborted"),
            (*ending == FlowEnding::Stopped(StopKind::Reloaded), "page reloaded"),
            (*ending == FlowEnding::Stopped(StopKind::Dropped), "dropped with its page"),
            (is_stopped && asleep, "dropped while it sleeps"),
            (is_stopped && hearing, "stopped on hearing a state"),
        ] {
            if is_so {
                trace.strikes(fault);
            }
        }
    }
}

/// A count of runs, by their endings and faults.
#[derive(Debug, Default)]
pub struct SimulationReport {
    seeds: u64,
    failed: u64,
    endings: BTreeMap<String, u64>,
    struck: BTreeMap<&'static str, u64>,
}

impl SimulationReport {
    /// Counts a run.
    pub fn add(&mut self, outcome: &RunOutcome) {
        self.seeds += 1;
        self.failed += u64::from(!outcome.violations.is_empty());
        for ending in &outcome.endings {
            *self.endings.entry(ending.clone()).or_default() += 1;
        }
        for fault in &outcome.struck {
            *self.struck.entry(fault).or_default() += 1;
        }
    }

    /// Adds the counts of another report.
    pub fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.failed += other.failed;
        for (ending, count) in other.endings {
            *self.endings.entry(ending).or_default() += count;
        }
        for (fault, count) in other.struck {
            *self.struck.entry(fault).or_default() += count;
        }
    }

    /// Number of runs.
    pub fn seeds(&self) -> u64 {
        self.seeds
    }

    /// Number of runs with a violation.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Endings and faults that never occurred in enough runs, and unknown ones that did.
    pub fn surprises(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (what, known, seen) in [
            ("fault", FAULTS, self.struck.keys().copied().collect::<Vec<_>>()),
            ("ending", ENDINGS, self.endings.keys().map(String::as_str).collect()),
        ] {
            if self.seeds >= ENOUGH {
                found
                    .extend(known.iter().filter(|name| !seen.contains(name)).map(|name| format!("no {what} `{name}`")));
            }
            found.extend(
                seen.iter()
                    .filter(|name| !known.contains(name) && !RARE.contains(name))
                    .map(|name| format!("an unknown {what} `{name}`")),
            );
        }
        found
    }
}

impl fmt::Display for SimulationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "How flows ended:")?;
        for (ending, count) in &self.endings {
            writeln!(f, "{count:>8}  {ending}")?;
        }
        writeln!(f, "In how many seeds a fault took effect:")?;
        for (fault, count) in &self.struck {
            writeln!(f, "{count:>8}  {fault}")?;
        }
        Ok(())
    }
}
