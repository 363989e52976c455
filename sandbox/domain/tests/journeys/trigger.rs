//! The module from which the code is asked for: how a journey reaches it, and that it stays so.

use handset_sandbox_domain::{
    Channel, GetStateBody, JourneyRefusal, ModuleChange, OpenHandoffBody, PutStateBody, StateAnswer,
};

use crate::support::calls::{CODE, TestedPage, change, saves};
use crate::support::workflows::{NUMBER, WORKFLOW, mobile};
use crate::support::{JourneyWorld, seconds};

/// Something that drops saves.
type DropsSaves = fn(&mut JourneyWorld, &mut TestedPage);

fn with_trigger(trigger: &str) -> (JourneyWorld, TestedPage) {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.auth.as_mut().unwrap().trigger_module_id = trigger.to_owned());
    let token = world.token(true, Some(mobile(NUMBER)));
    let page = world.page(&token);
    (world, page)
}

/// Whether the token without the owner is asked for the code, by every call alike.
fn is_asked(world: &mut JourneyWorld, page: &TestedPage) -> bool {
    let asked = matches!(world.get(page.caller(), GetStateBody::default()), Ok(StateAnswer::AuthRequired { .. }));
    assert_eq!(world.check_session(page) == Err(JourneyRefusal::AuthRequired), asked);
    let put = world.clone().put(&mut page.clone(), saves(&[]));
    assert_eq!(put == Err(JourneyRefusal::AuthRequired), asked);
    assert_eq!(world.clone().send_code(&page.token, Channel::Mobile) != Err(JourneyRefusal::AuthNotRequired), asked);
    asked
}

#[test]
fn the_trigger_is_reached_with_the_save_before_it() {
    for (trigger, saves_until) in [("phone", 1), ("document", 1), ("selfie", 2), ("form", 3)] {
        let (mut world, mut page) = with_trigger(trigger);
        for (done, id) in ["phone", "document", "selfie"].into_iter().take(saves_until).enumerate() {
            assert!(!is_asked(&mut world, &page), "{trigger} after {done} saves");
            world.save(&mut page, &[id]);
        }
        assert!(is_asked(&mut world, &page), "{trigger} after {saves_until} saves");
    }
}

#[test]
fn a_jump_to_it_or_beyond_it_reaches_it() {
    let resume_from = |id: &str| PutStateBody { resume_from: Some(id.to_owned()), ..PutStateBody::default() };
    for (body, is_reached) in [
        (saves(&["selfie"]), true),
        (saves(&["form"]), true),
        (change("form", ModuleChange::Delete), true),
        (resume_from("selfie"), true),
        (resume_from("form"), true),
        (saves(&["document"]), false),
        (resume_from("document"), false),
        (resume_from("phone"), false),
        (saves(&[]), false),
    ] {
        let (mut world, mut page) = with_trigger("selfie");
        world.put(&mut page, body.clone()).unwrap();
        assert_eq!(is_asked(&mut world, &page), is_reached, "{body:?}");
    }
}

#[test]
fn a_save_that_fills_the_last_gap_before_it_reaches_it() {
    let (mut world, mut page) = with_trigger("selfie");
    world.save(&mut page, &["document"]);
    assert!(!is_asked(&mut world, &page));
    world.save(&mut page, &["phone"]);
    assert!(is_asked(&mut world, &page));
}

#[test]
fn one_save_of_every_module_reaches_it() {
    let (mut world, mut page) = with_trigger("form");
    world.put(&mut page, saves(&["phone", "document", "selfie", "form"])).unwrap();
    assert!(world.state().is_past_trigger);
    assert_eq!(world.check_session(&page), Err(JourneyRefusal::AuthRequired));
}

#[test]
fn it_stays_reached_through_drops_resets_and_the_end_of_the_states_until_a_complete_reset() {
    let drops: [(&str, DropsSaves); 6] = [
        ("expiry", |world, page| {
            world.wait(seconds(900));
            world.view(page);
        }),
        ("inputs", |world, page| {
            let inputs = crate::support::calls::inputs(&[("plan", "b")]);
            world.view_with(page, GetStateBody { inputs, ..GetStateBody::default() });
        }),
        ("version", |world, page| {
            let workflow_version = Some("2.0.0".to_owned());
            world.view_with(page, GetStateBody { workflow_version, ..GetStateBody::default() });
        }),
        ("delete", |world, page| {
            world.put(page, change("phone", ModuleChange::Delete)).unwrap();
        }),
        ("continuous reset", |world, _| world.reset(Some("phone")).unwrap()),
        ("end of the states", |world, _| {
            world.wait(seconds(29 * 86_400 + 43_200));
            world.token(true, Some(mobile(NUMBER)));
            world.wait(seconds(43_200));
            world.end_if_due();
        }),
    ];
    for (name, drop) in drops {
        let (mut world, mut page) = with_trigger("document");
        world.save(&mut page, &["phone"]);
        world.send_code(&page.token, Channel::Mobile).unwrap();
        let owned = world.verify_code(&page.token, CODE).unwrap();
        let mut owner = world.page(&owned);
        world.save(&mut owner, &["document"]);
        drop(&mut world, &mut owner);
        assert!(world.state().is_past_trigger, "{name}");
        page.token = world.token(true, Some(mobile(NUMBER)));
        assert!(is_asked(&mut world, &page), "{name}");
        if world.reset(None).is_ok() {
            assert!(!world.state().is_past_trigger, "{name}");
            page.token = world.token(true, Some(mobile(NUMBER)));
            assert!(matches!(world.get(page.caller(), GetStateBody::default()), Ok(StateAnswer::State(_))), "{name}");
        }
    }
}

#[test]
fn each_workflow_has_its_own_trigger() {
    let (mut world, mut page) = with_trigger("document");
    let mut other = crate::support::workflows::onboarding();
    other.id = "kyc".to_owned();
    world.add(other);
    world.save(&mut page, &["phone"]);
    let mut token = page.token.clone();
    token.workflow_id = "kyc".to_owned();
    world.page(&token);
    assert!(!world.transaction().states["kyc"].is_past_trigger);
    assert!(world.transaction().states[WORKFLOW].is_past_trigger);
}

#[test]
fn a_trigger_that_is_moved_to_an_earlier_module_counts_at_once() {
    let (mut world, mut page) = with_trigger("form");
    world.save(&mut page, &["phone", "document"]);
    assert!(!is_asked(&mut world, &page));
    world.edit(|workflow| workflow.auth.as_mut().unwrap().trigger_module_id = "document".to_owned());
    assert!(is_asked(&mut world, &page));
}

#[test]
fn a_journey_that_no_code_protects_is_handed_over_by_the_same_owner_alone() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.auth = None);
    world.token(false, Some(mobile(NUMBER)));
    let token = world.prove(&mobile(NUMBER)).unwrap();
    let page = world.page(&token);
    let refused = world.open_handoff(&page, OpenHandoffBody::default());
    assert_eq!(refused, Err(JourneyRefusal::HandoffNotAllowed), "nothing would be asked on the other device");
}

#[test]
fn a_trigger_that_has_moved_before_the_saves_stays_reached_when_they_are_dropped() {
    type Drop = fn(&mut JourneyWorld, &mut TestedPage);
    let drops: [(&str, Drop); 4] = [
        ("continuous reset", |world, _| world.reset(Some("phone")).unwrap()),
        ("expiry", |world, page| {
            world.edit(|workflow| workflow.modules[0].expires_after = Some(seconds(60)));
            world.wait(seconds(60));
            world.view(page);
        }),
        ("version", |world, page| {
            let workflow_version = Some("2.0.0".to_owned());
            world.view_with(page, GetStateBody { workflow_version, ..GetStateBody::default() });
        }),
        ("end of the states", |world, _| {
            world.wait(seconds(29 * 86_400 + 43_200));
            world.token(true, Some(mobile(NUMBER)));
            world.wait(seconds(43_200));
            world.end_if_due();
        }),
    ];
    for (name, drop) in drops {
        let (mut world, mut page) = with_trigger("form");
        world.save(&mut page, &["phone", "document"]);
        let mut owner = page.clone();
        owner.token = world.token(false, Some(mobile(NUMBER)));
        assert!(!world.state().is_past_trigger);
        world.edit(|workflow| workflow.auth.as_mut().unwrap().trigger_module_id = "document".to_owned());
        drop(&mut world, &mut owner);
        assert!(world.state().modules.is_empty() && world.state().is_past_trigger, "{name}");
        page.token = world.token(true, Some(mobile(NUMBER)));
        assert!(is_asked(&mut world, &page), "{name}");
    }
}
