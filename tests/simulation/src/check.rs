//! What must hold, whatever the network and the person do.

use std::fmt;

use handset_protocol::client::paths;
use serde_json::Value;

use crate::{
    backend::text_of,
    network::Live,
    scenario::Scenario,
    tables,
    trace::{Entry, Trace},
};

/// Between hearing that the flow is settled and AuthFinishStep, in ms: no request, no wait.
const PROMPT_MS: u64 = 1_000;
/// The two deadlines of the contract, in ms.
const OTP_MS: u64 = 120_000;
const LINK_MS: u64 = 180_000;
/// How long after a deadline the client may still be asking, in ms: four tries of 20 s each with their pauses.
const ASKING_MS: u64 = 130_000;
/// How long a calm network takes to bring the news, in ms: a socket that died unseen is found out after two pings.
const NEWS_MS: u64 = 75_000;

/// Something that should have held and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

struct Run {
    entries: Vec<(u64, Entry)>,
    violations: Vec<Violation>,
}

impl Run {
    fn must(&mut self, holds: bool, text: &str) {
        if !holds {
            self.violations.push(Violation(text.to_owned()));
        }
    }

    fn first(&self, matches: impl Fn(&Entry) -> bool) -> Option<u64> {
        self.entries.iter().find(|(_, entry)| matches(entry)).map(|(at, _)| *at)
    }
}

pub(crate) fn check(scenario: &Scenario, trace: &Trace, session: &Value, left: Live) -> Vec<Violation> {
    let mut run = Run { entries: trace.entries(), violations: Vec::new() };
    let (ended, ending) = run.entries.last().cloned().unwrap_or((0, Entry::NeverSettles));
    let state = text_of(session, "state");
    let runs: Vec<_> = run
        .entries
        .iter()
        .filter_map(|(at, entry)| match entry {
            Entry::FinishRuns { failure } => Some((*at, *failure)),
            _ => None,
        })
        .collect();

    run.must(ending != Entry::NeverSettles, "every promise settles");
    run.must(left == Live::default(), "no timer, request or socket is left");
    run.must(runs.len() <= 1, "AuthFinishStep runs at most once");
    run.must(runs.is_empty() || state != "pending", "AuthFinishStep runs only when the session is settled");
    run.must(
        !run.entries.iter().any(|(_, entry)| matches!(entry, Entry::Person("is handed somebody else's authId"))),
        "AuthFinishStep is handed this flow's authId",
    );
    if let Some((_, None)) = runs.first() {
        run.must(state == "passed", "AuthFinishStep runs without a failure only when the phone was proved");
    }

    // What the client heard, it acts upon at once.
    let was_cut_short = matches!(ending, Entry::Cancelled);
    if let Some(heard) = run.first(|entry| matches!(entry, Entry::Told { proved: true })) {
        let prompt = runs.first().is_some_and(|(at, failure)| *at <= heard + PROMPT_MS && failure.is_none());
        run.must(prompt || (was_cut_short && ended <= heard + PROMPT_MS), "good news is acted upon at once");
    }
    check_waits(&mut run, ended);
    check_states(&mut run);

    // Whatever the network did before: once it is back, the news arrives.
    if let Some(proved) = run.first(|entry| matches!(entry, Entry::LinkOpened { status: 300..400 })) {
        // The deadline runs from the last SMS that the client knows of.
        let awaited = run.entries.iter().rev().find_map(|(at, entry)| match entry {
            Entry::Request(path, "ok") if path == paths::LINK_START && *at <= proved => Some(*at),
            _ => None,
        });
        let news_by = proved.max(scenario.calm_from_ms()) + NEWS_MS;
        if let Some(awaited) = awaited
            && ended > proved
            && news_by < awaited + LINK_MS
            && !was_cut_short
        {
            let ran = runs.first().is_some_and(|(at, failure)| *at <= news_by && failure.is_none());
            let gave_up = run.entries.iter().any(|(at, entry)| *at <= news_by && is_own_doing(entry));
            run.must(
                ran || gave_up,
                "a link that was opened in time is heard of, with the network back before the deadline",
            );
        }
    }
    run.violations
}

/// What ends a flow although the link was opened: the person's doing, or a request that must not be repeated.
fn is_own_doing(entry: &Entry) -> bool {
    match entry {
        Entry::Person(what) => matches!(*what, "rejects" | "retries"),
        Entry::Request(path, outcome) => path.ends_with("/start") && *outcome != "ok",
        _ => false,
    }
}

/// Only the edges of `docs/events.md`.
fn check_states(run: &mut Run) {
    let state = |entry: &Entry| match entry {
        Entry::State { state, .. } => Some((*state, Vec::new())),
        _ => None,
    };
    let told: Vec<_> = run.entries.iter().filter_map(|(_, entry)| state(entry)).collect();
    run.violations.extend(tables::strays(&told).into_iter().map(Violation));
}

/// A wait for a code or a link ends with its deadline.
fn check_waits(run: &mut Run, ended: u64) {
    let states: Vec<_> = run
        .entries
        .iter()
        .filter_map(|(at, entry)| match entry {
            Entry::State { state, .. } => Some((*at, *state)),
            _ => None,
        })
        .collect();
    for (index, (since, state)) in states.iter().enumerate() {
        let bound = match *state {
            "awaiting_otp" => OTP_MS,
            "awaiting_link" => LINK_MS,
            _ => continue,
        };
        // Told again of the same state, by a socket or a clock, is still the same wait.
        let left = states
            .iter()
            .skip(index + 1)
            .find(|(_, next)| next != state && *next != "awaiting_retry")
            .map_or(ended, |(at, _)| *at);
        run.must(left <= since + bound + ASKING_MS, "a deadline ends the wait");
    }
}
