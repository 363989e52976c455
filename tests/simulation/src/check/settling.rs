//! Every flow ends, and ends as the backend says.

use handset_protocol::client::paths;

use super::{findings::Findings, flow_run::FlowRun};
use crate::{
    scenario::{Restart, SocketPath, StatusCall},
    trace::{FlowEnding, TraceEntry},
};

/// Between hearing that the flow is settled and AuthFinishStep, in ms: no request, no wait.
const PROMPT_MS: u64 = 1_000;
/// How long a calm network takes to bring the outcome, in ms: a socket that died unseen is found out after two pings.
const NEWS_MS: u64 = 75_000;
/// How long a link may be opened, in ms.
const LINK_MS: u64 = 180_000;
/// Longest that the client waits for one answer, in ms.
const REQUEST_MS: u64 = 20_000;

pub(super) fn check(flow: &FlowRun<'_>, findings: &mut Findings) {
    let runs: Vec<_> = flow
        .entries
        .iter()
        .filter_map(|(at, entry)| match entry {
            TraceEntry::FinishRuns { failure } => Some((*at, *failure)),
            _ => None,
        })
        .collect();
    findings.must(flow.ending != FlowEnding::NeverSettles, "every promise settles");
    findings.must(runs.len() <= 1, "AuthFinishStep runs at most once");
    findings.must(runs.is_empty() || flow.session != "pending", "AuthFinishStep runs only when the session is settled");
    if let Some((_, None)) = runs.first() {
        findings.must(flow.session == "passed", "AuthFinishStep runs without a failure only when the phone was proved");
    }

    // What the client heard, it acts upon at once.
    if let Some((heard, ())) = flow.first(|entry| (*entry == TraceEntry::OutcomeArrives { proved: true }).then_some(()))
    {
        let prompt = flow.later(heard, PROMPT_MS);
        let ran = runs.first().is_some_and(|(at, failure)| *at <= prompt && failure.is_none());
        findings.must(ran || (flow.is_stopped() && flow.ended <= prompt), "good news is acted upon at once");
    }
    check_news(flow, &runs, findings);
    check_restart(flow, findings);
    check_timeouts(flow, findings);
}

/// Once the network is calm, the outcome arrives.
fn check_news(flow: &FlowRun<'_>, runs: &[(u64, Option<&'static str>)], findings: &mut Findings) {
    let scenario = flow.scenario;
    let can_hear = scenario.sockets == SocketPath::Pass || scenario.backend.status_call == StatusCall::Answered;
    // A backend whose clock was moved, or which knows the flow no more, has other news.
    let is_itself =
        scenario.backend.advances.is_empty() && scenario.backend.restart.is_none_or(|restart| restart.keeps);
    let opened = flow.first(|entry| matches!(entry, TraceEntry::LinkOpened { status: 300..400 }).then_some(()));
    let (Some((proved, ())), true, true, false) = (opened, can_hear, is_itself, flow.is_stopped()) else { return };
    // The deadline runs from the last SMS that the client knows of.
    let Some(awaited) = flow.times(|entry| matches!(entry, TraceEntry::Accepted { .. })).rfind(|at| *at <= proved)
    else {
        return;
    };
    let limit = scenario.setup.own_limit_ms.map_or(LINK_MS, u64::from);
    let news_by = flow.later(proved.max(scenario.calm_from_ms()), NEWS_MS);
    if flow.ended > proved && news_by < awaited + limit {
        let ran = runs.first().is_some_and(|(at, failure)| *at <= news_by && failure.is_none());
        let gave_up = flow.entries.iter().any(|(at, entry)| *at <= news_by && is_own_doing(entry));
        findings.must(
            ran || gave_up,
            "a link that was opened in time is heard of, with the network back before the deadline",
        );
    }
}

/// Whether a flow may end although its link was opened: by the person, or by a failed request that is not repeated.
fn is_own_doing(entry: &TraceEntry) -> bool {
    match entry {
        TraceEntry::Person("rejects") | TraceEntry::Answers("resend" | "change") => true,
        TraceEntry::RequestEnds { path, outcome, .. } => path == paths::LINK_START && *outcome != "ok",
        _ => false,
    }
}

/// A backend that has lost the session says so when it is asked, and then the flow ends.
fn check_restart(flow: &FlowRun<'_>, findings: &mut Findings) {
    let Some(Restart { at, down_ms, keeps: false }) = flow.scenario.backend.restart else { return };
    let waits_for_the_backend = !flow.scenario.setup.is_mobile;
    if waits_for_the_backend && flow.scenario.backend.status_call == StatusCall::Answered && flow.decided() > at {
        let from = flow.began.max(at + down_ms).max(flow.scenario.calm_from_ms());
        findings.must(flow.decided() <= flow.later(from, NEWS_MS), "a flow that the backend has lost ends soon");
    }
}

/// A timeout is reported after a last question only, and never for what the backend has settled.
fn check_timeouts(flow: &FlowRun<'_>, findings: &mut Findings) {
    let is_timeout = |(_, entry): &(u64, TraceEntry)| {
        matches!(entry, TraceEntry::Reports("otp_timeout" | "link_timeout" | "socket_lost"))
    };
    let Some(at) = flow.entries.iter().position(is_timeout) else { return };
    let (before, rest) = flow.entries.split_at(at);
    let reported = rest.first().map_or(0, |(at, _)| *at);
    let question = |(at, entry): &(u64, TraceEntry)| match entry {
        TraceEntry::Sends(path) if path == paths::STATUS => Some(*at),
        _ => None,
    };
    let Some(asked) = before.iter().rev().find_map(question) else {
        return findings.must(false, "a last question goes before every timeout");
    };
    let answer = before.iter().rev().find_map(|(at, entry)| match entry {
        TraceEntry::RequestEnds { path, sent, judged, outcome } if path == paths::STATUS && *sent == asked => {
            Some((*at, *judged, *outcome))
        }
        _ => None,
    });
    // Without an answer, the question was given up when its time was over.
    let over = answer.map_or(asked + REQUEST_MS, |(at, ..)| at);
    findings.must(reported <= flow.later(over, PROMPT_MS), "a last question goes before every timeout");
    if let Some((_, Some(judged), "ok")) = answer {
        let settled = before.iter().any(|(at, entry)| matches!(entry, TraceEntry::Settled { .. }) && *at < judged);
        findings.must(!settled, "no timeout is reported for what the backend has settled");
    }
}
