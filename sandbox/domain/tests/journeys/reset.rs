//! State Reset: of a module with all later ones, and of everything; the order of its checks; the modules that it can name.

use handset_protocol::journey::webhooks::{JourneyWebhookEventType, ResetType};
use handset_sandbox_domain::{
    AuthMode, Channel, GetStateBody, JourneyRefusal, JourneyStatus, ListResetOptions, ModuleChange, OpenHandoffBody,
    OutcomeSource, PageStatus, PutStateBody, StateAnswer,
};

use crate::support::calls::{CODE, TestedPage, caller, change, save, saves, with_status};
use crate::support::workflows::{MODULES, NUMBER, OTHER_NUMBER, WORKFLOW, mobile, plain};
use crate::support::{JourneyWorld, TRANSACTION, seconds};

fn saved(world: &JourneyWorld) -> Vec<&str> {
    MODULES.into_iter().filter(|id| world.state().modules.contains_key(*id)).collect()
}

#[test]
fn a_continuous_reset_drops_the_module_and_all_later_ones() {
    for (place, module) in MODULES.into_iter().enumerate() {
        let mut world = JourneyWorld::new();
        let mut page = world.own_page();
        world.save(&mut page, &MODULES[..3]);
        let before = world.transaction().clone();
        world.reset(Some(module)).unwrap();
        assert_eq!(saved(&world), MODULES[..place.min(3)], "{module}");
        let state = world.state();
        assert_eq!((state.revision, state.reset_revision, state.status), (4, 4, JourneyStatus::InProgress));
        assert_eq!(world.transaction().journey_id, before.journey_id);
        let mut resumed = page.clone();
        let view = world.view(&mut resumed);
        assert_eq!(view.resume_at.as_deref(), Some(MODULES[place.min(3)]));
        assert_eq!(view.session_id, page.session.unwrap(), "the session goes on");
    }
}

#[test]
fn a_continuous_reset_drops_later_server_outcomes_and_the_asked_place() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| {
        workflow.modules[0].outcome_from = OutcomeSource::Server;
        workflow.modules[2].outcome_from = OutcomeSource::Server;
    });
    let mut page = world.own_page();
    world.save(&mut page, &["phone", "document"]);
    let asked = PutStateBody { resume_from: Some("form".to_owned()), ..saves(&["selfie"]) };
    world.put(&mut page, asked).unwrap();
    world.set_outcome("phone", "ok").unwrap();
    world.set_outcome("selfie", "auto_approved").unwrap();
    world.reset(Some("document")).unwrap();
    assert_eq!(world.state().server_outcomes.keys().collect::<Vec<_>>(), ["phone"]);
    assert_eq!(world.state().resume_from, None);
}

#[test]
fn a_reset_lets_a_finished_journey_go_on() {
    for (outcome, status) in
        [("auto_approved", "auto_approved"), ("auto_declined", "auto_declined"), ("x", "needs_review")]
    {
        let mut world = JourneyWorld::new();
        let mut page = world.own_page();
        world.finish(&mut page, outcome);
        world.deliveries.clear();
        world.reset(Some("selfie")).unwrap();
        assert_eq!((world.state().status, world.state().is_tombstone), (JourneyStatus::InProgress, false));
        assert_eq!(world.events()[0].previous_status.as_deref(), Some(status));
        let mut stale = page.clone();
        let reset = JourneyRefusal::StateReset { resume_at: Some("selfie".to_owned()), revision: 5 };
        assert_eq!(world.put(&mut stale, saves(&["form"])), Err(reset));
        world.view(&mut page);
        world.save(&mut page, &["selfie"]);
        let end = world.put(&mut page, change("form", save(Some("auto_approved")))).unwrap();
        assert_eq!(end.status, JourneyStatus::AutoApproved, "and end anew");
    }
}

#[test]
fn a_complete_reset_begins_another_journey() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.prevents_parallel_sessions = true);
    world.add(plain("kyc", &["a", "b"]));
    let first = world.token(true, Some(mobile(NUMBER)));
    let mut page = world.page(&first);
    let mut kyc = first.clone();
    kyc.workflow_id = "kyc".to_owned();
    let mut kyc = world.page(&kyc);
    world.put(&mut kyc, saves(&["a"])).unwrap();
    world.prove(&mobile(NUMBER));
    world.open_handoff(&page, OpenHandoffBody::default()).unwrap();
    world.save(&mut page, &["phone"]);
    world.send_code(&first, Channel::Mobile).unwrap();
    world.wait(seconds(30));
    world.send_module_code(&mobile(OTHER_NUMBER)).unwrap();
    let before = world.transaction().clone();
    world.reset(None).unwrap();
    let after = world.transaction();
    assert_ne!(after.journey_id, before.journey_id);
    assert_eq!((after.mode, &after.contact), (AuthMode::KnownContact, &Some(mobile(NUMBER))), "these stay");
    assert_eq!((&after.proved, after.states_end_at), (&None, None));
    assert!(after.handoffs.is_empty() && after.module_codes.is_empty());
    assert_eq!(after.resume_code.sent_at(), None);
    for (id, state) in &after.states {
        assert!(state.modules.is_empty() && state.inputs.is_none() && !state.is_past_trigger, "{id}");
        assert_eq!((state.revision, &state.session_id), (before.states[id].revision + 1, &None), "{id}");
    }
    // The page learns of it at its next call, whatever that is.
    assert_eq!(world.put(&mut page, saves(&["phone"])), Err(JourneyRefusal::TokenExpired));
    assert_eq!(world.get(page.caller(), GetStateBody::default()), Err(JourneyRefusal::TokenExpired));
    assert_eq!(world.check_session(&page), Err(JourneyRefusal::TokenExpired));
    assert_eq!(world.verify_code(&first, CODE), Err(JourneyRefusal::TokenExpired));
    let renewed = world.token(true, Some(mobile(NUMBER)));
    assert_eq!(renewed.journey_id, world.transaction().journey_id);
    let open = TestedPage { token: renewed.clone(), ..page.clone() };
    let told = JourneyRefusal::StateReset { resume_at: Some("phone".to_owned()), revision: 2 };
    assert_eq!(world.put(&mut open.clone(), saves(&["phone"])), Err(told), "the open page with its renewed token");
    let mut page = world.page(&renewed);
    assert_eq!(page.revision, 2, "revisions go on counting");
    world.save(&mut page, &["phone"]);
}

#[test]
fn after_a_complete_reset_another_contact_can_be_proved() {
    let mut world = JourneyWorld::new();
    let token = world.token(true, None);
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    let first = world.prove(&mobile(NUMBER)).unwrap();
    world.reset(None).unwrap();
    let second = world.prove(&mobile(OTHER_NUMBER)).unwrap();
    assert_ne!(first.unique_id, second.unique_id);
    assert_eq!(world.try_token(true, Some(mobile(NUMBER))), Err(JourneyRefusal::UniqueIdConflict));
}

#[test]
fn the_checks_come_in_order() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.allows_state_reset = false);
    let workflow = world.workflows.clone();
    world.workflows.clear();
    assert_eq!(world.reset(Some("unknown")), Err(JourneyRefusal::TransactionNotFound));
    let token = {
        world.workflows.clone_from(&workflow);
        world.own_token()
    };
    world.workflows.clear();
    assert_eq!(world.reset(Some("unknown")), Err(JourneyRefusal::WorkflowNotFound));
    world.workflows = workflow;
    assert_eq!(world.reset(Some("unknown")), Err(JourneyRefusal::ResetNotEnabled));
    assert_eq!(world.reset(None), Err(JourneyRefusal::ResetNotEnabled));
    world.edit(|workflow| workflow.allows_state_reset = true);
    assert_eq!(world.reset(Some("unknown")), Err(JourneyRefusal::InvalidModule));
    assert_eq!(world.reset(Some("phone")), Err(JourneyRefusal::StateNotFound));
    assert_eq!(world.reset(None), Err(JourneyRefusal::StateNotFound));
    let mut page = world.page(&token);
    assert_eq!(world.reset(None), Err(JourneyRefusal::StateNotFound), "a read journey has no state yet");
    world.save(&mut page, &["phone"]);
    assert_eq!(world.reset(None), Ok(()));
    assert_eq!(world.reset(None), Err(JourneyRefusal::StateNotFound), "what is reset has none any more");
}

#[test]
fn a_left_journey_without_modules_is_a_state() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.put(&mut page, with_status(saves(&[]), PageStatus::UserCancelled)).unwrap();
    assert_eq!(world.reset(Some("phone")), Ok(()));
    assert_eq!(world.events()[0].previous_status.as_deref(), Some("user_cancelled"));
}

#[test]
fn a_reset_is_of_the_workflow_that_was_used_last() {
    let mut world = JourneyWorld::new();
    let mut kyc = plain("kyc", &["a", "b"]);
    kyc.allows_state_reset = true;
    world.add(kyc);
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    let mut request = world.generate(false, None);
    request.workflow_id = "kyc".to_owned();
    world.apply(&request).unwrap();
    assert_eq!(world.reset(Some("phone")), Err(JourneyRefusal::InvalidModule));
    assert_eq!(world.reset(Some("a")), Err(JourneyRefusal::StateNotFound));
    world.own_token();
    assert_eq!(world.reset(Some("phone")), Ok(()));
}

#[test]
fn each_reset_is_one_webhook_event() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    world.put(&mut page, change("phone", ModuleChange::Put { variables: None, outcome: None })).unwrap();
    world.reset(Some("phone")).unwrap();
    world.view(&mut page);
    world.save(&mut page, &["phone"]);
    world.reset(None).unwrap();
    world.reset(None).unwrap_err();
    let [first, second] = world.events()[..] else { panic!("two events") };
    for (event, reset_type, module) in
        [(first, ResetType::ResetFromSpecificStep, Some("phone")), (second, ResetType::CompleteStateReset, None)]
    {
        assert_eq!(event.event_type, JourneyWebhookEventType::ApplicationStateReset);
        assert_eq!((event.reset_type, event.module_id.as_deref()), (Some(reset_type), module));
        assert_eq!(
            (event.reviewer_id.as_deref(), event.previous_status.as_deref()),
            (Some("reviewer"), Some("in_progress"))
        );
        assert_eq!(
            (event.transaction_id.as_str(), event.workflow_id.as_str(), &event.status),
            (TRANSACTION, WORKFLOW, &None)
        );
    }
    assert_ne!(first.event_id, second.event_id);
}

#[test]
fn a_page_that_was_superseded_does_not_come_back_by_a_reset() {
    let mut world = JourneyWorld::new();
    let mut first = world.own_page();
    world.save(&mut first, &["phone"]);
    world.page(&first.token.clone());
    world.reset(Some("phone")).unwrap();
    assert_eq!(world.get(first.caller(), GetStateBody::default()), Ok(StateAnswer::Superseded));
}

#[test]
fn the_options_are_the_modules_and_whether_they_are_saved() {
    let mut world = JourneyWorld::new();
    let list = |world: &mut JourneyWorld, page: Option<&TestedPage>, workflow_id: &str| {
        let caller = page.map(|page| caller(&page.token, None));
        world.apply(&ListResetOptions { workflow_id: workflow_id.to_owned(), caller })
    };
    assert_eq!(list(&mut world, None, WORKFLOW), Err(JourneyRefusal::TransactionNotFound));
    let mut page = world.own_page();
    world.save(&mut page, &["phone", "selfie"]);
    let expected: Vec<_> = MODULES.into_iter().map(|id| (id.to_owned(), id == "phone" || id == "selfie")).collect();
    assert_eq!(list(&mut world, None, WORKFLOW), Ok(expected.clone()));
    assert_eq!(list(&mut world, Some(&page), WORKFLOW), Ok(expected));
    assert_eq!(list(&mut world, None, "unknown"), Err(JourneyRefusal::WorkflowNotFound));
    world.edit(|workflow| workflow.allows_state_reset = false);
    assert_eq!(list(&mut world, None, WORKFLOW), Err(JourneyRefusal::ResetNotEnabled));
    assert_eq!(list(&mut world, Some(&page), WORKFLOW), Err(JourneyRefusal::ResetNotEnabled));
}

#[test]
fn a_page_lists_the_options_of_its_tokens_workflow_only() {
    let mut world = JourneyWorld::new();
    let mut kyc = crate::support::workflows::onboarding();
    kyc.id = "kyc".to_owned();
    world.add(kyc);
    let token = world.token(true, Some(mobile(NUMBER)));
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    let mut other = token.clone();
    other.workflow_id = "kyc".to_owned();
    // The code is asked for in the one workflow, so the token for the other one learns nothing of it.
    let list = ListResetOptions { workflow_id: WORKFLOW.to_owned(), caller: Some(caller(&other, None)) };
    assert_eq!(world.apply(&list), Err(JourneyRefusal::Unauthorized));
    let list = ListResetOptions { workflow_id: WORKFLOW.to_owned(), caller: Some(caller(&token, None)) };
    assert_eq!(world.apply(&list), Err(JourneyRefusal::AuthRequired));
}

#[test]
fn a_reset_long_after_the_last_token_leaves_the_user_a_day_to_come_back() {
    for module in [Some("phone"), None] {
        let mut world = JourneyWorld::new();
        let token = world.token(false, Some(mobile(NUMBER)));
        let mut page = world.page(&token);
        world.finish(&mut page, "auto_approved");
        world.wait(seconds(10 * 86_400));
        world.reset(module).unwrap();
        world.wait(seconds(86_399));
        assert_eq!(world.try_token(false, Some(mobile(OTHER_NUMBER))), Err(JourneyRefusal::UniqueIdConflict));
        let token = world.token(false, Some(mobile(NUMBER)));
        assert_eq!(world.page(&token).revision, 5, "revisions go on counting");
    }
}
