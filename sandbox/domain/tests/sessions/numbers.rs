//! The phone numbers of a session: none, refused ones, changes, and their maximum.

use handset_sandbox_domain::{
    BEHAVIOUR_NUMBERS, ClientAnswer, Fault, MessageKind, Outcome, Possession, PossessionFailure, Seconds, Session,
    SessionPolicy, Transition,
};

use crate::support::events::{self, done, failed, number_refused, wrong_code};
use crate::support::openings::{identity, otp, otp_with};
use crate::support::{Harness, NUMBER, OTHER_NUMBER, phone};

const NO_NUMBER: &str = "this is not a phone number";

fn refused_events() -> Vec<handset_sandbox_domain::NewTimelineEvent> {
    events::client(MessageKind::OtpStart, Outcome::NumberRefused)
}

#[test]
fn a_start_without_any_number_is_refused_three_times() {
    let mut harness = Harness::new(&otp(None));
    for count in 1..=3 {
        let before = harness.session.clone();
        let refused = harness.start_otp((count == 2).then_some(""));
        let session = Session { numbers_lacking: count, ..before };
        assert_eq!(refused, harness.plain(number_refused("a phone number is needed"), session, refused_events()));
    }
    let ended = harness.start_otp(None);
    assert_eq!(ended.answer, failed(PossessionFailure::TooManyNumbers));
    assert_eq!(ended.timeline, events::client(MessageKind::OtpStart, Outcome::TooManyNumbers));
    assert!(ended.notifies);
}

#[test]
fn a_text_that_is_no_number_is_refused_three_times() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    for count in 1..=3 {
        let before = harness.session.clone();
        let refused = harness.start_otp(Some("hello"));
        let session = Session { numbers_given: 2, refusals: count, last_given: Some("hello".into()), ..before };
        assert_eq!(refused, harness.plain(number_refused(NO_NUMBER), session, refused_events()));
    }
    assert_eq!(harness.clone().start_otp(None).outgoing.len(), 1, "the number of the opening stays");
    assert_eq!(harness.start_otp(Some("hello")).answer, failed(PossessionFailure::TooManyNumbers));
}

#[test]
fn the_fourth_number_ends_the_flow() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    for (count, number) in [(2, "5005550007"), (3, "5005550008")] {
        let sent = harness.start_otp(Some(number));
        assert_eq!(sent.session.numbers_given, count);
        assert_eq!(sent.session.phone, Some(phone(number)));
        assert_eq!(sent.outgoing[0].to.expose(), number);
    }
    let before = harness.session.clone();
    assert_eq!(harness.start_otp(Some("+1 500 555 0008")).session.numbers_given, 3, "the same one in other words");
    harness.session = before.clone();
    let ended = harness.start_otp(Some("5005550009"));
    let session = Session { possession: Possession::Failed(PossessionFailure::TooManyNumbers), ..before };
    let timeline = events::client(MessageKind::OtpStart, Outcome::TooManyNumbers);
    let plain = harness.plain(failed(PossessionFailure::TooManyNumbers), session, timeline);
    assert_eq!(ended, Transition { notifies: true, ..plain });
}

#[test]
fn a_change_of_number_ends_the_code_of_the_old_one_and_needs_no_pause() {
    let policy = SessionPolicy { allow_otp_retry: true, resend_pause: Seconds(30), ..SessionPolicy::default() };
    let mut harness = Harness::new(&otp_with(NUMBER, policy));
    harness.start_otp_with(None, "111111");
    assert_eq!(harness.finish_otp("0000").answer, wrong_code(2));
    let changed = harness.start_otp_with(Some(OTHER_NUMBER), "222222");
    assert_eq!(changed.timeline, events::sms(MessageKind::OtpStart, MessageKind::SmsCode));
    assert_eq!(changed.session.last_given, Some(OTHER_NUMBER.into()));
    assert_eq!(changed.attempts.map(|attempts| attempts.count()), Some(0), "the row of the new number");
    let wrong = harness.finish_otp("1111");
    assert_eq!(wrong.answer, wrong_code(1), "the attempts are those of the session");
    assert_eq!(wrong.attempts.map(|attempts| attempts.count()), Some(1));
    assert_eq!(harness.finish_otp("2222").answer, done());
}

#[test]
fn a_refused_change_leaves_the_code_of_the_current_number() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.start_otp(None);
    assert_eq!(harness.start_otp(Some("hello")).answer, number_refused(NO_NUMBER));
    assert_eq!(harness.finish_otp("5678").answer, done());
}

#[test]
fn test_users_of_other_products_are_refused() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    let before = harness.session.clone();
    let refused = harness.start_otp(Some("2001004014"));
    let session = Session { numbers_given: 2, refusals: 1, last_given: Some("2001004014".into()), ..before };
    assert_eq!(refused, harness.plain(number_refused("this number is not served here"), session, refused_events()));
}

#[test]
fn a_strict_sandbox_serves_test_users_and_behaviour_numbers_only() {
    let strict = SessionPolicy { strict_test_users: true, ..SessionPolicy::default() };
    let mut harness = Harness::new(&identity("mobile", None, strict).unwrap());
    let refused = harness.start_otp(Some(NUMBER));
    assert_eq!(refused.answer, number_refused("no test user found matching the phone number"));
    assert_eq!((refused.session.phone, refused.session.refusals), (None, 1));
    for number in ["2001001693", "2005550106"] {
        assert_eq!(harness.start_otp(Some(number)).outgoing.len(), 1, "{number}");
    }
}

#[test]
fn a_number_is_refused_once_or_always() {
    let on_purpose = number_refused("this number is refused on purpose");
    for given in [None, Some("2005550100")] {
        let mut harness = Harness::new(&otp(Some("2005550100")));
        assert_eq!(harness.start_otp(given).answer, on_purpose);
        let sent = harness.start_otp(given);
        assert_eq!((sent.outgoing.len(), sent.session.refusals, sent.session.numbers_given), (1, 1, 1), "{given:?}");
    }
    for given in [None, Some("2005550101")] {
        let mut harness = Harness::new(&otp(Some("2005550101")));
        let answers: Vec<ClientAnswer> = (0..4).map(|_| harness.start_otp(given).answer).collect();
        let times = if given.is_none() { 3 } else { 2 };
        assert_eq!(answers[..times], vec![on_purpose.clone(); times], "{given:?}");
        assert_eq!(answers[times], failed(PossessionFailure::TooManyNumbers), "{given:?}");
    }
}

#[test]
fn an_http_error_changes_nothing() {
    for (number, status, retry_after_seconds) in [("2005550109", 429, Some(5)), ("2005550110", 500, None)] {
        let mut timeline = events::client(MessageKind::OtpStart, Outcome::Refused);
        timeline[1] = timeline[1].under(Fault::Status);
        let answer = ClientAnswer::HttpError { status, retry_after_seconds };
        for (opened, given) in [(Some(NUMBER), Some(number)), (Some(number), None), (None, Some(number))] {
            let mut harness = Harness::new(&otp(opened));
            let before = harness.session.clone();
            assert_eq!(harness.start_otp(given), harness.plain(answer.clone(), before, timeline.clone()), "{number}");
        }
    }
    assert!(BEHAVIOUR_NUMBERS.iter().any(|number| number.phone == "2005550110"));
}
