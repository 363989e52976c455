//! The server calls of Prove Identity and Pre-Fill: their order, stages and replies.

use handset_protocol::server::{
    ChallengeReply, Evaluation, Finding, FindingResult, Individual, StartRequest, ValidateReply, next_is,
};
use handset_sandbox_domain::{
    BindUnify, Challenge, CheckChallenge, Command, Complete, GetUnifyStatus, GetVerifyStatus, MessageKind, Outcome,
    Person, Refusal, ServerStage, Session, SessionPolicy, Transition, Validate, open,
};

use crate::support::events;
use crate::support::openings::{credential, otp, start_request, unify, unify_request, verify, verify_request};
use crate::support::{Harness, NUMBER, phone};

fn finding(reasons: &[(&str, &str)]) -> Finding {
    let result = if reasons.is_empty() { FindingResult::Pass } else { FindingResult::Fail };
    let failure_reasons = reasons.iter().map(|(code, text)| ((*code).to_owned(), (*text).to_owned())).collect();
    Finding { result, failure_reasons }
}

fn possession(reasons: &[(&str, &str)]) -> Option<Evaluation> {
    Some(Evaluation { authentication: Some(finding(reasons)), ..Evaluation::default() })
}

fn validated(next: (&str, &str)) -> ValidateReply {
    ValidateReply {
        success: true,
        challenge_missing: false,
        phone_number: Some(NUMBER.into()),
        evaluation: possession(&[]),
        next: next_is(next.0, next.1),
    }
}

fn prefill(ssn: Option<&str>) -> Harness {
    let request = StartRequest { ssn: ssn.map(Into::into), ..start_request("mobile", Some(NUMBER)) };
    Harness::new(&open(&request, credential("sandbox-prefill"), SessionPolicy::default()).unwrap())
}

fn owner() -> Individual {
    Person::owner_of(&phone(NUMBER)).to_individual()
}

fn ssn_of_owner() -> Challenge {
    Challenge { ssn: owner().ssn, dob: None }
}

const COMPLETE: (&str, &str) = ("v3-complete", "/v3/complete");
const CHALLENGE: (&str, &str) = ("v3-challenge", "/v3/challenge");

/// The call is refused and changes nothing.
fn assert_refused<T, C>(harness: &mut Harness, command: &C, kind: MessageKind, refusal: Refusal)
where
    T: std::fmt::Debug + PartialEq,
    C: Command<Answer = Result<T, Refusal>>,
{
    let expected = harness.plain(Err(refusal), harness.session.clone(), events::server(kind, Outcome::Refused));
    assert_eq!(harness.apply(command), expected);
}

fn check(given: Challenge) -> CheckChallenge {
    CheckChallenge { given }
}

fn complete(individual: Individual) -> Complete {
    Complete { individual }
}

#[test]
fn validate_is_pending_until_the_result() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    let reply = ValidateReply {
        success: false,
        challenge_missing: false,
        phone_number: None,
        evaluation: None,
        next: next_is("v3-validate", "/v3/validate"),
    };
    let timeline = events::server(MessageKind::Validate, Outcome::Pending);
    let pending = harness.plain(Ok(reply), harness.session.clone(), timeline);
    assert_eq!(harness.apply(&Validate), pending);
    assert_eq!(harness.apply(&Validate), pending, "any number of times");
    harness.pass();
    let session = Session { stage: ServerStage::Validated, ..harness.session.clone() };
    let timeline = events::server(MessageKind::Validate, Outcome::Passed);
    let passed = harness.plain(Ok(validated(COMPLETE)), session, timeline);
    assert_eq!(harness.apply(&Validate), passed);
    assert_eq!(harness.apply(&Validate), passed, "also by the page on the phone");
}

#[test]
fn a_failure_is_returned_once() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.start_otp(None);
    harness.finish_otp("0000");
    let reply = ValidateReply {
        success: false,
        challenge_missing: false,
        phone_number: None,
        evaluation: possession(&[("9100", "possession of the phone was not shown")]),
        next: next_is("done", "done"),
    };
    let session = Session { stage: ServerStage::Ended, ..harness.session.clone() };
    let timeline = events::server(MessageKind::Validate, Outcome::Failed);
    let failed = harness.plain(Ok(reply), session, timeline);
    assert_eq!(harness.apply(&Validate), failed);
    assert_refused(&mut harness, &Validate, MessageKind::Validate, Refusal::NotAllowed);
    assert_refused(&mut harness, &complete(owner()), MessageKind::Complete, Refusal::NotAllowed);
}

#[test]
fn identity_has_no_challenge_and_one_complete_after_validate() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.pass();
    assert_refused(&mut harness, &complete(owner()), MessageKind::Complete, Refusal::NotAllowed);
    assert_refused(&mut harness, &check(ssn_of_owner()), MessageKind::Challenge, Refusal::NotAllowed);
    harness.apply(&Validate).answer.unwrap();
    assert_refused(&mut harness, &check(ssn_of_owner()), MessageKind::Challenge, Refusal::NotAllowed);
    let mut other = harness.clone();
    let before = harness.session.clone();
    let completed = harness.apply(&complete(owner()));
    let reply = completed.answer.clone().unwrap();
    assert_eq!((reply.success, reply.next.clone()), (true, next_is("done", "done")));
    let evaluation = reply.evaluation.clone().unwrap();
    let pass = Some(finding(&[]));
    let all = Evaluation {
        identification: pass.clone(),
        authentication: pass.clone(),
        compliance: pass,
        ..Evaluation::default()
    };
    assert_eq!(evaluation, all);
    let session = Session { stage: ServerStage::Ended, ..before };
    let timeline = events::server(MessageKind::Complete, Outcome::Passed);
    assert_eq!(completed, harness.plain(Ok(reply), session.clone(), timeline));
    assert_refused(&mut harness, &complete(owner()), MessageKind::Complete, Refusal::NotAllowed);
    assert_refused(&mut harness, &Validate, MessageKind::Validate, Refusal::NotAllowed);
    let stranger = Individual { ssn: Some("123456789".into()), ..owner() };
    let completed = other.apply(&complete(stranger));
    assert_eq!(completed.timeline, events::server(MessageKind::Complete, Outcome::Failed));
    assert_eq!((completed.answer.map(|reply| reply.success), completed.session), (Ok(false), session));
}

#[test]
fn prefill_discloses_the_record_after_its_challenge() {
    let mut harness = prefill(Some("0000"));
    harness.pass();
    assert_refused(&mut harness, &check(ssn_of_owner()), MessageKind::Challenge, Refusal::NotAllowed);
    assert_eq!(harness.apply(&Validate).answer, Ok(validated(CHALLENGE)));
    assert_eq!(harness.apply(&Validate).answer, Ok(validated(CHALLENGE)));
    assert_refused(&mut harness, &complete(owner()), MessageKind::Complete, Refusal::NotAllowed);
    let session = Session { stage: ServerStage::Challenged, ..harness.session.clone() };
    for (given, success) in [(Challenge::default(), false), (ssn_of_owner(), true)] {
        let mut harness = harness.clone();
        let reply = ChallengeReply { success, individual: success.then(owner), next: next_is(COMPLETE.0, COMPLETE.1) };
        let outcome = if success { Outcome::Passed } else { Outcome::Failed };
        let timeline = events::server(MessageKind::Challenge, outcome);
        let expected = harness.plain(Ok(reply), session.clone(), timeline);
        assert_eq!(harness.apply(&check(given)), expected, "the details of the call replace those of Start");
        assert_refused(&mut harness, &check(ssn_of_owner()), MessageKind::Challenge, Refusal::NotAllowed);
        assert_eq!(harness.apply(&Validate).answer, Ok(validated(COMPLETE)));
        assert!(harness.apply(&complete(owner())).answer.unwrap().success, "after either result");
        assert_eq!(harness.session.stage, ServerStage::Ended);
    }
}

#[test]
fn a_challenge_without_details_is_refused_and_may_be_repeated() {
    let mut harness = prefill(None);
    harness.pass();
    let missing = ValidateReply { challenge_missing: true, ..validated(CHALLENGE) };
    assert_eq!(harness.apply(&Validate).answer, Ok(missing));
    let refusal = Refusal::BadRequest("field 'dob' or 'ssn' is missing".to_owned());
    assert_refused(&mut harness, &check(Challenge::default()), MessageKind::Challenge, refusal);
    let dob = Challenge { dob: owner().dob, ssn: None };
    assert_eq!(harness.apply(&check(dob)).answer.unwrap().individual, Some(owner()));
    assert_eq!(harness.apply(&Validate).answer, Ok(validated(COMPLETE)), "no challenge is missing now");
}

#[test]
fn calls_of_other_products_are_refused() {
    let flow = Harness::new(&otp(Some(NUMBER)));
    let verified = Harness::new(&verify(&verify_request("mobile", NUMBER)));
    let unified = Harness::new(&unify(&unify_request("mobile", Some(NUMBER)), "device"));
    let not_allowed = || Refusal::NotAllowed;
    for mut harness in [verified.clone(), unified.clone()] {
        assert_refused(&mut harness, &Validate, MessageKind::Validate, not_allowed());
        assert_refused(&mut harness, &check(ssn_of_owner()), MessageKind::Challenge, not_allowed());
        assert_refused(&mut harness, &complete(owner()), MessageKind::Complete, not_allowed());
    }
    for mut harness in [flow.clone(), unified] {
        assert_refused(&mut harness, &GetVerifyStatus, MessageKind::VerifyStatus, not_allowed());
    }
    for mut harness in [flow, verified] {
        let bind = BindUnify { phone: phone(NUMBER) };
        assert_refused(&mut harness, &GetUnifyStatus, MessageKind::UnifyStatus, not_allowed());
        assert_refused(&mut harness, &bind, MessageKind::UnifyBind, not_allowed());
    }
}

#[test]
fn a_call_of_the_server_wakes_no_socket() {
    let mut harness = prefill(Some("0000"));
    harness.pass();
    let validated = harness.apply(&Validate);
    let checked = harness.apply(&check(Challenge::default()));
    let Transition { notifies, outgoing, .. } = harness.apply(&complete(owner()));
    assert_eq!((validated.notifies, checked.notifies, notifies, outgoing), (false, false, false, Vec::new()));
}
