//! Saves: a delta by module, revisions, statuses, and what a refused save leaves alone. The ends of journeys are in `ends`, the
//! module from which the code is asked for in `trigger`.

use std::collections::BTreeMap;

use handset_protocol::journey::limits;
use handset_sandbox_domain::{
    JourneyRefusal, JourneyStatus, JsonText, ModuleChange, OutcomeSource, PageStatus, PutState, PutStateBody,
};

use crate::support::calls::{TestedPage, change, inputs, save, saves, with_status};
use crate::support::workflows::WORKFLOW;
use crate::support::{JourneyWorld, seconds};

fn of_page(world: &mut JourneyWorld) -> TestedPage {
    world.own_page()
}

/// A change with those variables and that outcome.
fn put(variables: Option<&[(&str, &str)]>, outcome: Option<&str>) -> ModuleChange {
    ModuleChange::Put { variables: variables.map(inputs), outcome: outcome.map(str::to_owned) }
}

fn variables(world: &JourneyWorld, id: &str) -> BTreeMap<String, JsonText> {
    world.state().modules[id].variables.clone()
}

#[test]
fn a_save_changes_only_the_modules_that_it_names() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    world.put(&mut page, change("phone", put(Some(&[("a", "1"), ("b", "1")]), Some("ok")))).unwrap();
    world.put(&mut page, change("document", put(Some(&[("a", "2")]), None))).unwrap();
    assert_eq!(variables(&world, "phone"), inputs(&[("a", "1"), ("b", "1")]));
    world.wait(seconds(10));
    world.put(&mut page, change("phone", put(Some(&[("c", "3")]), Some("new")))).unwrap();
    assert_eq!(variables(&world, "phone"), inputs(&[("c", "3")]), "variables are replaced as a whole");
    let saved = &world.state().modules["phone"];
    assert_eq!((saved.outcome.as_deref(), saved.saved_at, saved.revision), (Some("new"), world.now, 3));
    assert_eq!(world.state().modules["document"].revision, 2);
    assert_eq!(world.state().latest_module(&world.workflows[WORKFLOW]), Some("phone"));
}

#[test]
fn a_save_without_variables_keeps_those_of_before_but_not_the_outcome() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    world.put(&mut page, change("phone", put(Some(&[("a", "1")]), Some("ok")))).unwrap();
    world.put(&mut page, change("phone", put(None, None))).unwrap();
    assert_eq!(variables(&world, "phone"), inputs(&[("a", "1")]));
    assert_eq!(world.state().modules["phone"].outcome, None);
    world.put(&mut page, change("document", put(None, None))).unwrap();
    assert_eq!(variables(&world, "document"), BTreeMap::new());
}

#[test]
fn one_save_can_put_and_delete_several_modules() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    world.save(&mut page, &["phone", "document"]);
    let modules = [("document", ModuleChange::Delete), ("selfie", save(None)), ("form", ModuleChange::Delete)];
    let modules = modules.map(|(id, change)| (id.to_owned(), change)).into();
    let saved = world.put(&mut page, PutStateBody { modules, ..PutStateBody::default() }).unwrap();
    assert_eq!(saved.revision, 3, "one save, one revision");
    assert_eq!(world.state().modules.keys().collect::<Vec<_>>(), ["phone", "selfie"]);
    assert_eq!(saved.resume_at.as_deref(), Some("document"));
}

#[test]
fn every_save_raises_the_revision_by_one_also_an_empty_one() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    for revision in 1..4 {
        assert_eq!(world.put(&mut page, PutStateBody::default()).unwrap().revision, revision);
    }
}

#[test]
fn a_save_of_another_revision_conflicts_and_names_the_current_one() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    world.save(&mut page, &["phone", "document"]);
    for revision in [0, 1, 3, u64::MAX] {
        let mut other = TestedPage { revision, ..page.clone() };
        let conflict = JourneyRefusal::RevisionConflict { revision: 2 };
        assert_eq!(world.put(&mut other, saves(&["selfie"])), Err(conflict), "{revision}");
    }
    let mut again = page.clone();
    world.save(&mut page, &["selfie"]);
    assert_eq!(world.put(&mut again, saves(&["selfie"])), Err(JourneyRefusal::RevisionConflict { revision: 3 }));
}

#[test]
fn a_save_from_before_a_reset_says_where_to_restart() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    world.save(&mut page, &["phone", "document", "selfie"]);
    world.reset(Some("document")).unwrap();
    let reset = JourneyRefusal::StateReset { resume_at: Some("document".to_owned()), revision: 4 };
    for revision in 0..4 {
        let mut stale = TestedPage { revision, ..page.clone() };
        assert_eq!(world.put(&mut stale, saves(&["form"])), Err(reset.clone()), "{revision}");
    }
    let mut fresh = page.clone();
    world.view(&mut fresh);
    world.save(&mut fresh, &["document"]);
    let mut conflicting = TestedPage { revision: 4, ..page.clone() };
    let conflict = JourneyRefusal::RevisionConflict { revision: 5 };
    assert_eq!(world.put(&mut conflicting, saves(&["form"])), Err(conflict), "it has seen the reset, but not the save");
    let reset = JourneyRefusal::StateReset { resume_at: Some("selfie".to_owned()), revision: 5 };
    assert_eq!(world.put(&mut page, saves(&["form"])), Err(reset), "still, after the other page's save");
}

#[test]
fn a_drop_at_another_pages_get_is_a_reset_for_the_others() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.prevents_parallel_sessions = false);
    let mut page = of_page(&mut world);
    world.save(&mut page, &["phone", "document"]);
    let mut other = world.page(&page.token.clone());
    world.wait(seconds(900));
    world.view(&mut other);
    let reset = JourneyRefusal::StateReset { resume_at: Some("document".to_owned()), revision: 3 };
    assert_eq!(world.put(&mut page, saves(&["selfie"])), Err(reset));
}

#[test]
fn bodies_outside_the_workflow_are_refused_with_the_member() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.modules[1].outcome_from = OutcomeSource::Server);
    let mut page = of_page(&mut world);
    world.save(&mut page, &["phone"]);
    let modules = JourneyRefusal::shape("modules", "an object whose members are modules of the workflow");
    for unknown in [save(None), ModuleChange::Delete] {
        let mut body = change("unknown", unknown);
        body.modules.insert("phone".to_owned(), save(Some("new")));
        assert_eq!(world.put(&mut page, body), Err(modules.clone()));
    }
    let resume_from = PutStateBody { resume_from: Some("unknown".to_owned()), ..saves(&["phone"]) };
    let expected = JourneyRefusal::shape("moduleToResumeFrom", "a module of the workflow");
    assert_eq!(world.put(&mut page, resume_from), Err(expected));
    let absent = "absent: the server gives the outcome of this module";
    let expected = JourneyRefusal::shape("modules.document.outcome", absent);
    assert_eq!(world.put(&mut page, change("document", save(Some("auto_approved")))), Err(expected));
    assert_eq!(world.state().revision, 1);
    assert!(world.put(&mut page, change("document", save(None))).is_ok());
}

#[test]
fn a_state_is_at_most_a_mebibyte_and_a_larger_save_changes_nothing() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    let text = |length: usize| JsonText::new(format!("\"{}\"", "a".repeat(length - 2)));
    let of_size = |id: &str, length: usize| {
        let variables = BTreeMap::from([("v".to_owned(), text(length - "v".len() - id.len()))]);
        change(id, ModuleChange::Put { variables: Some(variables), outcome: None })
    };
    world.put(&mut page, of_size("phone", limits::STATE_BYTES - 1000)).unwrap();
    let before = world.transaction().clone();
    assert_eq!(world.put(&mut page, of_size("document", 1001)), Err(JourneyRefusal::StateTooLarge));
    let outcome = ModuleChange::Put { variables: Some(BTreeMap::new()), outcome: Some("o".repeat(1000)) };
    assert_eq!(world.put(&mut page, change("document", outcome)), Err(JourneyRefusal::StateTooLarge), "outcomes count");
    assert_eq!(*world.transaction(), before);
    world.put(&mut page, of_size("document", 1000)).unwrap();
    world.put(&mut page, of_size("phone", 1000)).unwrap();
    world.put(&mut page, of_size("selfie", limits::STATE_BYTES - 2000)).unwrap();
}

#[test]
fn inputs_count_in_the_size_of_a_state() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    let long = JsonText::new("1".repeat(1000));
    let body = handset_sandbox_domain::GetStateBody {
        inputs: BTreeMap::from([("i".to_owned(), long)]),
        ..handset_sandbox_domain::GetStateBody::default()
    };
    world.view_with(&mut page, body);
    let text = JsonText::new("1".repeat(limits::STATE_BYTES - 1000));
    let variables = Some(BTreeMap::from([("v".to_owned(), text)]));
    let body = change("phone", ModuleChange::Put { variables, outcome: None });
    assert_eq!(world.put(&mut page, body), Err(JourneyRefusal::StateTooLarge));
}

#[test]
fn a_page_sets_only_that_its_user_left_or_that_it_failed_and_a_save_takes_it_back() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    for (status, expected) in
        [(PageStatus::UserCancelled, JourneyStatus::UserCancelled), (PageStatus::Error, JourneyStatus::Error)]
    {
        let saved = world.put(&mut page, with_status(saves(&["phone"]), status)).unwrap();
        assert_eq!((saved.status, saved.resume_at.as_deref()), (expected, Some("document")));
        assert_eq!(world.put(&mut page, saves(&["phone"])).unwrap().status, JourneyStatus::InProgress);
    }
    assert!(world.events().is_empty(), "no end");
}

#[test]
fn the_asked_place_of_a_resume_is_that_of_the_last_save() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    let ask = |from: &str| PutStateBody { resume_from: Some(from.to_owned()), ..saves(&["phone"]) };
    assert_eq!(world.put(&mut page, ask("form")).unwrap().resume_at.as_deref(), Some("form"));
    assert_eq!(world.put(&mut page, ask("phone")).unwrap().resume_at.as_deref(), Some("phone"));
    assert_eq!(world.put(&mut page, saves(&["document"])).unwrap().resume_at.as_deref(), Some("selfie"));
}

#[test]
fn a_save_lengthens_the_life_of_the_state_and_a_refused_one_does_not() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    assert_eq!(world.transaction().states_end_at, None);
    world.save(&mut page, &["phone"]);
    let end = world.now + world.policy.state_lifetime;
    assert_eq!(world.transaction().states_end_at, Some(end));
    world.wait(seconds(60));
    let mut stale = TestedPage { revision: 0, ..page.clone() };
    assert!(world.put(&mut stale, saves(&["document"])).is_err());
    world.view(&mut page);
    assert_eq!(world.transaction().states_end_at, Some(end), "a get is no save");
    world.save(&mut page, &["document"]);
    assert_eq!(world.transaction().states_end_at, Some(end + seconds(60)));
}

#[test]
fn the_timeline_has_the_modules_of_a_save_and_no_name_of_a_refused_one() {
    let mut world = JourneyWorld::new();
    let mut page = of_page(&mut world);
    world.save(&mut page, &["phone"]);
    assert_eq!(world.timeline.last().unwrap().modules, ["phone"]);
    let long = "x".repeat(200);
    let odd = saves(&["document", "with a space", "ünïcode", &long]);
    assert!(world.put(&mut page, odd).is_err());
    let event = world.timeline.last().unwrap();
    assert_eq!((event.outcome.as_str(), event.modules.as_slice()), ("invalid_request_body", &[][..]));
}

#[test]
fn each_workflow_has_its_own_state() {
    let mut world = JourneyWorld::new();
    world.add(crate::support::workflows::plain("kyc", &["phone"]));
    let mut page = of_page(&mut world);
    world.save(&mut page, &["phone"]);
    let mut token = page.token.clone();
    token.workflow_id = "kyc".to_owned();
    let mut other = world.page(&token);
    assert_eq!(other.revision, 0);
    let put = PutState {
        caller: other.caller(),
        revision: Some(0),
        body: Ok(saves(&["phone"])),
        event_id: "event".to_owned(),
    };
    assert_eq!(world.apply(&put).unwrap().status, JourneyStatus::NeedsReview);
    assert_eq!(world.state().status, JourneyStatus::InProgress);
    assert!(world.put(&mut other, saves(&["document"])).is_err());
    assert_eq!(world.transaction().states[WORKFLOW].modules.len(), 1);
}
