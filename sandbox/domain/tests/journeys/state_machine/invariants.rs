//! The rules that hold between two moments of a history, whatever happened in between.

use std::collections::BTreeMap;

use handset_sandbox_domain::{ContactAttempts, JourneyState, JourneyStatus, ModuleChange, SavedModule, Workflow};

use super::moment::{Effect, Moment};

/// Compares the rows of a transaction before and after a step that had that effect.
pub(super) fn check(before: &Moment, after: &Moment, id: &str, effect: &Effect, workflow: &Workflow) {
    let (Some(earlier), Some(later)) = (before.state(id), after.state(id)) else {
        return a_transaction_goes_only_by_an_erasure(before, after, id, effect);
    };
    assert!(later.revision >= earlier.revision, "revisions never go back");
    assert!(later.reset_revision >= earlier.reset_revision && later.reset_revision <= later.revision);
    if earlier.modules != later.modules {
        assert!(later.revision > earlier.revision, "every change of the modules has a revision: {effect:?}");
    }
    no_acknowledged_save_is_lost(earlier, later, effect, workflow);
    if earlier.is_past_trigger && !matches!(effect, Effect::Reset(None)) {
        assert!(later.is_past_trigger, "the barrier stays: {effect:?}");
    }
    let was_barred = workflow.exit_on_end_states.contains(&earlier.status);
    if was_barred && !matches!(effect, Effect::Reset(_)) {
        let awaited = earlier.status == JourneyStatus::NeedsReview && matches!(effect, Effect::OutcomeSet);
        assert!(later.status == earlier.status || awaited, "a finished journey stays finished: {effect:?}");
        assert_eq!(earlier.modules, later.modules, "and takes no save");
    }
}

fn a_transaction_goes_only_by_an_erasure(before: &Moment, after: &Moment, id: &str, effect: &Effect) {
    let is_gone = before.transactions.contains_key(id) && !after.transactions.contains_key(id);
    assert!(!is_gone || matches!(effect, Effect::Erased), "a transaction is gone: {effect:?}");
}

/// Compares a transaction before and after a pause. Returns whether something of it has ended.
pub(super) fn check_wait(before: &Moment, after: &Moment, id: &str) -> bool {
    let Some(earlier) = before.transactions.get(id) else { return false };
    if earlier.ends_at().is_none_or(|end| after.now < end) {
        assert_eq!(Some(earlier), after.transactions.get(id), "before the end, time changes nothing");
        return false;
    }
    let (earlier, later) = (before.state(id), after.state(id));
    let is_tombstone = earlier.is_some_and(|state| state.is_tombstone);
    assert!(!is_tombstone || later.is_some(), "an end that bars a restart stays");
    if let Some((earlier, later)) = earlier.zip(later) {
        assert!(later.modules.is_empty() && later.inputs.is_none());
        assert!(later.revision >= earlier.revision);
        assert_eq!(later.is_past_trigger, earlier.is_past_trigger);
        assert_eq!(later.status, if is_tombstone { earlier.status } else { JourneyStatus::InProgress });
    }
    true
}

/// What is saved after a step is what was, with the changes that the step has acknowledged.
fn no_acknowledged_save_is_lost(earlier: &JourneyState, later: &JourneyState, effect: &Effect, workflow: &Workflow) {
    let kept_before = |place: usize| -> BTreeMap<String, SavedModule> {
        let is_kept = |id: &str| workflow.position(id).unwrap() < place;
        earlier.modules.iter().filter(|(id, _)| is_kept(id)).map(|(id, saved)| (id.clone(), saved.clone())).collect()
    };
    match effect {
        Effect::Saved(body) => {
            let ids = workflow.modules.iter().map(|module| module.id.as_str());
            for id in ids {
                match (body.modules.get(id), later.modules.get(id)) {
                    (None, saved) => assert_eq!(saved, earlier.modules.get(id), "{id} was not named"),
                    (Some(ModuleChange::Delete), saved) => assert_eq!(saved, None, "{id}"),
                    (Some(ModuleChange::Put { variables, outcome }), saved) => {
                        let saved = saved.expect("an acknowledged save");
                        assert_eq!((variables.as_ref(), outcome), (Some(&saved.variables), &saved.outcome), "{id}");
                    }
                }
            }
        }
        Effect::Read(None) => assert_eq!(earlier.modules, later.modules, "a get without a reason drops nothing"),
        Effect::Read(Some(reason)) => match reason.as_str() {
            "started_over" => {
                assert!(earlier.status.is_decided());
                assert!(later.modules.is_empty());
            }
            "inputs_changed" | "workflow_version_changed" | "not_resumable" => assert!(later.modules.is_empty()),
            // The dropped ones are a tail.
            "module_expired" | "retake" => {
                let dropped = earlier.modules.keys().filter(|id| !later.modules.contains_key(*id));
                let first = dropped.filter_map(|id| workflow.position(id)).min().expect("something was dropped");
                assert_eq!(later.modules, kept_before(first), "{reason}");
            }
            other => panic!("an unknown reason: {other}"),
        },
        Effect::Reset(Some(place)) => assert_eq!(later.modules, kept_before(*place)),
        Effect::Reset(None) => assert!(later.modules.is_empty()),
        Effect::Nothing | Effect::Verified | Effect::OutcomeSet | Effect::Erased => {
            assert_eq!(earlier.modules, later.modules, "no such call drops a save: {effect:?}");
        }
    }
}

/// Tries go only down, except by a correct code, by the lock that the last one begins, and after a day.
pub(super) fn tries_are_given_back_only_by_a_correct_code(before: &Moment, after: &Moment, effect: &Effect) {
    for (key, earlier) in &before.attempts {
        let later = after.attempts.get(key);
        let is_over = earlier.ends_at().is_none_or(|end| end <= after.now);
        assert!(later.is_some() || is_over || matches!(effect, Effect::Verified), "attempts are forgotten: {effect:?}");
        let Some(later) = later else { continue };
        let begins_lock = locked_until(later) != locked_until(earlier);
        if wrong(later) < wrong(earlier) {
            assert!(begins_lock || is_over || matches!(effect, Effect::Verified), "tries are given back: {effect:?}");
        }
        assert!(wrong(later) < 5, "the fifth wrong code locks");
    }
}

fn member(attempts: &ContactAttempts, name: &str) -> serde_json::Value {
    serde_json::to_value(attempts).unwrap()[name].clone()
}

fn wrong(attempts: &ContactAttempts) -> u64 {
    member(attempts, "wrong").as_u64().unwrap()
}

fn locked_until(attempts: &ContactAttempts) -> Option<i64> {
    member(attempts, "locked_until").as_i64()
}
