//! The expiry of a session, for the page and for the relying party's server.

use handset_protocol::server::Individual;
use handset_protocol::steps;
use handset_sandbox_domain::{
    BindUnify, Challenge, CheckChallenge, Command, Complete, GetUnifyStatus, GetVerifyStatus, MessageKind, Outcome,
    Party, PollSocket, Possession, PossessionFailure, Refusal, ReportFailure, Session, SocketStatus, Transition,
    Validate,
};

use crate::support::events::{self, done, failed, failed_reply};
use crate::support::openings::{link, otp, unify, unify_request, verify, verify_request};
use crate::support::{BEGIN, CODE, Harness, NUMBER, millis, phone, seconds};

const SESSION: std::time::Duration = std::time::Duration::from_secs(15 * 60);
const GRACE: std::time::Duration = std::time::Duration::from_secs(10);

#[test]
fn the_possession_check_expires_with_the_session_after_its_grace() {
    let failure = PossessionFailure::SessionExpired;
    for opening in [otp(Some(NUMBER)), otp(Some("5550000000")), link(Some(NUMBER))] {
        let mut harness = Harness::new(&opening);
        let before = harness.session.clone();
        harness.wait(SESSION + GRACE - millis(1));
        let expires_at = BEGIN + SESSION + GRACE;
        let pending = harness.plain(SocketStatus::Pending { expires_at }, before.clone(), Vec::new());
        assert_eq!(harness.apply(&PollSocket), pending);
        harness.wait(millis(1));
        let session = Session { possession: Possession::Failed(failure), ..before };
        let settled = SocketStatus::Settled(failed_reply(failure));
        let expected = harness.plain(settled, session, vec![events::expiry(Outcome::SessionExpired)]);
        assert_eq!(harness.apply(&PollSocket), Transition { notifies: true, ..expected.clone() });
        assert_eq!(harness.apply(&PollSocket), Transition { timeline: Vec::new(), ..expected }, "once");
    }
}

#[test]
fn the_command_that_finds_the_expiry_gets_its_result() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.wait(SESSION - seconds(1));
    harness.start_otp(None);
    harness.wait(seconds(1) + GRACE);
    let before = harness.session.clone();
    let session = Session { possession: Possession::Failed(PossessionFailure::SessionExpired), ..before };
    let mut timeline = vec![events::expiry(Outcome::SessionExpired)];
    timeline.extend(events::client(MessageKind::OtpFinish, Outcome::Failed));
    let plain = harness.plain(failed(PossessionFailure::SessionExpired), session, timeline);
    let mut reporting = harness.clone();
    assert_eq!(harness.finish_otp(CODE), Transition { notifies: true, ..plain });
    let reported = reporting.apply(&ReportFailure { area: steps::MOBILE_OTP });
    assert_eq!((reported.answer, reported.session), (done(), harness.session));
}

#[test]
fn a_result_does_not_expire() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.pass();
    let before = harness.session.clone();
    harness.wait(SESSION + SESSION);
    assert_eq!(harness.start_otp(None).answer, done());
    assert_eq!(harness.session, before);
}

/// The server's call about an expired session changes nothing.
fn assert_unknown<T, C>(harness: &Harness, command: &C, kind: MessageKind)
where
    T: std::fmt::Debug + PartialEq,
    C: Command<Answer = Result<T, Refusal>>,
{
    let timeline = events::exchange(Party::Server, kind, Outcome::Refused);
    let refused = harness.plain(Err(Refusal::UnknownCorrelationId), harness.session.clone(), timeline);
    assert_eq!(harness.preview(command), refused);
}

#[test]
fn the_server_may_ask_until_the_expiry() {
    let (bind, last) = (BindUnify { phone: phone(NUMBER) }, SESSION - millis(1));
    let mut flow = Harness::new(&otp(Some(NUMBER)));
    flow.pass();
    flow.wait(last);
    assert!(flow.preview(&Validate).answer.is_ok_and(|reply| reply.success));
    flow.wait(millis(1));
    assert_unknown(&flow, &Validate, MessageKind::Validate);
    assert_unknown(&flow, &CheckChallenge { given: Challenge::default() }, MessageKind::Challenge);
    assert_unknown(&flow, &Complete { individual: Individual::default() }, MessageKind::Complete);
    let mut verified = Harness::new(&verify(&verify_request("none", NUMBER)));
    verified.wait(last);
    assert!(verified.preview(&GetVerifyStatus).answer.is_ok());
    verified.wait(millis(1));
    assert_unknown(&verified, &GetVerifyStatus, MessageKind::VerifyStatus);
    let mut unified = Harness::new(&unify(&unify_request("none", Some(NUMBER)), "device"));
    unified.wait(last);
    assert!(unified.preview(&GetUnifyStatus).answer.is_ok() && unified.preview(&bind).answer.is_ok());
    unified.wait(millis(1));
    assert_unknown(&unified, &GetUnifyStatus, MessageKind::UnifyStatus);
    assert_unknown(&unified, &bind, MessageKind::UnifyBind);
}
