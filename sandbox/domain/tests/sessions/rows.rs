//! The rows of a transition: each row that the answer depends on, also if it stays as it is, so that the write compares it.

use handset_protocol::server::{StartRequest, UnifyRequest};
use handset_sandbox_domain::{
    ApplyInput, Credential, DeviceBinding, FailedAttempts, FinishOtp, Identity, PollStatus, SessionPolicy, apply, open,
    open_unify,
};

use crate::support::{BEGIN, CODE, Harness, NUMBER, PROJECT, phone};

#[test]
fn a_right_code_depends_on_the_failed_attempts_of_its_number() {
    let request = StartRequest {
        flow_type: Some("mobile".to_owned()),
        phone_number: Some(NUMBER.into()),
        ..StartRequest::default()
    };
    let policy = SessionPolicy::default();
    let mut harness = Harness::new(&open(&request, Credential::find("sandbox").unwrap(), policy).unwrap());
    harness.start_otp(None);
    let mut attempts = FailedAttempts::default();
    attempts.record(&policy, BEGIN);
    let input = ApplyInput {
        session: &harness.session,
        attempts: Some(&attempts),
        identity: None,
        fault: None,
        now: harness.now,
    };
    let passed = apply(&input, &FinishOtp { otp: CODE.into() });
    assert_eq!(passed.attempts, Some(attempts.clone()), "a concurrent wrong code is a lost race");
    assert_eq!(apply(&input, &PollStatus).attempts, None, "a status does not depend on them");
}

#[test]
fn a_device_that_stays_bound_is_part_of_the_result() {
    let request = UnifyRequest {
        possession_type: Some("mobile".to_owned()),
        phone_number: Some(NUMBER.into()),
        ..UnifyRequest::default()
    };
    let caller = Credential::find("sandbox").unwrap();
    let ids = ["owner".to_owned(), "another device".to_owned()];
    let mut harness = Harness::new(&open_unify(&request, caller, ids, SessionPolicy::default()).unwrap());
    harness.start_otp(None);
    let binding = DeviceBinding {
        project: PROJECT.to_owned(),
        phone: phone(NUMBER),
        at: BEGIN,
        identity_id: "owner".to_owned(),
        device_id: Some("device".to_owned()),
        replaces: false,
    };
    let identity = Identity::bind(None, &binding);
    let input = ApplyInput {
        session: &harness.session,
        attempts: None,
        identity: Some(&identity),
        fault: None,
        now: harness.now,
    };
    let passed = apply(&input, &FinishOtp { otp: CODE.into() });
    assert_eq!(passed.identity, Some(identity.clone()), "a concurrent revocation is a lost race");
    assert_eq!(apply(&input, &PollStatus).identity, None, "a status decides nothing about it");
}
