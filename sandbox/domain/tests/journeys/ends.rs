//! The end of a journey: which outcomes decide which end, outcomes from the server before and after it, and its webhook event.

use handset_protocol::journey::webhooks::JourneyWebhookEventType;
use handset_sandbox_domain::{
    GetOutput, GetStateBody, JourneyEventKind, JourneyRefusal, JourneyStatus, ModuleChange, OutcomeSource, PageStatus,
    StateAnswer,
};

use crate::support::JourneyWorld;
use crate::support::calls::{TestedPage, change, save, saves, with_status};
use crate::support::workflows::{WORKFLOW, plain};

const IDS: [&str; 3] = ["a", "b", "c"];
const APPROVED: Option<&str> = Some("auto_approved");
const DECLINED: Option<&str> = Some("auto_declined");
const REVIEW: Option<&str> = Some("needs_review");
const WORD: Option<&str> = Some("a word of the client");

/// A journey of three modules, of which those are the server's.
fn of_three(server: &[&str]) -> (JourneyWorld, TestedPage) {
    let mut workflow = plain(WORKFLOW, &IDS);
    workflow.exit_on_end_states = vec![JourneyStatus::AutoApproved];
    for module in workflow.modules.iter_mut().filter(|module| server.contains(&module.id.as_str())) {
        module.outcome_from = OutcomeSource::Server;
    }
    let mut world = JourneyWorld::with(workflow);
    let page = world.own_page();
    (world, page)
}

#[test]
fn the_outcomes_decide_the_end() {
    for (outcomes, end) in [
        ([None, None, APPROVED], JourneyStatus::AutoApproved),
        ([APPROVED, APPROVED, APPROVED], JourneyStatus::AutoApproved),
        ([WORD, WORD, APPROVED], JourneyStatus::AutoApproved),
        ([APPROVED, APPROVED, None], JourneyStatus::NeedsReview),
        ([APPROVED, APPROVED, WORD], JourneyStatus::NeedsReview),
        ([None, None, None], JourneyStatus::NeedsReview),
        ([None, None, DECLINED], JourneyStatus::AutoDeclined),
        ([DECLINED, None, APPROVED], JourneyStatus::AutoDeclined),
        ([REVIEW, DECLINED, APPROVED], JourneyStatus::AutoDeclined),
        ([DECLINED, REVIEW, None], JourneyStatus::AutoDeclined),
        ([REVIEW, None, APPROVED], JourneyStatus::NeedsReview),
        ([APPROVED, REVIEW, APPROVED], JourneyStatus::NeedsReview),
        ([None, None, REVIEW], JourneyStatus::NeedsReview),
        ([Some("user_cancelled"), Some("error"), Some("in_progress")], JourneyStatus::NeedsReview),
        ([None, None, Some("AUTO_APPROVED")], JourneyStatus::NeedsReview),
    ] {
        // In any order of the saves.
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let (mut world, mut page) = of_three(&[]);
            for (done, place) in order.into_iter().enumerate() {
                let saved = world.put(&mut page, change(IDS[place], save(outcomes[place]))).unwrap();
                let (expected, is_last) = if done == 2 { (end, true) } else { (JourneyStatus::InProgress, false) };
                assert_eq!(saved.status, expected, "{outcomes:?} after {done}");
                assert_eq!(saved.resume_at.is_none(), is_last);
            }
        }
    }
}

#[test]
fn the_servers_outcome_decides_early_or_late_and_the_journey_waits_for_it_as_a_review() {
    for (server, page_last, early, late) in [
        ("auto_approved", APPROVED, JourneyStatus::AutoApproved, JourneyStatus::AutoApproved),
        ("auto_declined", APPROVED, JourneyStatus::AutoDeclined, JourneyStatus::AutoDeclined),
        ("needs_review", APPROVED, JourneyStatus::NeedsReview, JourneyStatus::NeedsReview),
        ("another word", APPROVED, JourneyStatus::AutoApproved, JourneyStatus::AutoApproved),
        ("auto_approved", None, JourneyStatus::NeedsReview, JourneyStatus::NeedsReview),
    ] {
        let last = change("c", save(page_last));
        let (mut world, mut page) = of_three(&["b"]);
        world.save(&mut page, &["a"]);
        assert_eq!(world.set_outcome("b", server), Err(JourneyRefusal::StateNotFound), "before the module's save");
        world.save(&mut page, &["b"]);
        assert_eq!(world.set_outcome("b", server), Ok(JourneyStatus::InProgress));
        assert_eq!(world.put(&mut page, last.clone()).unwrap().status, early, "{server}, early");
        let (mut world, mut page) = of_three(&["b"]);
        world.save(&mut page, &["a", "b"]);
        assert_eq!(world.put(&mut page, last).unwrap().status, JourneyStatus::NeedsReview, "it waits");
        assert_eq!(world.set_outcome("b", server), Ok(late), "{server}, late");
        assert_eq!(world.state().status, late);
    }
}

#[test]
fn a_journey_with_two_outcomes_from_the_server_waits_for_both_unless_one_declines() {
    for (second, first, end) in [
        ("auto_approved", JourneyStatus::NeedsReview, JourneyStatus::AutoApproved),
        ("auto_declined", JourneyStatus::NeedsReview, JourneyStatus::AutoDeclined),
    ] {
        let (mut world, mut page) = of_three(&["b", "c"]);
        world.save(&mut page, &IDS);
        assert_eq!(world.set_outcome("b", "auto_approved"), Ok(first));
        assert_eq!(world.set_outcome("c", second), Ok(end));
    }
    let (mut world, mut page) = of_three(&["b", "c"]);
    world.save(&mut page, &IDS);
    assert_eq!(world.set_outcome("b", "auto_declined"), Ok(JourneyStatus::AutoDeclined));
    assert_eq!(world.set_outcome("c", "auto_approved"), Err(JourneyRefusal::AlreadyProcessed));
}

#[test]
fn after_the_end_the_servers_outcome_is_final() {
    let (mut world, mut page) = of_three(&["b"]);
    world.save(&mut page, &IDS);
    assert_eq!(world.set_outcome("b", "needs_review"), Ok(JourneyStatus::NeedsReview));
    assert_eq!(world.set_outcome("b", "auto_approved"), Err(JourneyRefusal::AlreadyProcessed));
    let (mut world, mut page) = of_three(&["b"]);
    world.save(&mut page, &["a", "b"]);
    assert_eq!(world.set_outcome("b", "auto_declined"), Ok(JourneyStatus::InProgress));
    assert_eq!(
        world.set_outcome("b", "auto_approved"),
        Ok(JourneyStatus::InProgress),
        "under way, the last one counts"
    );
    assert_eq!(world.put(&mut page, change("c", save(APPROVED))).unwrap().status, JourneyStatus::AutoApproved);
}

#[test]
fn only_a_module_of_the_server_takes_its_outcome() {
    let (mut world, _) = of_three(&["b"]);
    let expected = JourneyRefusal::shape("moduleId", "a module with outcomeFrom = \"server\"");
    for id in ["a", "c", "unknown"] {
        assert_eq!(world.set_outcome(id, "auto_approved"), Err(expected.clone()), "{id}");
    }
    world.workflows.clear();
    assert_eq!(world.set_outcome("b", "x"), Err(JourneyRefusal::WorkflowNotFound));
    world.transactions.clear();
    assert_eq!(world.set_outcome("b", "x"), Err(JourneyRefusal::TransactionNotFound));
}

#[test]
fn an_outcome_for_a_left_journey_is_kept_for_its_resume() {
    let (mut world, mut page) = of_three(&["b"]);
    world.save(&mut page, &["a", "b"]);
    let last = with_status(change("c", save(APPROVED)), PageStatus::UserCancelled);
    assert_eq!(world.put(&mut page, last).unwrap().status, JourneyStatus::UserCancelled);
    assert_eq!(world.set_outcome("b", "auto_approved"), Ok(JourneyStatus::UserCancelled));
    let view = world.view(&mut page);
    assert_eq!((view.status, view.resume_at), (JourneyStatus::InProgress, None), "complete, but not ended");
    assert_eq!(world.put(&mut page, saves(&[])).unwrap().status, JourneyStatus::AutoApproved);
}

#[test]
fn a_module_that_is_deleted_or_saved_again_loses_its_outcome_from_the_server() {
    for is_deleted in [true, false] {
        let (mut world, mut page) = of_three(&["b"]);
        world.save(&mut page, &["a", "b"]);
        world.set_outcome("b", "auto_approved").unwrap();
        if is_deleted {
            world.put(&mut page, change("b", ModuleChange::Delete)).unwrap();
        }
        world.save(&mut page, &["b"]);
        let end = world.put(&mut page, change("c", save(APPROVED))).unwrap();
        assert_eq!(end.status, JourneyStatus::NeedsReview, "the server has not judged this save");
    }
}

#[test]
fn an_outcome_for_a_save_that_a_restart_dropped_is_refused() {
    let (mut world, mut page) = of_three(&["b"]);
    world.save(&mut page, &IDS);
    assert_eq!(world.view(&mut page).refreshed.as_deref(), Some("started_over"));
    assert_eq!(world.set_outcome("b", "auto_approved"), Err(JourneyRefusal::StateNotFound));
}

#[test]
fn the_outputs_say_who_gave_an_outcome() {
    let (mut world, mut page) = of_three(&["b"]);
    world.put(&mut page, change("a", save(WORD))).unwrap();
    let output = world.apply(&GetOutput { workflow_id: None }).unwrap();
    let read = |output: &handset_sandbox_domain::JourneyOutput| -> Vec<(String, bool)> {
        output.outcomes.iter().map(|(id, outcome)| (id.clone(), outcome.is_client_asserted)).collect()
    };
    assert_eq!(read(&output), [("a".to_owned(), true)], "an unsaved module has no outcome");
    assert_eq!((output.status, output.latest_module.as_deref()), (JourneyStatus::InProgress, Some("a")));
    world.save(&mut page, &["b"]);
    world.set_outcome("b", "auto_approved").unwrap();
    let output = world.apply(&GetOutput { workflow_id: Some(WORKFLOW.to_owned()) }).unwrap();
    assert_eq!(read(&output), [("a".to_owned(), true), ("b".to_owned(), false)]);
    let unknown = world.apply(&GetOutput { workflow_id: Some("unknown".to_owned()) });
    assert_eq!(unknown, Err(JourneyRefusal::WorkflowNotFound));
}

#[test]
fn of_several_modules_in_one_save_the_latest_in_the_workflow_is_the_latest() {
    let mut world = JourneyWorld::with(plain(WORKFLOW, &["phone", "selfie", "form", "sign"]));
    let mut page = world.own_page();
    world.put(&mut page, saves(&["form", "selfie"])).unwrap();
    let output = world.apply(&GetOutput { workflow_id: None }).unwrap();
    assert_eq!(output.latest_module.as_deref(), Some("form"));
    world.save(&mut page, &["phone"]);
    let output = world.apply(&GetOutput { workflow_id: None }).unwrap();
    assert_eq!(output.latest_module.as_deref(), Some("phone"), "a later save counts more than the order");
}

#[test]
fn each_end_is_one_webhook_event_and_one_line_of_the_timeline() {
    let (mut world, mut page) = of_three(&["b"]);
    world.save(&mut page, &IDS);
    world.set_outcome("b", "needs_review").unwrap();
    let finished =
        |world: &JourneyWorld| world.timeline.iter().filter(|event| event.kind == JourneyEventKind::Finished).count();
    assert_eq!(finished(&world), 1, "the same end again is none");
    let [event] = world.events()[..] else { panic!("one event") };
    assert_eq!(event.event_type, JourneyWebhookEventType::JourneyFinished);
    assert_eq!((event.status.as_deref(), event.workflow_id.as_str()), (Some("needs_review"), WORKFLOW));
    assert_eq!((event.transaction_id.as_str(), event.event_time.as_str()), ("tx", "2027-01-15T08:00:00.000Z"));
    let (mut world, mut page) = of_three(&[]);
    world.has_webhook = false;
    world.save(&mut page, &IDS);
    assert_eq!((world.deliveries.len(), finished(&world)), (0, 1), "no webhook, no delivery");
}

#[test]
fn an_ended_journey_takes_no_save() {
    for outcome in [APPROVED, DECLINED, REVIEW] {
        let (mut world, mut page) = of_three(&[]);
        world.save(&mut page, &["a", "b"]);
        world.put(&mut page, change("c", save(outcome))).unwrap();
        assert_eq!(world.put(&mut page, saves(&["a"])), Err(JourneyRefusal::AlreadyProcessed));
        let mut stale = TestedPage { revision: 0, ..page.clone() };
        assert_eq!(world.put(&mut stale, saves(&["a"])), Err(JourneyRefusal::AlreadyProcessed));
        assert_eq!(world.check_session(&page), Err(JourneyRefusal::AlreadyProcessed));
        let is_barred =
            matches!(world.get(page.caller(), GetStateBody::default()), Ok(StateAnswer::AlreadyProcessed { .. }));
        assert_eq!(is_barred, outcome == APPROVED);
    }
}
