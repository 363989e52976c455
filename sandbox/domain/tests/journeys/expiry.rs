//! The end of the states' life and of the transaction; what stays of an end that bars a restart; and the erasure.

use handset_protocol::journey::webhooks::JourneyWebhookEventType;
use handset_sandbox_domain::{
    Channel, EraseTransaction, ExpireTransaction, GetOutput, GetStateBody, JourneyRefusal, JourneyStatus,
    OpenHandoffBody, OutcomeSource, PageStatus, StateAnswer,
};

use crate::support::calls::{CODE, WRONG, inputs, saves, with_status};
use crate::support::workflows::{MODULES, NUMBER, WORKFLOW, mobile, plain};
use crate::support::{JourneyWorld, TRANSACTION, millis, seconds};

const DAY: u64 = 86_400;

#[test]
fn a_transaction_without_a_save_ends_when_no_token_for_it_can_be_valid() {
    let mut world = JourneyWorld::new();
    let page = world.own_page();
    assert_eq!(world.transaction().ends_at(), Some(world.now + seconds(DAY)));
    world.wait(seconds(60));
    world.own_token();
    world.wait(seconds(DAY) - millis(1));
    world.end_if_due();
    assert!(world.transactions.contains_key(TRANSACTION), "the last token counts");
    world.wait(millis(1));
    world.end_if_due();
    assert!(world.transactions.is_empty());
    assert!(world.events().is_empty(), "nothing was lost");
    let late = world.get(page.caller(), GetStateBody::default());
    assert_eq!(late, Err(JourneyRefusal::TokenExpired));
}

#[test]
fn states_live_thirty_days_after_the_last_save_and_say_so_once() {
    for status in [None, Some(PageStatus::UserCancelled), Some(PageStatus::Error)] {
        let mut world = JourneyWorld::new();
        let mut page = world.own_page();
        world.save(&mut page, &["phone"]);
        if let Some(status) = status {
            world.put(&mut page, with_status(saves(&[]), status)).unwrap();
        }
        world.wait(seconds(30 * DAY) - millis(1));
        world.end_if_due();
        assert!(world.state().is_begun());
        world.own_token();
        world.wait(millis(1));
        world.end_if_due();
        let expected = match status {
            None => "in_progress",
            Some(PageStatus::UserCancelled) => "user_cancelled",
            Some(PageStatus::Error) => "error",
        };
        let [event] = world.events()[..] else { panic!("one event") };
        assert_eq!(event.event_type, JourneyWebhookEventType::JourneyExpired);
        assert_eq!((event.status.as_deref(), event.workflow_id.as_str()), (Some(expected), WORKFLOW));
        assert!(!world.state().is_begun());
        world.wait(seconds(DAY));
        world.end_if_due();
        assert!(world.transactions.is_empty());
        assert_eq!(world.events().len(), 1, "once");
    }
}

#[test]
fn the_event_of_an_expiry_comes_for_each_workflow_under_way_and_for_none_that_ended() {
    let mut world = JourneyWorld::new();
    world.add(plain("done", &["a"]));
    world.add(plain("begun", &["a", "b"]));
    world.add(plain("read", &["a"]));
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    for (workflow, is_saved) in [("done", true), ("begun", true), ("read", false)] {
        let mut token = page.token.clone();
        token.workflow_id = workflow.to_owned();
        let mut page = world.page(&token);
        if is_saved {
            world.save(&mut page, &["a"]);
        }
    }
    world.deliveries.clear();
    world.wait(seconds(30 * DAY));
    world.end_if_due();
    let events: Vec<_> =
        world.events().into_iter().map(|event| (event.workflow_id.as_str(), event.event_id.as_str())).collect();
    assert_eq!(events, [("begun", "expired-begun"), (WORKFLOW, "expired-done")], "each with an id of its own");
}

#[test]
fn the_end_drops_data_codes_and_handoffs_but_not_the_owner() {
    let mut world = JourneyWorld::new();
    let token = world.token(true, Some(mobile(NUMBER)));
    let mut page = world.page(&token);
    let body = GetStateBody { inputs: inputs(&[("plan", "a")]), ..GetStateBody::default() };
    world.view_with(&mut page, body);
    world.prove(&mobile(NUMBER));
    world.save(&mut page, &["phone"]);
    world.wait(seconds(29 * DAY + DAY / 2));
    let token = world.token(true, Some(mobile(NUMBER)));
    world.send_code(&token, Channel::Mobile).unwrap();
    world.send_module_code(&mobile(NUMBER)).unwrap();
    world.edit(|workflow| workflow.handoff_url = Some("https://shop.test/j".to_owned()));
    let owned = world.verify_code(&token, CODE).unwrap();
    let owner = world.page(&owned);
    world.open_handoff(&owner, OpenHandoffBody { lifetime: seconds(3600), channel: None }).unwrap();
    let revision = world.state().revision;
    world.wait(seconds(DAY / 2));
    world.end_if_due();
    let transaction = world.transaction();
    let state = world.state();
    assert!(state.modules.is_empty() && state.inputs.is_none() && state.session_id.is_none());
    assert_eq!((state.revision, state.reset_revision), (revision + 1, revision + 1));
    assert!(state.is_past_trigger);
    assert!(transaction.handoffs.is_empty() && transaction.module_codes.is_empty());
    assert_eq!((&transaction.proved, transaction.states_end_at), (&Some(mobile(NUMBER)), None));
}

#[test]
fn of_an_end_that_bars_a_restart_only_the_status_stays_and_no_token_begins_anew() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.finish(&mut page, "auto_approved");
    for years in [0, 1, 10] {
        world.wait(seconds(30 * DAY + years * 365 * DAY));
        world.end_if_due();
        assert_eq!(world.transaction().ends_at(), None, "it stays");
        let token = world.own_token();
        let fresh = crate::support::calls::caller(&token, None);
        let processed = StateAnswer::AlreadyProcessed { status: JourneyStatus::AutoApproved };
        assert_eq!(world.get(fresh, GetStateBody::default()), Ok(processed));
        assert!(world.state().modules.is_empty());
        let output = world.apply(&GetOutput { workflow_id: None }).unwrap();
        assert_eq!((output.status, output.variables.len()), (JourneyStatus::AutoApproved, 0));
    }
    assert_eq!(world.events().len(), 1, "an ended journey does not expire");
}

#[test]
fn an_end_that_the_workflow_does_not_name_leaves_nothing() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.finish(&mut page, "auto_declined");
    world.wait(seconds(30 * DAY));
    world.end_if_due();
    assert!(world.transactions.is_empty());
}

#[test]
fn a_tombstone_outlives_the_states_of_another_workflow() {
    let mut world = JourneyWorld::new();
    world.add(plain("kyc", &["a", "b"]));
    let mut page = world.own_page();
    world.finish(&mut page, "auto_approved");
    world.wait(seconds(30 * DAY));
    let mut token = world.own_token();
    token.workflow_id = "kyc".to_owned();
    let mut kyc = world.page(&token);
    world.save(&mut kyc, &["a"]);
    world.wait(seconds(30 * DAY));
    world.end_if_due();
    assert_eq!((world.state().status, world.state().is_tombstone), (JourneyStatus::AutoApproved, true));
    assert!(!world.transaction().states["kyc"].is_begun());
}

#[test]
fn a_reviewer_can_reset_a_tombstone() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.finish(&mut page, "auto_approved");
    world.wait(seconds(30 * DAY));
    world.end_if_due();
    world.reset(Some("document")).unwrap();
    let token = world.own_token();
    let page = world.page(&token);
    assert_eq!(world.check_session(&page), Ok(()));
    world.wait(seconds(DAY));
    world.end_if_due();
    assert!(world.transactions.is_empty(), "without a save, it is an empty transaction");
}

#[test]
fn a_tombstone_takes_no_outcome_from_the_server() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| {
        workflow.exit_on_end_states.push(JourneyStatus::NeedsReview);
        workflow.modules[1].outcome_from = OutcomeSource::Server;
    });
    let mut page = world.own_page();
    world.save(&mut page, &MODULES);
    world.wait(seconds(30 * DAY));
    assert_eq!(world.set_outcome("document", "auto_approved"), Err(JourneyRefusal::AlreadyProcessed));
    assert_eq!(world.state().status, JourneyStatus::NeedsReview);
    assert!(world.state().server_outcomes.is_empty());
}

#[test]
fn an_expiry_before_its_time_changes_nothing() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    let before = world.transaction().clone();
    world.apply(&ExpireTransaction { new_journey_id: "next".to_owned(), event_ids: vec!["event".to_owned()] }).unwrap();
    assert_eq!(*world.transaction(), before);
    assert!(world.events().is_empty());
}

#[test]
fn a_page_that_comes_back_after_the_end_reads_an_empty_state() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    world.wait(seconds(30 * DAY - 60));
    page.token = world.own_token();
    world.wait(seconds(60));
    assert_eq!(world.put(&mut page, saves(&["document"])), Err(JourneyRefusal::TokenExpired), "nothing is made anew");
    page.token = world.own_token();
    let view = world.view(&mut page);
    assert!(view.saved.is_empty());
    assert_eq!(view.revision, 2);
    world.save(&mut page, &["phone"]);
}

#[test]
fn a_lifetime_of_states_shorter_than_a_token_keeps_the_transaction_for_the_token() {
    let mut world = JourneyWorld::new();
    world.policy.state_lifetime = seconds(60);
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    world.wait(seconds(60));
    assert_eq!(world.get(page.caller(), GetStateBody::default()), Err(JourneyRefusal::TokenExpired));
    assert_eq!(world.transaction().ends_at(), Some(world.transaction().used_at + seconds(DAY)));
}

#[test]
fn an_erasure_forgets_transaction_and_messages_but_not_the_wrong_codes_of_the_contact() {
    let mut world = JourneyWorld::new();
    assert_eq!(world.apply(&EraseTransaction), Err(JourneyRefusal::TransactionNotFound));
    let token = world.token(true, Some(mobile(NUMBER)));
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    world.send_code(&token, Channel::Mobile).unwrap();
    world.verify_code(&token, WRONG).unwrap_err();
    world.apply(&EraseTransaction).unwrap();
    assert!(world.transactions.is_empty() && world.messages.is_empty());
    assert!(world.events().is_empty());
    assert_eq!(
        world.get(page.caller(), GetStateBody::default()),
        Err(JourneyRefusal::Unauthorized),
        "and nothing begins anew"
    );
    world.wait(seconds(30));
    let token = world.token(true, Some(mobile(NUMBER)));
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    world.send_code(&token, Channel::Mobile).unwrap();
    assert_eq!(world.verify_code(&token, WRONG), Err(JourneyRefusal::OtpInvalid { attempts_left: 3 }));
}
