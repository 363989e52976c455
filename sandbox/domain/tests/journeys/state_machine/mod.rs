//! The state machine of journeys: random histories of all calls by several pages and servers over two transactions of one
//! contact, with resets and passing time. After each step the rules hold that no test of a single call can show.

mod codes;
mod invariants;
mod moment;
mod play;
mod saves;
mod steps;

use handset_sandbox_domain::{HandoffPolicy, JourneyStatus, OutcomeSource};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::JourneyWorld;

use play::Players;
use steps::{JourneySetup, JourneyStep, setup, step};

fn world(setup: &JourneySetup) -> JourneyWorld {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| {
        workflow.prevents_parallel_sessions = setup.prevents_parallel;
        workflow.is_resumable = setup.is_resumable;
        workflow.handoff = if setup.same_owner { HandoffPolicy::SameOwner } else { HandoffPolicy::Ask };
        if setup.server_outcome {
            workflow.modules[0].outcome_from = OutcomeSource::Server;
        }
        if setup.review_exits {
            workflow.exit_on_end_states.push(JourneyStatus::NeedsReview);
        }
    });
    world
}

fn play(setup: &JourneySetup, history: &[JourneyStep]) {
    let mut players = Players::new(world(setup), setup.mode);
    for step in history {
        players.play(step);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_keep_the_rules(setup in setup(), history in vec(step(), 10..60)) {
        play(&setup, &history);
    }
}

#[test]
fn the_histories_reach_what_they_are_about() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = std::collections::BTreeMap::new();
    for _ in 0..128 {
        let setup = setup().new_tree(&mut runner).unwrap().current();
        let history = vec(step(), 10..60).new_tree(&mut runner).unwrap().current();
        let mut players = Players::new(world(&setup), setup.mode);
        for step in &history {
            players.play(step);
        }
        for (name, count) in players.reached {
            *reached.entry(name).or_insert(0) += count;
        }
    }
    for name in [
        "saved",
        "conflict",
        "state reset",
        "superseded",
        "auth required",
        "verified",
        "locked",
        "started_over",
        "inputs_changed",
        "workflow_version_changed",
        "module_expired",
        "retake",
        "not_resumable",
        "processed",
        "continuous reset",
        "complete reset",
        "erased",
        "ended",
        "handed over",
        "old token",
    ] {
        assert!(reached.get(name).is_some_and(|count| *count >= 2), "{name}: {reached:?}");
    }
}
