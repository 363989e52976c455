//! The simulation is reproducible, and finds seeded bugs.
//! The binary runs the seeds without bugs: `npm test` runs 2,000, `npm run soak` more.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use handset::flow::Bug;
use handset_simulation::{SimulationReport, replay, run};

/// Maximum number of seeds until a seeded bug is found.
const SEEDS: u64 = 2_000;

fn found_within(bug: Bug, what: &str) {
    let found = (0..SEEDS).find(|seed| {
        let outcome = run(*seed, Some(bug)).unwrap();
        outcome.violations.iter().any(|violation| violation.to_string() == what)
    });
    let Some(seed) = found else { panic!("{bug:?} went unnoticed in {SEEDS} seeds") };
    assert_eq!(run(seed, None).unwrap().violations, [], "fails without the bug too: {}", replay(seed, None));
}

#[test]
fn finds_an_auth_finish_step_that_runs_twice() {
    found_within(Bug::FinishTwice, "AuthFinishStep runs at most once");
}

#[test]
fn finds_a_deadline_that_is_ignored() {
    found_within(Bug::IgnoreDeadline, "a deadline ends the wait");
}

#[test]
fn finds_a_last_message_that_is_lost() {
    found_within(Bug::LoseLastMessage, "good news is acted upon at once");
}

#[test]
fn finds_a_deadline_that_is_counted_down_through_a_sleep() {
    found_within(Bug::CountTicks, "time that is up, or clocks that have come apart, are noticed within 5 s");
}

#[test]
fn finds_a_late_event_of_a_replaced_socket_that_counts() {
    found_within(Bug::HearReplaced, "a socket that works is not replaced");
}

#[test]
fn finds_a_timeout_that_is_reported_without_asking_first() {
    found_within(Bug::NoLastQuestion, "a last question goes before every timeout");
}

#[test]
fn finds_a_code_that_is_submitted_twice() {
    found_within(Bug::SubmitTwice, "a code is submitted once for each answer of the page");
}

#[test]
fn finds_a_reload_that_sends_another_sms() {
    found_within(Bug::ResumeSendsAgain, "no SMS is sent again because a page was reloaded");
}

#[test]
fn finds_a_countdown_that_stands_still_while_no_page_runs() {
    found_within(Bug::ResumeKeepsTime, "a countdown goes on while no page runs");
}

#[test]
fn finds_a_page_that_comes_back_and_does_not_ask() {
    found_within(Bug::ResumeWithoutQuestion, "a page that comes back asks the backend first");
}

#[test]
fn finds_a_text_that_stays_after_the_end() {
    found_within(Bug::KeepStoredText, "a flow that is over leaves no text");
}

#[test]
fn finds_a_visit_without_a_time_limit() {
    found_within(Bug::UnboundVisit, "a visit ends within 30 s");
}

#[test]
fn finds_a_failed_visit_that_is_finished() {
    found_within(Bug::FinishFailedVisit, "what a visit brings is submitted once, and nothing else");
}

#[test]
fn finds_a_vfp_that_is_submitted_twice() {
    found_within(Bug::FinishVisitTwice, "what a visit brings is submitted once, and nothing else");
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..200 {
        let (first, second) = (run(seed, None).unwrap(), run(seed, None).unwrap());
        assert_eq!(first.lines, second.lines, "{}", replay(seed, None));
        assert_eq!(first.hash, second.hash, "{}", replay(seed, None));
    }
}

#[test]
fn a_distribution_that_lacks_a_fault_is_noticed() {
    let mut report = SimulationReport::default();
    let outcome = run(0, None).unwrap();
    (0..SEEDS).for_each(|_| report.add(&outcome));
    let surprises: BTreeSet<_> = report.surprises().into_iter().collect();
    assert!(surprises.contains("no fault `socket half open`"), "{surprises:?}");
    assert!(surprises.contains("no ending `done after otp_timeout`"), "{surprises:?}");
}
