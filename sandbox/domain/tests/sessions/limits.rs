//! The limits of wrong codes and SMS, of one session and of a number over all sessions.

use handset_sandbox_domain::{
    FailedAttempts, MessageKind, Outcome, Possession, PossessionFailure, Seconds, Session, SessionPolicy, Transition,
};

use crate::support::events::{self, done, failed, wrong_code};
use crate::support::openings::{link_with, otp_with};
use crate::support::{BEGIN, CODE, Harness, NUMBER, OTHER_NUMBER, millis, seconds};

/// Two wrong codes in 100 seconds.
fn two_tries() -> SessionPolicy {
    SessionPolicy { tries_per_number: 2, number_window: Seconds(100), ..SessionPolicy::default() }
}

/// Two SMS in 100 seconds.
fn two_sms() -> SessionPolicy {
    SessionPolicy { sms_per_number: 2, sms_window: Seconds(100), ..SessionPolicy::default() }
}

/// Fails one session of the number with a wrong code.
fn fail(harness: &mut Harness, number: &str) {
    harness.open(&otp_with(number, two_tries()));
    harness.start_otp(None);
    assert_eq!(harness.finish_otp("0000").answer, failed(PossessionFailure::WrongCode));
}

#[test]
fn wrong_codes_of_a_number_count_over_all_sessions() {
    let mut harness = Harness::new(&otp_with(NUMBER, two_tries()));
    fail(&mut harness, NUMBER);
    harness.wait(seconds(1));
    fail(&mut harness, "+1 500 555 0006");
    harness.open(&otp_with(NUMBER, two_tries()));
    let sent = harness.start_otp(None);
    assert_eq!(sent.outgoing.len(), 1, "an SMS is still sent");
    let before = harness.session.clone();
    let unchecked = harness.clone().finish_otp(CODE);
    let session = Session { possession: Possession::Failed(PossessionFailure::TooManyTries), ..before };
    let timeline = events::client(MessageKind::OtpFinish, Outcome::TooManyTries);
    let plain = harness.plain(failed(PossessionFailure::TooManyTries), session, timeline);
    assert_eq!(unchecked, Transition { notifies: true, ..plain }, "not even the right code is checked, nor counted");
    let mut other = harness.clone();
    other.open(&otp_with(OTHER_NUMBER, two_tries()));
    other.start_otp(None);
    assert_eq!(other.finish_otp(CODE).answer, done(), "another number has its own count");
    harness.wait_until(BEGIN + seconds(100) - millis(1));
    assert_eq!(harness.clone().finish_otp(CODE).answer, failed(PossessionFailure::TooManyTries));
    harness.wait(millis(1));
    assert_eq!(harness.finish_otp(CODE).answer, done(), "the window has moved on");
}

#[test]
fn the_limit_of_a_number_holds_within_a_session() {
    let policy = SessionPolicy { allow_otp_retry: true, ..two_tries() };
    let mut harness = Harness::new(&otp_with(NUMBER, policy));
    harness.start_otp(None);
    assert_eq!(harness.finish_otp("0000").answer, wrong_code(2));
    assert_eq!(harness.finish_otp("0000").answer, wrong_code(1));
    assert_eq!(harness.finish_otp(CODE).answer, failed(PossessionFailure::TooManyTries));
}

#[test]
fn an_expired_code_is_expired_also_at_the_limit() {
    let mut harness = Harness::new(&otp_with(NUMBER, two_tries()));
    fail(&mut harness, NUMBER);
    fail(&mut harness, NUMBER);
    harness.open(&otp_with(NUMBER, SessionPolicy { otp_lifetime: Seconds(10), ..two_tries() }));
    harness.start_otp(None);
    harness.wait(seconds(10));
    assert_eq!(harness.finish_otp(CODE).answer, failed(PossessionFailure::CodeExpired));
}

#[test]
fn sms_of_a_number_count_over_all_sessions() {
    let mut harness = Harness::new(&otp_with(NUMBER, two_sms()));
    harness.start_otp(None);
    harness.wait(seconds(1));
    harness.open(&link_with("+15005550006", two_sms()));
    assert_eq!(harness.start_link(None, "a").outgoing.len(), 1, "codes and links are one count");
    for (opening, kind) in
        [(otp_with(NUMBER, two_sms()), MessageKind::OtpStart), (link_with(NUMBER, two_sms()), MessageKind::LinkStart)]
    {
        harness.open(&opening);
        let before = harness.session.clone();
        let refused = match kind {
            MessageKind::OtpStart => harness.start_otp(None),
            _ => harness.start_link(None, "b"),
        };
        let session = Session { possession: Possession::Failed(PossessionFailure::TooManySms), ..before };
        let timeline = events::client(kind, Outcome::TooManySms);
        let plain = harness.plain(failed(PossessionFailure::TooManySms), session, timeline);
        assert_eq!(refused, Transition { notifies: true, ..plain });
    }
    harness.wait_until(BEGIN + seconds(100));
    harness.open(&otp_with(NUMBER, two_sms()));
    let sent = harness.start_otp(None);
    let mut attempts = FailedAttempts::default();
    for at in [BEGIN + seconds(1), harness.now] {
        attempts.record_sms(&two_sms(), at);
    }
    assert_eq!((sent.outgoing.len(), sent.attempts), (1, Some(attempts)), "the window has moved on");
}

#[test]
fn the_sms_of_a_session_are_limited_whatever_their_numbers() {
    let policy = SessionPolicy { sms_per_session: 2, ..SessionPolicy::default() };
    let mut harness = Harness::new(&otp_with(NUMBER, policy));
    harness.start_otp(None);
    assert_eq!(harness.start_otp(Some(OTHER_NUMBER)).session.sms_sent, 2);
    let refused = harness.start_otp(None);
    assert_eq!(refused.answer, failed(PossessionFailure::TooManySms));
    assert_eq!((refused.outgoing.len(), refused.attempts, refused.session.sms_sent), (0, None, 2));
}

#[test]
fn known_codes_have_no_limit_over_sessions() {
    let policy = SessionPolicy { tries_per_number: 1, sms_per_number: 1, ..SessionPolicy::default() };
    for number in ["2001001693", "2005550106"] {
        let mut harness = Harness::new(&otp_with(number, policy));
        for _ in 0..3 {
            harness.open(&otp_with(number, policy));
            let sent = harness.start_otp(None);
            assert_eq!((sent.outgoing.len(), sent.attempts), (1, None), "{number}");
            let wrong = harness.finish_otp("0000");
            assert_eq!((wrong.answer, wrong.attempts), (failed(PossessionFailure::WrongCode), None), "{number}");
        }
        harness.open(&otp_with(number, policy));
        harness.start_otp(None);
        assert_eq!(harness.finish_otp("1234").answer, done(), "{number}: the known code");
    }
}

#[test]
fn a_limit_of_zero_is_none() {
    let policy = SessionPolicy { tries_per_number: 0, sms_per_number: 0, sms_per_session: 0, ..two_tries() };
    let mut harness = Harness::new(&otp_with(NUMBER, policy));
    for _ in 0..300 {
        let sent = harness.start_otp(None);
        assert_eq!((sent.outgoing.len(), sent.attempts), (1, None));
    }
    assert_eq!(harness.finish_otp(CODE).answer, done());
}
