//! The step `mobile/otp`: sending, resending, checking and expiry of codes. Limits are in `limits`, numbers in `numbers`.

use handset_protocol::server::StartRequest;
use handset_protocol::{UnixMillis, client};
use handset_sandbox_domain::{
    Channel, ClientAnswer, FailedAttempts, Message, MessageKind, MessageOrigin, MessagePurpose, OtpChallenge, Outcome,
    Possession, PossessionFailure, Seconds, Session, SessionPolicy, Transition, open,
};

use crate::support::events::{self, done, failed, out_of_order, wrong_code};
use crate::support::openings::{credential, link, otp, otp_with, start_request};
use crate::support::{BEGIN, CODE, Harness, NUMBER, PROJECT, millis, seconds};

const LIFETIME: std::time::Duration = std::time::Duration::from_secs(120);

fn retry() -> SessionPolicy {
    SessionPolicy { allow_otp_retry: true, ..SessionPolicy::default() }
}

fn sent_reply(now: UnixMillis, resend_at: Option<UnixMillis>) -> ClientAnswer {
    ClientAnswer::Reply(client::Reply {
        server_time: Some(now.as_millis()),
        expires_at: Some((now + LIFETIME).as_millis()),
        resend_at: resend_at.map(UnixMillis::as_millis),
        ..client::Reply::default()
    })
}

fn code_message(code: &str, now: UnixMillis) -> Message {
    Message {
        to: NUMBER.into(),
        channel: Channel::Mobile,
        purpose: MessagePurpose::Otp(code.into()),
        text: format!("Your code is {code}. It is good for 2 minutes.\n\n@shop.test #{code}").into(),
        project: PROJECT.to_owned(),
        origin: MessageOrigin::Session { auth_id: "auth-1".to_owned() },
        sent_at: now,
        expires_at: now + LIFETIME,
    }
}

fn sms_at(times: &[UnixMillis]) -> FailedAttempts {
    let mut attempts = FailedAttempts::default();
    times.iter().for_each(|at| attempts.record_sms(&SessionPolicy::default(), *at));
    attempts
}

#[test]
fn the_start_sends_a_code_to_the_number() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    let before = harness.session.clone();
    let sent = harness.start_otp(None);
    let mut challenge = OtpChallenge::default();
    challenge.send(CODE.into(), BEGIN, LIFETIME);
    let session = Session { possession: Possession::Otp(challenge), sms_sent: 1, ..before };
    let expected = Transition {
        attempts: Some(sms_at(&[BEGIN])),
        outgoing: vec![code_message(CODE, BEGIN)],
        ..harness.plain(sent_reply(BEGIN, None), session, events::sms(MessageKind::OtpStart, MessageKind::SmsCode))
    };
    assert_eq!(sent, expected);
}

#[test]
fn the_text_and_the_length_of_the_code_are_those_of_the_opening() {
    let request =
        StartRequest { sms_message: Some("Shop: ###### is yours".to_owned()), ..start_request("mobile", Some(NUMBER)) };
    let opening = open(&request, credential("sandbox-identity"), SessionPolicy::default()).unwrap();
    let mut harness = Harness::new(&opening);
    let sent = harness.start_otp_with(None, "987654");
    assert_eq!(
        sent.outgoing,
        [Message { text: "Shop: 987654 is yours\n\n@shop.test #987654".into(), ..code_message("987654", BEGIN) }]
    );
    assert_eq!(harness.finish_otp("987654").answer, done());
}

#[test]
fn the_right_code_verifies_possession_once() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.start_otp(None);
    let before = harness.session.clone();
    let passed = harness.finish_otp(CODE);
    let session = Session { possession: Possession::Passed, ..before };
    let timeline = events::client(MessageKind::OtpFinish, Outcome::Passed);
    let plain = harness.plain(done(), session, timeline);
    assert_eq!(passed, Transition { notifies: true, ..plain.clone() });
    assert_eq!(harness.finish_otp("0000"), plain, "later, any code has the same result and no effect");
    let timeline = events::client(MessageKind::OtpStart, Outcome::Passed);
    assert_eq!(harness.start_otp(None), Transition { timeline, ..plain }, "and a request for a code sends none");
}

#[test]
fn a_wrong_code_ends_the_flow_without_retry() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.start_otp(None);
    let before = harness.session.clone();
    let wrong = harness.finish_otp("0000");
    let session = Session { possession: Possession::Failed(PossessionFailure::WrongCode), ..before };
    let mut attempts = sms_at(&[BEGIN]);
    attempts.record(&SessionPolicy::default(), BEGIN);
    let timeline = events::client(MessageKind::OtpFinish, Outcome::AttemptsExhausted);
    let plain = harness.plain(failed(PossessionFailure::WrongCode), session, timeline);
    assert_eq!(wrong, Transition { attempts: Some(attempts), notifies: true, ..plain.clone() });
    let timeline = events::client(MessageKind::OtpFinish, Outcome::Failed);
    assert_eq!(harness.finish_otp(CODE), Transition { timeline, ..plain }, "later, the right code is not checked");
}

#[test]
fn with_retry_the_third_wrong_code_ends_the_flow() {
    let mut harness = Harness::new(&otp_with(NUMBER, retry()));
    harness.start_otp(None);
    let (mut challenge, mut attempts) = (OtpChallenge::default(), sms_at(&[BEGIN]));
    challenge.send(CODE.into(), BEGIN, LIFETIME);
    for left in [2, 1] {
        harness.wait(millis(1));
        let before = harness.session.clone();
        let wrong = harness.finish_otp("0000");
        challenge.live(harness.now).unwrap().refuse(3);
        attempts.record(&SessionPolicy::default(), harness.now);
        let session = Session { possession: Possession::Otp(challenge.clone()), ..before };
        let timeline = events::client(MessageKind::OtpFinish, Outcome::WrongCode);
        let plain = harness.plain(wrong_code(left), session, timeline);
        assert_eq!(wrong, Transition { attempts: Some(attempts.clone()), ..plain });
    }
    assert_eq!(harness.clone().finish_otp(CODE).answer, done(), "the last attempt may still be right");
    let last = harness.finish_otp("0000");
    assert_eq!(last.answer, failed(PossessionFailure::WrongCode));
    assert_eq!(last.timeline, events::client(MessageKind::OtpFinish, Outcome::AttemptsExhausted));
    assert_eq!((last.notifies, last.attempts.map(|attempts| attempts.count())), (true, Some(3)));
}

#[test]
fn a_resend_replaces_the_code_and_gives_no_attempt_back() {
    let mut harness = Harness::new(&otp_with(NUMBER, retry()));
    harness.start_otp_with(None, "111111");
    assert_eq!(harness.finish_otp("0000").answer, wrong_code(2));
    harness.wait(seconds(60));
    let before = harness.session.clone();
    let resent = harness.start_otp_with(None, "222222");
    let mut challenge = OtpChallenge::default();
    challenge.send("1111".into(), BEGIN, LIFETIME);
    challenge.live(BEGIN).unwrap().refuse(3);
    challenge.send("2222".into(), harness.now, LIFETIME);
    let mut attempts = sms_at(&[BEGIN, harness.now]);
    attempts.record(&SessionPolicy::default(), BEGIN);
    let session = Session { possession: Possession::Otp(challenge), sms_sent: 2, ..before };
    let timeline = events::sms(MessageKind::OtpStart, MessageKind::SmsCode);
    let expected = Transition {
        attempts: Some(attempts),
        outgoing: vec![code_message("2222", harness.now)],
        ..harness.plain(sent_reply(harness.now, None), session, timeline)
    };
    assert_eq!(resent, expected);
    assert_eq!(harness.finish_otp("1111").answer, wrong_code(1), "the replaced code is wrong");
    harness.wait_until(BEGIN + LIFETIME);
    assert_eq!(harness.finish_otp("2222").answer, done(), "and the new one has its own lifetime");
}

#[test]
fn an_early_resend_sends_nothing_and_the_code_stays() {
    let policy = SessionPolicy { resend_pause: Seconds(30), ..SessionPolicy::default() };
    let mut harness = Harness::new(&otp_with(NUMBER, policy));
    let resend_at = BEGIN + seconds(30);
    assert_eq!(harness.start_otp(None).answer, sent_reply(BEGIN, Some(resend_at)));
    harness.wait(millis(29_999));
    let before = harness.session.clone();
    let early = harness.start_otp_with(None, "222222");
    let reply = client::Reply {
        server_time: Some(harness.now.as_millis()),
        expires_at: Some((BEGIN + LIFETIME).as_millis()),
        resend_at: Some(resend_at.as_millis()),
        ..client::Reply::default()
    };
    let timeline = events::client(MessageKind::OtpStart, Outcome::TooEarly);
    assert_eq!(early, harness.plain(ClientAnswer::Reply(reply), before, timeline));
    assert_eq!(harness.clone().finish_otp(CODE).answer, done());
    harness.wait(millis(1));
    let resent = harness.start_otp_with(None, "222222");
    assert_eq!(resent.answer, sent_reply(resend_at, Some(resend_at + seconds(30))));
    assert_eq!(resent.outgoing, [code_message("2222", resend_at)]);
}

#[test]
fn a_code_expires_to_the_millisecond() {
    let mut harness = Harness::new(&otp_with(NUMBER, retry()));
    harness.start_otp(None);
    harness.wait(LIFETIME - millis(1));
    assert_eq!(harness.clone().finish_otp(CODE).answer, done());
    harness.wait(millis(1));
    let before = harness.session.clone();
    let expired = harness.finish_otp(CODE);
    let session = Session { possession: Possession::Failed(PossessionFailure::CodeExpired), ..before };
    let timeline = events::client(MessageKind::OtpFinish, Outcome::CodeExpired);
    let plain = harness.plain(failed(PossessionFailure::CodeExpired), session, timeline);
    assert_eq!(expired, Transition { notifies: true, ..plain });
}

#[test]
fn a_code_without_an_sms_is_out_of_order() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::OtpFinish, Outcome::Refused);
    let expected = harness.plain(out_of_order("no code was sent"), before, timeline);
    assert_eq!(harness.finish_otp(CODE), expected);
}

#[test]
fn another_step_takes_no_codes() {
    let mut harness = Harness::new(&link(Some(NUMBER)));
    let before = harness.session.clone();
    let answer = out_of_order("this flow is not at the code step");
    let timeline = events::client(MessageKind::OtpStart, Outcome::Refused);
    let refused = harness.plain(answer, before, timeline);
    assert_eq!(harness.start_otp(None), refused);
    let timeline = events::client(MessageKind::OtpFinish, Outcome::Refused);
    assert_eq!(harness.finish_otp(CODE), Transition { timeline, ..refused });
}

#[test]
fn behaviour_numbers_script_their_codes() {
    let run = |number: &str| {
        let mut harness = Harness::new(&otp_with(number, retry()));
        let sent = harness.start_otp(None);
        (sent, harness.finish_otp("1234"))
    };
    let (sent, finished) = run("2005550102");
    let lost = handset_sandbox_domain::Fault::Drop;
    let mut timeline = events::sms(MessageKind::OtpStart, MessageKind::SmsCode);
    timeline[1] = timeline[1].under(lost);
    assert_eq!((sent.timeline, sent.outgoing, sent.session.sms_sent), (timeline, Vec::new(), 1), "the SMS is lost");
    assert_eq!(finished.answer, done());
    let (sent, finished) = run("2005550103");
    assert_eq!((sent.outgoing.len(), sent.attempts), (1, None));
    assert_eq!(finished.answer, failed(PossessionFailure::CodeExpired));
    let (_, finished) = run("2005550104");
    assert_eq!((finished.answer, finished.attempts), (wrong_code(2), None), "not even the code of the SMS is right");
}
