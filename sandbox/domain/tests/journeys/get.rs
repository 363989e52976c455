//! Reading a state: what has changed, ended or expired since the last save is dropped, with its reason; the rest resumes.

use handset_sandbox_domain::{
    Channel, GetStateBody, JourneyStatus, ModuleChange, PageStatus, ResumeCondition, StateAnswer, StateView,
};

use crate::support::calls::{TestedPage, change, inputs, save, saves, with_status};
use crate::support::workflows::{EMAIL, MODULES, NUMBER, OTHER_NUMBER, email, mobile};
use crate::support::{JourneyWorld, millis, seconds};

fn with_inputs(pairs: &[(&str, &str)]) -> GetStateBody {
    GetStateBody { inputs: inputs(pairs), ..GetStateBody::default() }
}

fn of_version(version: &str) -> GetStateBody {
    GetStateBody { workflow_version: Some(version.to_owned()), ..GetStateBody::default() }
}

fn saved(view: &StateView) -> Vec<&str> {
    view.saved.iter().map(|(id, ..)| id.as_str()).collect()
}

/// The saved modules, where to go on, and why something was dropped.
fn read(view: &StateView) -> (Vec<&str>, Option<&str>, Option<&str>) {
    (saved(view), view.resume_at.as_deref(), view.refreshed.as_deref())
}

#[test]
fn a_new_journey_has_no_saves_and_starts_at_the_first_module() {
    let mut world = JourneyWorld::new();
    let token = world.own_token();
    let mut page = TestedPage { token, session: None, revision: 0 };
    let view = world.view(&mut page);
    assert_eq!(read(&view), (Vec::new(), Some("phone"), None));
    assert_eq!((view.revision, view.status), (0, JourneyStatus::InProgress));
    let modules: Vec<_> = view.modules.iter().map(|(id, skips)| (id.as_str(), *skips)).collect();
    assert_eq!(modules, [("phone", false), ("document", false), ("selfie", true), ("form", false)]);
}

#[test]
fn a_resume_has_every_save_in_the_order_of_the_workflow_with_its_outcome() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.put(&mut page, change("document", save(Some("seen")))).unwrap();
    world.save(&mut page, &["phone"]);
    let view = world.view(&mut page);
    assert_eq!(read(&view), (vec!["phone", "document"], Some("selfie"), None));
    let (_, document, outcome) = &view.saved[1];
    assert_eq!(document.variables, inputs(&[("v", "1")]));
    let outcome = outcome.as_ref().unwrap();
    assert_eq!((outcome.value.as_str(), outcome.is_client_asserted), ("seen", true));
    assert_eq!(world.view(&mut page), view, "a get alone changes nothing");
}

#[test]
fn other_inputs_discard_the_state_except_where_their_keys_are_ignored() {
    for (later, is_kept) in [
        (with_inputs(&[("plan", "a"), ("utm", "x")]), true),
        (with_inputs(&[("plan", "a"), ("utm", "y")]), true),
        (with_inputs(&[("plan", "a")]), true),
        (with_inputs(&[("plan", "b"), ("utm", "x")]), false),
        (with_inputs(&[("plan", "a"), ("utm", "x"), ("more", "1")]), false),
        (with_inputs(&[("utm", "x")]), false),
        (with_inputs(&[]), false),
    ] {
        let mut world = JourneyWorld::new();
        let mut page = world.own_page();
        world.view_with(&mut page, with_inputs(&[("plan", "a"), ("utm", "x")]));
        world.save(&mut page, &["phone"]);
        let view = world.view_with(&mut page, later.clone());
        let expected = if is_kept {
            (vec!["phone"], Some("document"), None)
        } else {
            (Vec::new(), Some("phone"), Some("inputs_changed"))
        };
        assert_eq!(read(&view), expected, "{:?}", later.inputs.keys());
        assert_eq!(view.revision, if is_kept { 1 } else { 2 });
        world.save(&mut page, &["phone"]);
        let again = world.view_with(&mut page, later);
        assert_eq!(again.refreshed, None, "the new inputs are those of the state");
    }
}

#[test]
fn before_the_first_save_other_inputs_are_simply_the_inputs() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.view_with(&mut page, with_inputs(&[("plan", "a")]));
    assert_eq!(world.view_with(&mut page, with_inputs(&[("plan", "b")])).refreshed, None);
    world.save(&mut page, &["phone"]);
    assert_eq!(world.view_with(&mut page, with_inputs(&[("plan", "b")])).refreshed, None);
    assert_eq!(world.view_with(&mut page, with_inputs(&[("plan", "a")])).refreshed.as_deref(), Some("inputs_changed"));
}

#[test]
fn an_ignored_key_does_not_wear_off_over_several_gets() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.view_with(&mut page, with_inputs(&[("plan", "a"), ("utm", "1")]));
    world.save(&mut page, &["phone"]);
    for utm in ["2", "3", "4"] {
        assert_eq!(world.view_with(&mut page, with_inputs(&[("plan", "a"), ("utm", utm)])).refreshed, None);
    }
    assert_eq!(world.view_with(&mut page, with_inputs(&[("utm", "1")])).refreshed.as_deref(), Some("inputs_changed"));
}

#[test]
fn another_version_of_the_workflow_discards_the_state() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    assert_eq!(world.view_with(&mut page, of_version("1.4.0")).refreshed, None, "that of the workflow");
    let view = world.view_with(&mut page, of_version("1.5.0"));
    assert_eq!(read(&view), (Vec::new(), Some("phone"), Some("workflow_version_changed")));
    world.save(&mut page, &["phone"]);
    assert_eq!(world.view_with(&mut page, of_version("1.5.0")).refreshed, None);
    // A page that names none has the workflow's.
    assert_eq!(world.view(&mut page).refreshed.as_deref(), Some("workflow_version_changed"));
    world.save(&mut page, &["phone"]);
    world.edit(|workflow| workflow.version = Some("2.0.0".to_owned()));
    assert_eq!(world.view(&mut page).refreshed.as_deref(), Some("workflow_version_changed"), "a new workflow file");
}

#[test]
fn a_version_before_the_first_save_is_no_change() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    assert_eq!(world.view_with(&mut page, of_version("9.0.0")).refreshed, None);
    world.save(&mut page, &["phone"]);
    assert_eq!(world.view_with(&mut page, of_version("9.0.0")).refreshed, None);
}

#[test]
fn a_first_save_without_a_get_is_of_the_workflows_version() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.prevents_parallel_sessions = false);
    let token = world.own_token();
    let mut page = TestedPage { token, session: None, revision: 0 };
    world.save(&mut page, &["phone"]);
    let view = world.view_with(&mut page, with_inputs(&[("plan", "a")]));
    assert_eq!(read(&view), (vec!["phone"], Some("document"), None));
    world.edit(|workflow| workflow.version = Some("2.0.0".to_owned()));
    let view = world.view_with(&mut page, with_inputs(&[("plan", "a")]));
    assert_eq!(view.refreshed.as_deref(), Some("workflow_version_changed"));
}

#[test]
fn inputs_are_judged_before_the_version() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    let both = GetStateBody { inputs: inputs(&[("plan", "a")]), ..of_version("2.0.0") };
    assert_eq!(world.view_with(&mut page, both.clone()).refreshed.as_deref(), Some("inputs_changed"));
    assert_eq!(world.view_with(&mut page, both).refreshed, None, "both are new now");
}

#[test]
fn an_expired_module_and_all_later_ones_are_dropped_and_the_exact_time_counts() {
    for (waited, kept) in [(millis(899_999), 3), (seconds(900), 1), (seconds(5000), 1)] {
        let mut world = JourneyWorld::new();
        let mut page = world.own_page();
        world.save(&mut page, &["phone", "document"]);
        world.save(&mut page, &["selfie"]);
        world.wait(waited);
        let view = world.view(&mut page);
        let expected = match kept {
            3 => (vec!["phone", "document", "selfie"], Some("form"), None),
            _ => (vec!["phone"], Some("document"), Some("module_expired")),
        };
        assert_eq!(read(&view), expected, "{waited:?}");
        assert_eq!(view.revision, if kept == 3 { 3 } else { 4 });
    }
}

#[test]
fn a_new_save_of_a_module_begins_its_lifetime_again_and_other_saves_do_not() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone", "document"]);
    world.wait(seconds(800));
    world.save(&mut page, &["document"]);
    world.wait(seconds(899));
    world.save(&mut page, &["selfie"]);
    assert_eq!(world.view(&mut page).refreshed, None);
    world.wait(seconds(1));
    assert_eq!(world.view(&mut page).refreshed.as_deref(), Some("module_expired"));
}

#[test]
fn the_first_expired_module_decides_where_the_resume_starts() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| {
        workflow.modules[0].expires_after = Some(seconds(1000));
        workflow.modules[2].expires_after = Some(seconds(100));
    });
    let mut page = world.own_page();
    world.save(&mut page, &MODULES[..3]);
    world.wait(seconds(100));
    assert_eq!(read(&world.view(&mut page)), (vec!["phone", "document"], Some("selfie"), Some("module_expired")));
    world.save(&mut page, &["selfie"]);
    world.wait(seconds(900));
    assert_eq!(read(&world.view(&mut page)), (Vec::new(), Some("phone"), Some("module_expired")), "all three have");
}

#[test]
fn a_condition_that_holds_drops_its_module_and_all_later_ones_once() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone", "document"]);
    world.put(&mut page, change("selfie", save(Some("auto_declined")))).unwrap();
    let view = world.view(&mut page);
    assert_eq!(read(&view), (vec!["phone"], Some("document"), Some("retake")));
    assert_eq!(world.view(&mut page).refreshed, None, "the outcome is gone");
    world.save(&mut page, &["document"]);
    world.put(&mut page, change("selfie", save(Some("auto_approved")))).unwrap();
    assert_eq!(world.view(&mut page).refreshed, None, "another outcome");
}

#[test]
fn the_first_condition_that_holds_decides() {
    let mut world = JourneyWorld::new();
    let condition = |module: &str, from: &str| ResumeCondition {
        module: module.to_owned(),
        outcome: "again".to_owned(),
        resume_from: from.to_owned(),
        reason: format!("{from} again"),
    };
    world.edit(|workflow| {
        workflow.conditions =
            vec![condition("form", "phone"), condition("selfie", "selfie"), condition("document", "phone")];
    });
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    for id in ["document", "selfie"] {
        world.put(&mut page, change(id, save(Some("again")))).unwrap();
    }
    assert_eq!(read(&world.view(&mut page)), (vec!["phone", "document"], Some("selfie"), Some("selfie again")));
    assert_eq!(read(&world.view(&mut page)), (Vec::new(), Some("phone"), Some("phone again")), "the next one holds");
}

#[test]
fn expiry_comes_before_the_conditions_which_see_what_is_left() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone", "document"]);
    world.put(&mut page, change("selfie", save(Some("auto_declined")))).unwrap();
    world.wait(seconds(900));
    assert_eq!(world.view(&mut page).refreshed.as_deref(), Some("module_expired"));
}

#[test]
fn an_end_that_the_workflow_names_bars_every_restart() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    assert_eq!(world.finish(&mut page, "auto_approved").status, JourneyStatus::AutoApproved);
    let processed = Ok(StateAnswer::AlreadyProcessed { status: JourneyStatus::AutoApproved });
    let before = world.transaction().clone();
    for body in [
        with_inputs(&[("plan", "b")]),
        of_version("2.0.0"),
        GetStateBody { take_over: true, ..GetStateBody::default() },
    ] {
        assert_eq!(world.get(page.caller(), body), processed);
    }
    world.wait(seconds(900));
    assert_eq!(world.get(page.caller(), GetStateBody::default()), processed, "expired modules change nothing");
    let fresh = TestedPage { session: None, ..page };
    assert_eq!(world.get(fresh.caller(), GetStateBody::default()), processed);
    assert_eq!(*world.transaction(), before, "and no get writes");
}

#[test]
fn an_end_that_the_workflow_does_not_name_starts_over() {
    for outcome in ["auto_declined", "needs_review", "anything"] {
        let mut world = JourneyWorld::new();
        world.edit(|workflow| workflow.conditions.clear());
        let mut page = world.own_page();
        let end = world.finish(&mut page, outcome);
        assert!(end.status.is_decided());
        let view = world.view(&mut page);
        assert_eq!(read(&view), (Vec::new(), Some("phone"), Some("started_over")), "{outcome}");
        assert_eq!((view.status, view.revision), (JourneyStatus::InProgress, 5));
        world.save(&mut page, &["phone"]);
    }
}

#[test]
fn cancelled_and_failed_journeys_resume() {
    for status in [PageStatus::UserCancelled, PageStatus::Error] {
        let mut world = JourneyWorld::new();
        let mut page = world.own_page();
        world.save(&mut page, &["phone"]);
        let ended = world.put(&mut page, with_status(saves(&["document"]), status)).unwrap();
        assert!(!ended.status.is_decided());
        assert_eq!(ended.resume_at.as_deref(), Some("selfie"));
        let view = world.view(&mut page);
        assert_eq!(read(&view), (vec!["phone", "document"], Some("selfie"), None));
        assert_eq!(view.status, JourneyStatus::InProgress);
        world.save(&mut page, &["selfie"]);
    }
}

#[test]
fn a_workflow_that_is_not_resumable_starts_anew_at_each_get() {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.is_resumable = false);
    let mut page = world.own_page();
    assert_eq!(world.view(&mut page).refreshed, None);
    world.save(&mut page, &["phone"]);
    assert_eq!(read(&world.view(&mut page)), (Vec::new(), Some("phone"), Some("not_resumable")));
    world.finish(&mut page, "auto_approved");
    let processed = Ok(StateAnswer::AlreadyProcessed { status: JourneyStatus::AutoApproved });
    assert_eq!(world.get(page.caller(), GetStateBody::default()), processed, "an end stays an end");
}

#[test]
fn the_page_goes_on_where_it_asked_to() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    let mut body = saves(&["phone", "document"]);
    body.resume_from = Some("form".to_owned());
    assert_eq!(world.put(&mut page, body).unwrap().resume_at.as_deref(), Some("form"));
    assert_eq!(world.view(&mut page).resume_at.as_deref(), Some("form"));
    world.wait(seconds(900));
    assert_eq!(world.view(&mut page).resume_at.as_deref(), Some("document"), "which has expired with the rest");
}

#[test]
fn a_module_that_the_page_asked_for_before_the_expired_one_is_kept() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    let mut body = saves(&["phone", "document"]);
    body.resume_from = Some("phone".to_owned());
    world.put(&mut page, body).unwrap();
    world.wait(seconds(900));
    assert_eq!(read(&world.view(&mut page)), (vec!["phone"], Some("phone"), Some("module_expired")));
}

#[test]
fn a_deleted_module_is_the_next_one() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone", "document"]);
    world.put(&mut page, change("phone", ModuleChange::Delete)).unwrap();
    assert_eq!(read(&world.view(&mut page)), (vec!["document"], Some("phone"), None));
}

#[test]
fn past_the_trigger_a_token_without_the_owner_learns_only_how_to_get_the_code() {
    for (contact, masked, channel) in
        [(mobile(NUMBER), "**********50", Channel::Mobile), (email(EMAIL), "a***@example.com", Channel::Email)]
    {
        let mut world = JourneyWorld::new();
        let token = world.token(true, Some(contact));
        let mut page = world.page(&token);
        let asked = StateAnswer::AuthRequired { channels: vec![channel], masked_contact: Some(masked.to_owned()) };
        assert!(matches!(world.get(page.caller(), GetStateBody::default()), Ok(StateAnswer::State(_))));
        world.save(&mut page, &["phone"]);
        let before = world.transaction().clone();
        for body in [GetStateBody::default(), with_inputs(&[("plan", "b")]), of_version("3.0.0")] {
            assert_eq!(world.get(page.caller(), body), Ok(asked.clone()));
        }
        assert_eq!(*world.transaction(), before, "nothing was dropped or taken over");
    }
}

#[test]
fn a_code_by_a_way_that_the_workflow_has_not_is_not_offered() {
    let mut world = JourneyWorld::new();
    let token = world.token(true, Some(mobile(OTHER_NUMBER)));
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    world.edit(|workflow| workflow.auth.as_mut().unwrap().channels = vec![Channel::Email]);
    let none = StateAnswer::AuthRequired { channels: Vec::new(), masked_contact: None };
    assert_eq!(world.get(page.caller(), GetStateBody::default()), Ok(none));
}
