//! Unify: the binding of a device after possession, its status, and `unify-bind`.

use handset_protocol::server::{Evaluation, Finding, FindingResult, UnifyRequest, UnifyStatusReply, UnifySuccess};
use handset_sandbox_domain::{
    BindUnify, Device, GetUnifyStatus, Identity, MessageKind, Outcome, Possession, ProductState, Refusal, Session,
    SessionPolicy, Transition, open_unify,
};

use crate::support::events::{self, done};
use crate::support::openings::{credential, unify, unify_request};
use crate::support::{BEGIN, CODE, Harness, NUMBER, OTHER_NUMBER, PROJECT, phone, seconds};

fn device(id: &str) -> Device {
    Device { id: id.to_owned(), bound_at: BEGIN, revoked_at: None }
}

fn owner(id: &str, devices: Vec<Device>) -> Identity {
    let (id, project) = (id.to_owned(), PROJECT.to_owned());
    Identity { id, project, phone: phone(NUMBER), enrollment: None, devices }
}

fn passes() -> Finding {
    Finding { result: FindingResult::Pass, failure_reasons: std::collections::BTreeMap::new() }
}

fn bound(owner: &str, device: Option<&str>) -> UnifyStatusReply {
    UnifyStatusReply {
        success: UnifySuccess::True,
        phone_number: Some(NUMBER.into()),
        prove_id: Some(owner.to_owned()),
        device_id: device.map(str::to_owned),
        client_request_id: Some("request".to_owned()),
        evaluation: Some(Evaluation { authentication: Some(passes()), ..Evaluation::default() }),
    }
}

fn unbound(success: UnifySuccess) -> UnifyStatusReply {
    let mut failed = passes();
    failed.result = FindingResult::Fail;
    failed.failure_reasons.insert("9100".to_owned(), "possession of the phone was not shown".to_owned());
    let evaluation = Evaluation { authentication: Some(failed), ..Evaluation::default() };
    UnifyStatusReply {
        success,
        prove_id: None,
        device_id: None,
        evaluation: Some(evaluation).filter(|_| success == UnifySuccess::False),
        ..bound("", None)
    }
}

fn rebinding(possession_type: &str) -> UnifyRequest {
    UnifyRequest { rebind: Some(true), ..unify_request(possession_type, Some(NUMBER)) }
}

/// The session after `unify-bind` has bound its device.
fn bound_session(session: &Session, now: handset_protocol::UnixMillis) -> Session {
    let ProductState::Unify(mut state) = session.product.clone() else { panic!("another product") };
    (state.is_bound, state.bound_at) = (true, Some(now));
    Session { product: ProductState::Unify(state), ..session.clone() }
}

fn bind(number: &str) -> BindUnify {
    BindUnify { phone: phone(number) }
}

/// The status, which changes nothing.
fn assert_status(harness: &mut Harness, outcome: Outcome, expected: UnifyStatusReply) {
    let timeline = events::server(MessageKind::UnifyStatus, outcome);
    let expected = harness.plain(Ok(expected), harness.session.clone(), timeline);
    assert_eq!(harness.apply(&GetUnifyStatus), expected);
    assert_eq!(harness.apply(&GetUnifyStatus), expected, "it is repeatable");
}

#[test]
fn possession_binds_the_device() {
    let mut harness = Harness::new(&unify(&unify_request("mobile", Some(NUMBER)), "a"));
    assert_status(&mut harness, Outcome::Pending, unbound(UnifySuccess::Pending));
    harness.start_otp(None);
    let before = harness.session.clone();
    let passed = harness.finish_otp(CODE);
    let ProductState::Unify(mut state) = before.product.clone() else { panic!("another product") };
    state.bound_at = Some(BEGIN);
    let session = Session { possession: Possession::Passed, product: ProductState::Unify(state), ..before };
    let identity = Some(owner("owner-of-a", vec![device("a")]));
    let plain = harness.plain(done(), session, events::client(MessageKind::OtpFinish, Outcome::Passed));
    assert_eq!(passed, Transition { identity, notifies: true, ..plain });
    assert_status(&mut harness, Outcome::Passed, bound("owner-of-a", Some("a")));
}

#[test]
fn a_failure_binds_nothing() {
    let mut harness = Harness::new(&unify(&unify_request("mobile", Some(NUMBER)), "a"));
    harness.start_otp(None);
    let failed = harness.finish_otp("0000");
    assert_eq!((failed.identity, &failed.session.product), (None, &harness.session.product));
    let ProductState::Unify(state) = &failed.session.product else { panic!("another product") };
    assert_eq!((state.is_bound, state.bound_at), (false, None));
    assert_status(&mut harness, Outcome::Failed, unbound(UnifySuccess::False));
}

#[test]
fn a_bound_device_stays_without_rebind() {
    let mut harness = Harness::new(&unify(&unify_request("mobile", Some(NUMBER)), "a"));
    harness.pass();
    harness.wait(seconds(60));
    harness.open(&unify(&unify_request("desktop", Some(NUMBER)), "b"));
    harness.start_link(None, "link");
    assert_eq!(harness.open_link("link").identity, None, "nothing is written");
    assert_status(&mut harness, Outcome::Passed, bound("owner-of-a", Some("a")));
}

#[test]
fn a_session_reports_its_device_after_another_session_rebound() {
    let mut harness = Harness::new(&unify(&unify_request("mobile", Some(NUMBER)), "a"));
    harness.pass();
    let first = harness.session.clone();
    harness.wait(seconds(60));
    let rebound_at = harness.now;
    harness.open(&unify(&rebinding("mobile"), "b"));
    harness.pass();
    let revoked = Device { revoked_at: Some(rebound_at), ..device("a") };
    let second = Device { bound_at: rebound_at, ..device("b") };
    assert_eq!(harness.identity(NUMBER), Some(&owner("owner-of-a", vec![revoked, second])));
    assert_status(&mut harness, Outcome::Passed, bound("owner-of-a", Some("b")));
    harness.session = first;
    assert_status(&mut harness, Outcome::Passed, bound("owner-of-a", Some("a")));
}

#[test]
fn a_session_reports_the_device_that_it_kept_after_another_session_rebound() {
    let mut harness = Harness::new(&unify(&unify_request("mobile", Some(NUMBER)), "a"));
    harness.pass();
    harness.wait(seconds(60));
    harness.open(&unify(&unify_request("mobile", Some(NUMBER)), "b"));
    harness.pass();
    let second = harness.session.clone();
    harness.wait(seconds(60));
    harness.open(&unify(&rebinding("mobile"), "c"));
    harness.pass();
    harness.session = second;
    assert_status(&mut harness, Outcome::Passed, bound("owner-of-a", Some("a")));
}

#[test]
fn without_possession_the_relying_party_binds() {
    let mut harness = Harness::new(&unify(&unify_request("none", Some(NUMBER)), "a"));
    assert_status(&mut harness, Outcome::PossessionRequired, unbound(UnifySuccess::PossessionRequired));
    let before = harness.session.clone();
    let other = harness.apply(&bind(OTHER_NUMBER));
    let timeline = events::server(MessageKind::UnifyBind, Outcome::Failed);
    let failed = harness.plain(Ok(unbound(UnifySuccess::False)), before.clone(), timeline);
    assert_eq!(other, failed, "another number than that of the session");
    let timeline = events::server(MessageKind::UnifyBind, Outcome::Passed);
    let session = bound_session(&before, BEGIN);
    let plain = harness.plain(Ok(bound("owner-of-a", Some("a"))), session, timeline);
    let identity = Some(owner("owner-of-a", vec![device("a")]));
    assert_eq!(harness.apply(&bind(NUMBER)), Transition { identity, ..plain.clone() }, "the answer is complete");
    harness.wait(seconds(1));
    assert_eq!(harness.apply(&bind("+1 500 555 0006")), plain, "a repetition changes nothing");
    assert_status(&mut harness, Outcome::Passed, bound("owner-of-a", Some("a")));
}

#[test]
fn a_repeated_bind_does_not_bind_again_after_another_session_rebound() {
    let mut harness = Harness::new(&unify(&rebinding("none"), "a"));
    harness.apply(&bind(NUMBER));
    let first = harness.session.clone();
    harness.wait(seconds(1));
    harness.open(&unify(&rebinding("none"), "b"));
    assert_status(&mut harness, Outcome::PossessionRequired, unbound(UnifySuccess::PossessionRequired));
    assert_eq!(harness.apply(&bind(NUMBER)).answer, Ok(bound("owner-of-a", Some("b"))));
    harness.session = first.clone();
    let timeline = events::server(MessageKind::UnifyBind, Outcome::Passed);
    let expected = harness.plain(Ok(bound("owner-of-a", Some("a"))), first, timeline);
    assert_eq!(harness.apply(&bind(NUMBER)), expected);
    harness.revoke(NUMBER, "b");
    assert_status(&mut harness, Outcome::Passed, bound("owner-of-a", Some("a")));
}

#[test]
fn a_session_without_a_number_takes_that_of_its_bind() {
    let mut harness = Harness::new(&unify(&unify_request("none", None), "a"));
    let no_number = UnifyStatusReply { phone_number: None, ..unbound(UnifySuccess::PossessionRequired) };
    assert_status(&mut harness, Outcome::PossessionRequired, no_number);
    let before = harness.session.clone();
    let session = bound_session(&Session { phone: Some(phone(NUMBER)), ..before }, BEGIN);
    let timeline = events::server(MessageKind::UnifyBind, Outcome::Passed);
    let plain = harness.plain(Ok(bound("owner-of-a", Some("a"))), session, timeline);
    let identity = Some(owner("owner-of-a", vec![device("a")]));
    assert_eq!(harness.apply(&bind(NUMBER)), Transition { identity, ..plain });
    assert_eq!(harness.apply(&bind(OTHER_NUMBER)).answer, Ok(unbound(UnifySuccess::False)));
}

#[test]
fn a_device_that_is_bound_already_needs_no_possession() {
    let mut harness = Harness::new(&unify(&unify_request("none", Some(NUMBER)), "a"));
    harness.apply(&bind(NUMBER));
    harness.open(&unify(&unify_request("none", Some(NUMBER)), "b"));
    assert_status(&mut harness, Outcome::Passed, bound("owner-of-a", Some("a")));
    harness.revoke(NUMBER, "a");
    assert_status(&mut harness, Outcome::PossessionRequired, unbound(UnifySuccess::PossessionRequired));
}

#[test]
fn a_bind_is_refused_where_the_page_verifies_possession_or_the_number_is_not_served() {
    let refuse = |harness: &mut Harness, number: &str, refusal: Refusal| {
        let timeline = events::server(MessageKind::UnifyBind, Outcome::Refused);
        let expected = harness.plain(Err(refusal), harness.session.clone(), timeline);
        assert_eq!(harness.apply(&bind(number)), expected);
    };
    let mut harness = Harness::new(&unify(&unify_request("mobile", Some(NUMBER)), "a"));
    refuse(&mut harness, NUMBER, Refusal::NotAllowed);
    harness.pass();
    refuse(&mut harness, NUMBER, Refusal::NotAllowed);
    let mut harness = Harness::new(&unify(&unify_request("none", None), "a"));
    refuse(&mut harness, "2001001693", Refusal::OtherProduct);
    let strict = SessionPolicy { strict_test_users: true, ..SessionPolicy::default() };
    let ids = ["owner".to_owned(), "a".to_owned()];
    let opening = open_unify(&unify_request("none", None), credential("sandbox-unify"), ids, strict).unwrap();
    refuse(&mut Harness::new(&opening), NUMBER, Refusal::NoTestUser);
}

#[test]
fn a_test_user_without_the_browser_has_an_owner_and_no_device() {
    for possession_type in ["none", "mobile", "desktop"] {
        let mut harness = Harness::new(&unify(&unify_request(possession_type, Some("2001004018")), "a"));
        let owner = harness.identity("2001004018").unwrap();
        assert_eq!((owner.id.as_str(), owner.devices.len()), ("owner-of-a", 0), "{possession_type}");
        let phone_number = Some("2001004018".into());
        let expected = UnifyStatusReply { phone_number, ..bound("owner-of-a", None) };
        assert_status(&mut harness, Outcome::Passed, expected);
    }
}

#[test]
fn the_reputation_is_in_the_evaluation_on_request() {
    let request = UnifyRequest { check_reputation: Some(true), ..unify_request("none", Some(NUMBER)) };
    let mut harness = Harness::new(&unify(&request, "a"));
    let evaluation = Evaluation { risk: Some(passes()), authentication: Some(passes()), ..Evaluation::default() };
    let expected = UnifyStatusReply { evaluation: Some(evaluation), ..bound("owner-of-a", Some("a")) };
    assert_eq!(harness.apply(&bind(NUMBER)).answer, Ok(expected));
}
