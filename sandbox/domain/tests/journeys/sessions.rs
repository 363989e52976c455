//! Sessions of pages: the newest is the only one, another page never takes over by itself, and a reload goes on.

use handset_sandbox_domain::{GetStateBody, JourneyRefusal, StateAnswer};

use crate::support::JourneyWorld;
use crate::support::calls::{TestedPage, saves};

fn take_over() -> GetStateBody {
    GetStateBody { take_over: true, ..GetStateBody::default() }
}

#[test]
fn a_get_without_a_session_makes_the_page_the_only_one() {
    let mut world = JourneyWorld::new();
    let mut first = world.own_page();
    world.save(&mut first, &["phone"]);
    let mut second = world.page(&first.token.clone());
    assert_ne!(first.session, second.session);
    assert_eq!(second.revision, 1, "what the first page saved is there");
    assert_eq!(world.put(&mut first, saves(&["document"])), Err(JourneyRefusal::SessionSuperseded));
    assert_eq!(world.check_session(&first), Err(JourneyRefusal::SessionNotCurrent));
    assert_eq!(world.check_session(&second), Ok(()));
    world.save(&mut second, &["document"]);
}

#[test]
fn a_reload_with_its_session_goes_on_as_the_same_one() {
    let mut world = JourneyWorld::new();
    let page = world.own_page();
    let mut reloaded = page.clone();
    world.view(&mut reloaded);
    assert_eq!(reloaded.session, page.session);
    world.save(&mut reloaded, &["phone"]);
}

#[test]
fn a_superseded_page_gets_no_data_until_its_user_takes_over() {
    let mut world = JourneyWorld::new();
    let mut first = world.own_page();
    let second = world.page(&first.token.clone());
    for _ in 0..2 {
        let answer = world.get(first.caller(), GetStateBody::default());
        assert_eq!(answer, Ok(StateAnswer::Superseded), "never by itself");
        assert_eq!(world.check_session(&second), Ok(()));
    }
    let before = first.session.clone();
    world.view_with(&mut first, take_over());
    assert_ne!(first.session, before, "a new session");
    assert_eq!(world.check_session(&first), Ok(()));
    assert_eq!(world.check_session(&second), Err(JourneyRefusal::SessionNotCurrent));
    assert_eq!(world.get(second.caller(), GetStateBody::default()), Ok(StateAnswer::Superseded));
}

#[test]
fn a_put_without_a_session_or_with_an_unknown_one_is_superseded() {
    let mut world = JourneyWorld::new();
    let page = world.own_page();
    for session in [None, Some("invented".to_owned())] {
        let mut other = TestedPage { session, ..page.clone() };
        assert_eq!(world.put(&mut other, saves(&["phone"])), Err(JourneyRefusal::SessionSuperseded));
    }
}

#[test]
fn before_any_get_nobody_has_taken_over() {
    let mut world = JourneyWorld::new();
    let token = world.own_token();
    for session in [None, Some("invented".to_owned())] {
        let mut page = TestedPage { token: token.clone(), session, revision: 0 };
        assert_eq!(world.check_session(&page), Ok(()));
        assert!(world.clone().put(&mut page, saves(&["phone"])).is_ok());
    }
}

#[test]
fn a_session_that_no_page_has_is_replaced_where_none_is_current() {
    let mut world = JourneyWorld::new();
    let token = world.own_token();
    let mut page = TestedPage { token, session: Some("of an earlier journey".to_owned()), revision: 0 };
    let view = world.view(&mut page);
    assert_ne!(view.session_id, "of an earlier journey");
    assert_eq!(world.check_session(&page), Ok(()));
}

#[test]
fn sessions_run_beside_each_other_where_the_workflow_allows_it() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.prevents_parallel_sessions = false);
    let mut first = world.own_page();
    let mut second = world.page(&first.token.clone());
    let mut third = TestedPage { session: Some("its own".to_owned()), ..second.clone() };
    assert_eq!(world.view(&mut third).session_id, "its own");
    for page in [&first, &second, &third] {
        assert_eq!(world.check_session(page), Ok(()));
    }
    world.save(&mut first, &["phone"]);
    let conflict = JourneyRefusal::RevisionConflict { revision: 1 };
    assert_eq!(world.put(&mut second, saves(&["document"])), Err(conflict), "the revision still decides");
}

#[test]
fn each_workflow_of_a_transaction_has_its_own_session() {
    let mut world = JourneyWorld::new();
    let mut other = crate::support::workflows::onboarding();
    other.id = "kyc".to_owned();
    world.add(other);
    let first = world.own_page();
    let mut token = first.token.clone();
    token.workflow_id = "kyc".to_owned();
    let second = world.page(&token);
    assert_eq!(world.check_session(&first), Ok(()));
    assert_eq!(world.check_session(&second), Ok(()));
}
