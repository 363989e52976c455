//! Generate Auth: the first token fixes mode and contact of a transaction; what a later one may ask for.

use handset_sandbox_domain::{AuthMode, Contact, JourneyRefusal, JourneyTransaction};

use crate::support::workflows::{EMAIL, NUMBER, OTHER_NUMBER, WORKFLOW, email, mobile, phone, plain};
use crate::support::{APP, JourneyWorld, PROJECT, TRANSACTION, millis, seconds};

/// A kind of request: whether the code is asked for on resume, and the contact.
type Kind = (bool, Option<&'static str>);

const OWN: Kind = (false, None);
const ASKED: Kind = (true, Some(NUMBER));
const VOUCHED: Kind = (false, Some(NUMBER));
const UNKNOWN: Kind = (true, None);
const OTHER_ASKED: Kind = (true, Some(OTHER_NUMBER));
const OTHER_VOUCHED: Kind = (false, Some(OTHER_NUMBER));
const KINDS: [Kind; 6] = [OWN, ASKED, VOUCHED, UNKNOWN, OTHER_ASKED, OTHER_VOUCHED];

fn contact((_, number): Kind) -> Option<Contact> {
    number.map(mobile)
}

#[test]
fn the_first_token_fixes_the_mode_and_the_contact() {
    for (kind, mode) in [
        (OWN, AuthMode::OwnAuth),
        (ASKED, AuthMode::KnownContact),
        (VOUCHED, AuthMode::KnownContact),
        (UNKNOWN, AuthMode::ProvedContact),
    ] {
        let mut world = JourneyWorld::new();
        let token = world.token(kind.0, contact(kind));
        let JourneyTransaction { mode: stored, contact: stored_contact, journey_id, .. } = world.transaction();
        assert_eq!((*stored, stored_contact, &token.journey_id), (mode, &contact(kind), journey_id));
    }
}

#[test]
fn a_later_token_is_of_the_first_ones_mode_and_contact() {
    let allowed = |first: Kind, later: Kind| match (first, later) {
        // Another contact than the stored one, also where none is stored.
        (_, OTHER_ASKED | OTHER_VOUCHED) | (OWN | UNKNOWN, ASKED | VOUCHED) => Err(JourneyRefusal::UniqueIdConflict),
        (OWN, OWN) | (UNKNOWN, UNKNOWN) | (ASKED | VOUCHED, ASKED | VOUCHED) => Ok(()),
        _ => Err(JourneyRefusal::AuthModeConflict),
    };
    for first in [OWN, ASKED, VOUCHED, UNKNOWN] {
        for later in KINDS {
            let mut world = JourneyWorld::new();
            world.token(first.0, contact(first));
            let answer = world.try_token(later.0, contact(later)).map(|_| ());
            assert_eq!(answer, allowed(first, later), "{first:?}, then {later:?}");
        }
    }
}

#[test]
fn once_a_contact_is_proved_a_later_token_may_name_it_but_only_with_the_code() {
    for (later, expected) in [
        (UNKNOWN, Ok(())),
        (ASKED, Ok(())),
        (VOUCHED, Err(JourneyRefusal::AuthModeConflict)),
        (OWN, Err(JourneyRefusal::AuthModeConflict)),
        (OTHER_ASKED, Err(JourneyRefusal::UniqueIdConflict)),
        (OTHER_VOUCHED, Err(JourneyRefusal::UniqueIdConflict)),
    ] {
        let mut world = JourneyWorld::new();
        world.token(true, None);
        world.prove(&mobile(NUMBER));
        assert_eq!(world.try_token(later.0, contact(later)).map(|_| ()), expected, "{later:?}");
        assert_eq!(world.transaction().mode, AuthMode::ProvedContact, "{later:?}");
    }
}

#[test]
fn only_a_token_without_the_code_names_the_owner() {
    let of_transaction = format!("owner of {PROJECT}/{APP}/{TRANSACTION}");
    let of_contact = format!("{of_transaction}/mobile:{}", phone(NUMBER).digits());
    for (kind, owner) in [(OWN, Some(of_transaction)), (VOUCHED, Some(of_contact)), (ASKED, None), (UNKNOWN, None)] {
        let mut world = JourneyWorld::new();
        let token = world.token(kind.0, contact(kind));
        assert_eq!((token.unique_id, token.authenticate_on_resume), (owner, kind.0), "{kind:?}");
    }
}

#[test]
fn the_owner_is_the_same_for_every_notation_of_a_contact_and_another_one_for_another_transaction() {
    let mut world = JourneyWorld::new();
    let first = world.token(false, Some(email(EMAIL)));
    let second = world.token(false, Some(email("ADA@Example.com")));
    assert_eq!(first.unique_id, second.unique_id);
    world.current = "tx-2".to_owned();
    let third = world.token(false, Some(email(EMAIL)));
    assert_ne!(first.unique_id, third.unique_id);
}

#[test]
fn a_token_has_the_ids_the_times_and_the_journey_of_its_transaction() {
    let mut world = JourneyWorld::new();
    world.wait(millis(900));
    let token = world.own_token();
    let begin = crate::support::BEGIN.as_seconds();
    assert_eq!((token.app_id.as_str(), token.transaction_id.as_str()), (APP, TRANSACTION));
    assert_eq!((token.workflow_id.as_str(), token.project.as_str()), (WORKFLOW, PROJECT));
    assert_eq!((token.iat, token.exp), (begin, begin + 43_200));
    assert_eq!(token.handoff_id, None);
    world.wait(seconds(60));
    let later = world.own_token();
    assert_eq!(later.journey_id, token.journey_id, "one journey until a complete reset");
    assert_ne!(later.jti, token.jti);
    assert_eq!(world.transaction().used_at, world.now);
}

#[test]
fn a_code_needs_a_workflow_with_auth_and_the_contacts_channel() {
    let mut world = JourneyWorld::with(plain(WORKFLOW, &["phone"]));
    let no_auth = JourneyRefusal::shape("authenticateOnResume", "'no': the workflow has no 'auth'");
    assert_eq!(world.try_token(true, None), Err(no_auth.clone()));
    assert_eq!(world.try_token(true, Some(mobile(NUMBER))), Err(no_auth));
    assert!(world.try_token(false, None).is_ok());
    let mut world = JourneyWorld::new();
    world.edit(|workflow| {
        workflow.auth.as_mut().unwrap().channels = vec![handset_sandbox_domain::Channel::Mobile];
    });
    let by_email = JourneyRefusal::InvalidBody("the workflow sends no codes by email".to_owned());
    assert_eq!(world.try_token(true, Some(email(EMAIL))), Err(by_email));
    assert!(world.try_token(false, Some(email(EMAIL))).is_ok(), "no code, no channel");
}

#[test]
fn an_unknown_workflow_or_a_failed_signature_makes_no_transaction() {
    let mut world = JourneyWorld::new();
    let unknown =
        handset_sandbox_domain::GenerateAuth { workflow_id: "other".to_owned(), ..world.generate(false, None) };
    assert_eq!(world.apply(&unknown), Err(JourneyRefusal::WorkflowNotFound));
    world.signs = false;
    assert_eq!(world.try_token(false, None), Err(JourneyRefusal::Internal));
    assert!(world.transactions.is_empty());
}

#[test]
fn the_workflow_of_the_last_token_is_that_of_the_transaction() {
    let mut world = JourneyWorld::new();
    world.add(plain("kyc", &["form"]));
    world.own_token();
    let other = handset_sandbox_domain::GenerateAuth { workflow_id: "kyc".to_owned(), ..world.generate(false, None) };
    world.apply(&other).unwrap();
    assert_eq!(world.transaction().workflow_id, "kyc");
}
