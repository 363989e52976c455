//! The simulation itself: that it repeats, and that it finds what it is there to find.
//! The seeds that must hold are run by the binary: `npm test` runs 2,000 of them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use handset::flow::Bug;
use handset_simulation::run;

/// Seeds within which a planted bug must be found.
const SEEDS: u64 = 2_000;

fn found_within(bug: Bug, what: &str) {
    let found = (0..SEEDS).find(|seed| {
        let outcome = run(*seed, Some(bug)).unwrap();
        outcome.violations.iter().any(|violation| violation.to_string() == what)
    });
    let Some(seed) = found else { panic!("{bug:?} went unnoticed in {SEEDS} seeds") };
    assert_eq!(run(seed, None).unwrap().violations, [], "seed {seed} fails without the bug too");
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
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..200 {
        let (first, second) = (run(seed, None).unwrap(), run(seed, None).unwrap());
        assert_eq!(first.lines, second.lines, "seed {seed}");
        assert_eq!(first.hash, second.hash, "seed {seed}");
    }
}

#[test]
fn different_seeds_reach_every_ending_that_a_network_and_a_person_can_bring_about() {
    let endings: BTreeSet<_> = (0..SEEDS).map(|seed| run(seed, None).unwrap().ending).collect();
    for ending in
        ["Resolves", "Cancelled", "RejectsAsThePage", "rejects: network", "rejects: server", "rejects: token_expired"]
    {
        assert!(endings.contains(ending), "{ending} is not among {endings:?}");
    }
}
