//! Mobile Auth: a visit is bounded, and what it brings is submitted once.

use handset_protocol::{client::paths, steps};

use super::{findings::Findings, flow_run::FlowRun};
use crate::trace::TraceEntry;

/// The client's time limit of a visit, in ms.
const VISIT_MS: u64 = 30_000;
/// Maximum time from the end of a visit to the next request, in ms.
const PROMPT_MS: u64 = 1_000;

pub(super) fn check(flow: &FlowRun<'_>, findings: &mut Findings) {
    let report = paths::report(steps::MOBILE_INSTANT);
    let (mut brought, mut over_by) = (false, None);
    for (at, entry) in flow.entries {
        match entry {
            TraceEntry::RequestEnds { path, outcome: "ok", .. } if path == paths::INSTANT_START => {
                (brought, over_by) = (false, Some(flow.later(*at, VISIT_MS + PROMPT_MS)));
            }
            TraceEntry::VisitEnds { brings } => brought = *brings,
            TraceEntry::Sends(path) => {
                let is_finish = path == paths::INSTANT_FINISH;
                if is_finish {
                    findings.must(brought, "what a visit brings is submitted once, and nothing else");
                    brought = false;
                }
                if is_finish || *path == report {
                    findings.must(over_by.is_none_or(|by| *at <= by), "a visit ends within 30 s");
                    over_by = None;
                }
            }
            // A start after the fallback brings no visit, but the step that follows.
            TraceEntry::State { state, .. } if *state != "mobile_auth" => {
                findings.must(over_by.is_none_or(|by| *at <= by), "a visit ends within 30 s");
                over_by = None;
            }
            TraceEntry::FinishRuns { .. } => over_by = None,
            _ => {}
        }
    }
    findings.must(over_by.is_none_or(|by| flow.ended <= by), "a visit ends within 30 s");
}
