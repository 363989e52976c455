//! Verified Users, first generation: its status, and the enrollment of a success.

use handset_protocol::server::{CheckResult, VerifyRequest, VerifyStatusReply, VerifySuccess};
use handset_sandbox_domain::{
    Enrollment, GetVerifyStatus, Identity, MessageKind, Outcome, Possession, PossessionFailure, Session, Transition,
};

use crate::support::events::{self, done};
use crate::support::openings::{verify, verify_request};
use crate::support::{BEGIN, CODE, Harness, NUMBER, PROJECT, phone, seconds};

fn enrolled(identity_id: &str) -> Identity {
    Identity {
        id: identity_id.to_owned(),
        project: PROJECT.to_owned(),
        phone: phone(NUMBER),
        enrollment: Some(Enrollment {
            since: BEGIN,
            active: true,
            muted: None,
            client_customer_id: Some("customer".to_owned()),
            device_id: None,
            line_type: "mobile".to_owned(),
            carrier: "Sandbox Mobile".to_owned(),
            event_sequence: 0,
        }),
        devices: Vec::new(),
    }
}

/// A request with a name that is not the owner's.
fn of_a_stranger(possession_type: &str) -> VerifyRequest {
    VerifyRequest { last_name: Some("Nobody".into()), ..verify_request(possession_type, NUMBER) }
}

fn status(
    success: VerifySuccess,
    possession_result: CheckResult,
    verify_result: CheckResult,
    identity_id: Option<&str>,
) -> VerifyStatusReply {
    VerifyStatusReply { success, possession_result, verify_result, identity_id: identity_id.map(str::to_owned) }
}

/// The status, which changes nothing.
fn assert_status(harness: &mut Harness, outcome: Outcome, expected: VerifyStatusReply) {
    let timeline = events::server(MessageKind::VerifyStatus, outcome);
    let expected = harness.plain(Ok(expected), harness.session.clone(), timeline);
    assert_eq!(harness.apply(&GetVerifyStatus), expected);
    assert_eq!(harness.apply(&GetVerifyStatus), expected, "it is repeatable");
}

#[test]
fn possession_with_the_owners_name_enrolls_the_number() {
    let mut harness = Harness::new(&verify(&verify_request("mobile", NUMBER)));
    let pending = status(VerifySuccess::Pending, CheckResult::Pending, CheckResult::Pending, None);
    assert_status(&mut harness, Outcome::Pending, pending);
    harness.start_otp(None);
    let session = Session { possession: Possession::Passed, ..harness.session.clone() };
    let timeline = events::client(MessageKind::OtpFinish, Outcome::Passed);
    let plain = harness.plain(done(), session, timeline);
    let expected = Transition { identity: Some(enrolled("identity-1")), notifies: true, ..plain };
    assert_eq!(harness.finish_otp(CODE), expected);
    let verified = status(VerifySuccess::True, CheckResult::Success, CheckResult::Success, Some("identity-1"));
    assert_status(&mut harness, Outcome::Passed, verified);
}

#[test]
fn possession_with_another_name_enrolls_nobody() {
    let mut harness = Harness::new(&verify(&of_a_stranger("desktop")));
    harness.start_link(None, "a");
    let opened = harness.open_link("a");
    assert_eq!((&opened.session.possession, opened.identity), (&Possession::Passed, None));
    let failed = status(VerifySuccess::False, CheckResult::Success, CheckResult::Failed, None);
    assert_status(&mut harness, Outcome::Failed, failed);
}

#[test]
fn a_failed_possession_compares_no_name_and_enrolls_nobody() {
    let mut harness = Harness::new(&verify(&verify_request("mobile", NUMBER)));
    harness.start_otp(None);
    let failed = harness.finish_otp("0000");
    assert_eq!(failed.session.possession, Possession::Failed(PossessionFailure::WrongCode));
    assert_eq!(failed.identity, None);
    let expected = status(VerifySuccess::False, CheckResult::Failed, CheckResult::NotApplicable, None);
    assert_status(&mut harness, Outcome::Failed, expected);
}

#[test]
fn without_a_possession_check_the_opening_enrolls() {
    let mut harness = Harness::new(&verify(&of_a_stranger("none")));
    assert_eq!(harness.identity(NUMBER), None);
    let failed = status(VerifySuccess::False, CheckResult::NotApplicable, CheckResult::Failed, None);
    assert_status(&mut harness, Outcome::Failed, failed);
    let opened = harness.open(&verify(&verify_request("none", NUMBER)));
    assert_eq!((opened.identity, opened.notifies), (Some(enrolled("identity-1")), true));
    let verified = status(VerifySuccess::True, CheckResult::NotApplicable, CheckResult::Success, Some("identity-1"));
    assert_status(&mut harness, Outcome::Passed, verified);
}

#[test]
fn the_owner_of_a_number_keeps_the_id_in_later_sessions() {
    let mut harness = Harness::new(&verify(&verify_request("none", NUMBER)));
    let first = harness.identity(NUMBER).cloned();
    harness.wait(seconds(60));
    let again = harness.open(&verify(&verify_request("none", "+1 500 555 0006")));
    assert_eq!(again.identity, first, "the same enrollment stays as it is");
    assert_eq!(harness.identity(NUMBER).cloned(), first);
    let deactivated = first.as_ref().and_then(|identity| identity.set_active(false)).unwrap();
    let opening = verify(&verify_request("none", NUMBER));
    let opened = crate::support::open_at(&opening, "2", Some(&deactivated), harness.now).unwrap();
    assert_eq!(opened.identity, first, "a success makes it active again");
}
