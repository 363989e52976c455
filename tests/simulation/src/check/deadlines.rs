//! Deadlines are neither late nor early, and the page gets the right ones, for all clock errors.

use handset_protocol::client::paths;

use super::{findings::Findings, flow_run::FlowRun, resume};
use crate::trace::TraceEntry;

/// The two lifetimes of the contract, in ms.
const OTP_MS: i64 = 120_000;
const LINK_MS: i64 = 180_000;
/// Maximum time until an awake page notices an expired deadline or diverged clocks and makes a status call, in ms.
const NOTICED_MS: u64 = 5_100;
/// Divergence of the clocks that the client must notice, in ms.
const APART_MS: i64 = 1_001;
/// Maximum duration of a status call, with its four attempts of 20 s and their pauses, in ms.
const ASKING_MS: u64 = 105_000;
/// Maximum time between two trace entries of a running status call, in ms: an attempt, or the pause before the next.
const BETWEEN_TRIES_MS: u64 = 30_000;

/// An SMS was accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
struct SentSms {
    /// The arrival of the reply at the client, and the time of the backend's decision.
    at: u64,
    judged: u64,
    /// The expiry of the code or link, unless the backend's clock is moved.
    good_until: u64,
    /// The client's limit, and its excess over the backend's lifetime, in ms.
    limit: i64,
    beyond: i64,
}

/// A wait for a code or a link, between two events with a deadline.
#[derive(Debug)]
struct Wait {
    sent: SentSms,
    from: u64,
    to: u64,
    /// The end of the wait.
    over: u64,
    /// The deadline of the event, in epoch ms of the page's clock, and the time of the event.
    expires: i64,
    anchored: u64,
}

pub(super) fn check(flow: &FlowRun<'_>, findings: &mut Findings) {
    let waits = waits(flow);
    for wait in &waits {
        check_noticed(flow, wait, findings);
        check_told(flow, wait, findings);
    }
    check_early(flow, &waits, findings);
}

/// Every stretch of waiting without a new event for the page.
fn waits(flow: &FlowRun<'_>) -> Vec<Wait> {
    let mut waits: Vec<Wait> = Vec::new();
    let mut accepted = None;
    let mut waiting = false;
    for (at, entry) in flow.entries {
        let is_event = matches!(
            entry,
            TraceEntry::State { .. } | TraceEntry::FinishRuns { .. } | TraceEntry::Reports(_) | TraceEntry::Ends(_)
        );
        if let (true, true, Some(last)) = (is_event, waiting, waits.last_mut()) {
            last.to = *at;
            waiting = false;
        }
        match entry {
            TraceEntry::Accepted { judged, good_until, lifetime_ms } => {
                let usual = if flow.scenario.setup.is_mobile { OTP_MS } else { LINK_MS };
                let theirs = lifetime_ms.unwrap_or(usual);
                let limit = flow.scenario.setup.own_limit_ms.map_or(theirs, i64::from);
                let (judged, good_until) = (*judged, *good_until);
                accepted = Some(SentSms { at: *at, judged, good_until, limit, beyond: limit - theirs });
            }
            TraceEntry::State { state: "awaiting_otp" | "awaiting_link" | "awaiting_retry", expires, .. } => {
                let (Some(expires), Some(sent)) = (*expires, accepted) else { continue };
                let anchored = match waits.last().filter(|last| last.sent == sent) {
                    Some(last) if last.expires == expires => last.anchored,
                    Some(_) => *at,
                    None => sent.at,
                };
                waits.push(Wait { sent, from: *at, to: flow.ended, over: flow.ended, expires, anchored });
                waiting = true;
            }
            _ => {}
        }
    }
    let mut next: Option<(u64, u64)> = None;
    for wait in waits.iter_mut().rev() {
        wait.over = next.filter(|(from, _)| *from == wait.to).map_or(wait.to, |(_, over)| over);
        next = Some((wait.from, wait.over));
    }
    waits
}

impl Wait {
    /// The time left at a moment, in ms, from the event: by the monotonic clock and by the wall clock.
    fn left(&self, flow: &FlowRun<'_>, at: u64) -> (i64, i64) {
        let (then, now) = (flow.machine.clocks_at(self.anchored), flow.machine.clocks_at(at));
        (self.expires - then.wall - (now.mono - then.mono), self.expires - now.wall)
    }

    /// The time left of the SMS's lifetime by the monotonic clock, in ms.
    fn own_left(&self, flow: &FlowRun<'_>, at: u64) -> i64 {
        let (then, now) = (flow.machine.clocks_at(self.sent.at), flow.machine.clocks_at(at));
        self.sent.limit - (now.mono - then.mono)
    }

    /// The time left by the backend's clock, in ms.
    fn true_left(&self, flow: &FlowRun<'_>, at: u64) -> i64 {
        let advances = flow.scenario.backend.advances.iter().filter(|(when, _)| (self.sent.judged..=at).contains(when));
        let advanced: i64 = advances.map(|(_, seconds)| i64::from(*seconds) * 1000).sum();
        ms(self.sent.good_until) - ms(at) - advanced + self.sent.beyond
    }

    /// The first time up to `to` at which the page is awake and `left`, which falls with the monotonic clock, reaches
    /// 0 or `already` holds. Between the inspected times the clocks run evenly.
    fn first(
        &self,
        flow: &FlowRun<'_>,
        to: u64,
        left: impl Fn(u64) -> i64,
        already: impl Fn(u64) -> bool,
    ) -> Option<u64> {
        let mut moments = changes(flow);
        moments.push(self.from);
        moments.retain(|at| (self.from..to).contains(at));
        moments.sort_unstable();
        moments.push(to);
        moments.array_windows().find_map(|[from, until]| {
            if flow.machine.asleep_until(*from).is_some() {
                return None;
            }
            if already(*from) {
                return Some(*from);
            }
            let passes = from.saturating_add_signed(left(*from).max(0));
            (passes < *until).then_some(passes)
        })
    }
}

/// The times of jumps and naps of the page's clocks.
fn changes(flow: &FlowRun<'_>) -> Vec<u64> {
    let clocks = &flow.scenario.clocks;
    let naps = clocks.naps.iter().flat_map(|nap| [nap.from, nap.to]);
    clocks.jumps.iter().map(|(when, _)| *when).chain(naps).collect()
}

fn ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// The client notices an expired deadline and diverged clocks and makes a status call. The wait then ends.
fn check_noticed(flow: &FlowRun<'_>, wait: &Wait, findings: &mut Findings) {
    let apart = |at| {
        let (mono, wall) = wait.left(flow, at);
        mono.abs_diff(wall) > APART_MS.unsigned_abs()
    };
    if let Some(due) = wait.first(flow, wait.to, |at| wait.left(flow, at).0, apart) {
        let noticed_by = flow.later(due, NOTICED_MS);
        let asked = flow
            .times(|entry| matches!(entry, TraceEntry::Sends(path) if path == paths::STATUS))
            .any(|at| (due.saturating_sub(BETWEEN_TRIES_MS)..=noticed_by).contains(&at));
        findings.must(
            wait.to <= noticed_by || asked,
            "time that is up, or clocks that have come apart, are noticed within 5 s",
        );
    }
    if let Some(due) = wait.first(flow, wait.over, |at| wait.own_left(flow, at), |_| false) {
        // An earlier status call, caused by diverged clocks, may be running.
        let questions = if changes(flow).is_empty() { 1 } else { 2 };
        let over_by = flow.later(due, NOTICED_MS + questions * ASKING_MS);
        findings.must(wait.over <= over_by, "a deadline ends the wait");
    }
}

/// The last deadline is right at the end of its stretch, unless a status call is under way.
fn check_told(flow: &FlowRun<'_>, wait: &Wait, findings: &mut Findings) {
    let end = wait.to.saturating_sub(1).max(wait.from);
    if flow.machine.asleep_until(end).is_some() {
        return;
    }
    let changed = changes(flow).into_iter().filter(|at| (wait.sent.at..=end).contains(at)).max();
    let asking = flow
        .times(|entry| match entry {
            TraceEntry::Sends(path) | TraceEntry::RequestEnds { path, .. } => path == paths::STATUS,
            _ => false,
        })
        .rfind(|at| (wait.sent.at..=end).contains(at));
    let settled = [changed.map(|at| flow.later(at, NOTICED_MS)), asking.map(|at| flow.later(at, BETWEEN_TRIES_MS))];
    if settled.into_iter().flatten().any(|at| at > end) {
        return;
    }
    let (told, own) = (wait.left(flow, end).1, wait.own_left(flow, end));
    let truth = wait.true_left(flow, end);
    findings.must(told <= own + APART_MS, "no countdown is longer than what the SMS was accepted with");
    findings.must(told >= own.min(truth) - APART_MS, "no countdown is shorter than what is left");

    // The backend's reply after the last sleep decides.
    let woke = flow.scenario.clocks.naps.iter().filter(|nap| nap.to <= end).map(|nap| nap.to).max().unwrap_or(0);
    let answer = flow.first(|entry| match entry {
        TraceEntry::RequestEnds { path, judged: Some(judged), outcome: "ok", .. } if path == paths::STATUS => {
            (*judged >= woke.max(wait.sent.at)).then_some(*judged)
        }
        _ => None,
    });
    if let (Some((came, judged)), false) =
        (answer.filter(|(at, _)| *at <= wait.from), flow.scenario.backend.tells_no_times)
        && flow.scenario.backend.advances.is_empty()
    {
        // Allow for the travel time of this reply or of the first one.
        let late = ms((came - judged).max(wait.sent.at - wait.sent.judged));
        findings.must(told <= truth + late + APART_MS, "no countdown outlives a sleep");
    }
}

/// No timeout is early: the time is up by the page's monotonic clock or by the backend's clock.
fn check_early(flow: &FlowRun<'_>, waits: &[Wait], findings: &mut Findings) {
    let timeout =
        |entry: &TraceEntry| matches!(entry, TraceEntry::Reports("otp_timeout" | "link_timeout")).then_some(());
    let Some((at, ())) = flow.first(timeout) else { return };
    let is_due = match waits.iter().rfind(|wait| wait.from <= at) {
        Some(wait) => wait.own_left(flow, at) <= 0 || wait.true_left(flow, at) <= 0,
        None => resume::is_up(flow, at) || is_due_without_sms(flow, at),
    };
    findings.must(is_due, "no timeout comes early");
}

/// A restarted flow of a settled session sends no SMS. Where the status call after the reply to its start is lost, the
/// client waits for the full lifetime of a code.
fn is_due_without_sms(flow: &FlowRun<'_>, at: u64) -> bool {
    let waiting = |entry: &TraceEntry| matches!(entry, TraceEntry::State { state: "awaiting_otp", .. });
    let limit = flow.scenario.setup.own_limit_ms.map_or(OTP_MS, i64::from);
    let waited = |from| flow.machine.clocks_at(at).mono - flow.machine.clocks_at(from).mono;
    flow.session != "pending" && flow.times(waiting).next().is_some_and(|from| waited(from) >= limit)
}
