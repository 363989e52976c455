//! The code on resume: its way, limits by contact over transactions, tokens and resets, and the token that it is exchanged for.

use handset_protocol::Secret;
use handset_sandbox_domain::{
    Channel, CheckSession, CodePurpose, CodeSent, JourneyPolicy, JourneyRefusal, MessageOrigin, MessagePurpose,
    SendResumeCode, TEST_USERS,
};

use crate::support::calls::{CODE, TestedPage, WRONG, caller};
use crate::support::workflows::{EMAIL, NUMBER, OTHER_NUMBER, email, mobile};
use crate::support::{APP, JourneyWorld, TRANSACTION, millis, seconds};

/// A page whose token lacks the owner, in a journey past the trigger.
fn asked() -> (JourneyWorld, TestedPage) {
    let mut world = JourneyWorld::new();
    let page = asked_in(&mut world);
    (world, page)
}

fn asked_in(world: &mut JourneyWorld) -> TestedPage {
    let token = world.token(true, Some(mobile(NUMBER)));
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    page
}

fn send(world: &mut JourneyWorld, page: &TestedPage) -> Result<CodeSent, JourneyRefusal> {
    world.send_code(&page.token, Channel::Mobile)
}

fn codes(world: &JourneyWorld) -> Vec<&str> {
    let codes = world.messages.iter().map(|message| match &message.purpose {
        MessagePurpose::Otp(code) => code.expose(),
        MessagePurpose::Link(_) => panic!("a code"),
    });
    codes.collect()
}

#[test]
fn a_correct_code_gives_a_token_with_the_owner_and_the_same_expiry_whose_page_goes_on() {
    let (mut world, mut page) = asked();
    world.wait(seconds(100));
    let sent = send(&mut world, &page).unwrap();
    assert_eq!((sent.channel, sent.masked_contact.as_str()), (Channel::Mobile, "**********50"));
    assert_eq!((sent.expires_at, sent.resend_at), (world.now + seconds(300), world.now + seconds(30)));
    assert_eq!(codes(&world), [CODE]);
    let message = &world.messages[0];
    let origin = MessageOrigin::Journey { app_id: APP.to_owned(), transaction_id: TRANSACTION.to_owned() };
    assert_eq!((message.to.expose(), &message.origin, message.expires_at), (NUMBER, &origin, sent.expires_at));
    let before = page.token.clone();
    page.token = world.verify_code(&page.token, CODE).unwrap();
    let vouched = world.token(false, Some(mobile(NUMBER)));
    assert_eq!(page.token.unique_id, vouched.unique_id, "scenarios 4a and 4b have one owner");
    assert_eq!((page.token.exp, page.token.iat), (before.exp, before.iat + 100));
    assert_ne!(page.token.jti, before.jti);
    assert_eq!(world.check_session(&page), Ok(()));
    let again = CheckSession { caller: caller(&before, page.session.as_deref()), body: Ok(()) };
    assert_eq!(world.apply(&again), Err(JourneyRefusal::AuthRequired), "the first token still lacks the owner");
}

#[test]
fn a_code_works_once_until_its_expiry_and_a_new_one_replaces_it() {
    let (mut world, page) = asked();
    assert_eq!(world.verify_code(&page.token, CODE), Err(JourneyRefusal::OtpExpired), "none was sent");
    send(&mut world, &page).unwrap();
    world.wait(millis(299_999));
    assert!(world.clone().verify_code(&page.token, CODE).is_ok());
    let mut late = world.clone();
    late.wait(millis(1));
    assert_eq!(late.verify_code(&page.token, CODE), Err(JourneyRefusal::OtpExpired));
    let other = SendResumeCode {
        caller: page.caller(),
        body: Ok(Channel::Mobile),
        code: "111222333".into(),
        host: Some("shop.test".to_owned()),
    };
    world.apply(&other).unwrap();
    assert_eq!(codes(&world), [CODE, "111222"]);
    assert_eq!(world.verify_code(&page.token, CODE), Err(JourneyRefusal::OtpInvalid { attempts_left: 4 }));
    assert!(world.verify_code(&page.token, "111222").is_ok());
    assert_eq!(world.verify_code(&page.token, "111222"), Err(JourneyRefusal::OtpExpired), "once");
}

#[test]
fn five_wrong_codes_lock_the_contact_for_fifteen_minutes() {
    let (mut world, page) = asked();
    send(&mut world, &page).unwrap();
    for attempts_left in (1..5).rev() {
        assert_eq!(world.verify_code(&page.token, WRONG), Err(JourneyRefusal::OtpInvalid { attempts_left }));
    }
    let until = world.now + seconds(900);
    let locked = JourneyRefusal::OtpLocked { until };
    assert_eq!(world.verify_code(&page.token, WRONG), Err(locked.clone()));
    assert_eq!(world.verify_code(&page.token, CODE), Err(locked.clone()), "the correct one, too");
    world.wait(millis(899_999));
    assert_eq!(world.verify_code(&page.token, CODE), Err(locked.clone()));
    assert_eq!(send(&mut world, &page), Err(locked), "no code is sent to a locked contact");
    world.wait(millis(1));
    send(&mut world, &page).unwrap();
    assert_eq!(world.verify_code(&page.token, WRONG), Err(JourneyRefusal::OtpInvalid { attempts_left: 4 }));
    assert!(world.verify_code(&page.token, CODE).is_ok());
}

#[test]
fn a_wrong_code_with_another_length_or_none_counts_alike() {
    for otp in ["", "9876", "9876543", "98765４"] {
        let (mut world, page) = asked();
        send(&mut world, &page).unwrap();
        let invalid = Err(JourneyRefusal::OtpInvalid { attempts_left: 4 });
        assert_eq!(world.verify_code(&page.token, otp), invalid, "{otp}");
    }
}

#[test]
fn wrong_codes_count_over_sends_tokens_sessions_resets_and_transactions() {
    let (mut world, page) = asked();
    let wrong = |world: &mut JourneyWorld, page: &TestedPage, attempts_left: u32| {
        assert_eq!(world.verify_code(&page.token, WRONG), Err(JourneyRefusal::OtpInvalid { attempts_left }));
    };
    send(&mut world, &page).unwrap();
    wrong(&mut world, &page, 4);
    world.wait(seconds(30));
    send(&mut world, &page).unwrap();
    wrong(&mut world, &page, 3);
    let page = TestedPage { token: world.token(true, Some(mobile(NUMBER))), session: None, revision: 0 };
    wrong(&mut world, &page, 2);
    world.reset(None).unwrap();
    let page = asked_in(&mut world);
    world.wait(seconds(30));
    send(&mut world, &page).unwrap();
    wrong(&mut world, &page, 1);
    world.current = "tx-2".to_owned();
    let page = asked_in(&mut world);
    world.wait(seconds(30));
    send(&mut world, &page).unwrap();
    let until = world.now + seconds(900);
    assert_eq!(world.verify_code(&page.token, WRONG), Err(JourneyRefusal::OtpLocked { until }));
    world.current = TRANSACTION.to_owned();
    let page = again_in(&mut world);
    assert_eq!(send(&mut world, &page), Err(JourneyRefusal::OtpLocked { until }), "in every transaction");
}

fn again_in(world: &mut JourneyWorld) -> TestedPage {
    TestedPage { token: world.token(true, Some(mobile(NUMBER))), session: None, revision: 0 }
}

#[test]
fn only_a_correct_code_gives_the_tries_back() {
    let (mut world, page) = asked();
    send(&mut world, &page).unwrap();
    for _ in 0..4 {
        world.verify_code(&page.token, WRONG).unwrap_err();
    }
    world.verify_code(&page.token, CODE).unwrap();
    world.wait(seconds(30));
    send(&mut world, &page).unwrap();
    assert_eq!(world.verify_code(&page.token, WRONG), Err(JourneyRefusal::OtpInvalid { attempts_left: 4 }));
}

#[test]
fn codes_to_one_contact_are_thirty_seconds_apart_also_from_two_transactions() {
    let (mut world, page) = asked();
    let resend_at = send(&mut world, &page).unwrap().resend_at;
    let limited = JourneyRefusal::OtpRateLimited { until: resend_at };
    world.wait(millis(29_999));
    assert_eq!(send(&mut world, &page), Err(limited.clone()));
    world.current = "tx-2".to_owned();
    let second = asked_in(&mut world);
    assert_eq!(send(&mut world, &second), Err(limited));
    world.wait(millis(1));
    send(&mut world, &second).unwrap();
    assert_eq!(codes(&world).len(), 2, "a refused one is not sent");
}

#[test]
fn ten_codes_a_day_go_to_one_contact() {
    let (mut world, page) = asked();
    let first = world.now;
    for _ in 0..10 {
        send(&mut world, &page).unwrap();
        world.wait(seconds(60));
    }
    let until = first + seconds(86_400);
    assert_eq!(send(&mut world, &page), Err(JourneyRefusal::OtpRateLimited { until }));
    world.reset(None).unwrap();
    let page = asked_in(&mut world);
    assert_eq!(send(&mut world, &page), Err(JourneyRefusal::OtpRateLimited { until }), "over resets");
    world.now = until + seconds(59);
    let page = again_in(&mut world);
    send(&mut world, &page).unwrap();
    let until = first + seconds(86_400 + 60);
    assert_eq!(world.now + seconds(1), until, "the second code of the day is a day old in a second");
    world.wait(seconds(30));
    send(&mut world, &page).unwrap();
}

#[test]
fn each_contact_and_each_purpose_has_its_own_limits() {
    let (mut world, page) = asked();
    send(&mut world, &page).unwrap();
    for _ in 0..5 {
        world.verify_code(&page.token, WRONG).unwrap_err();
    }
    world.send_module_code(&mobile(NUMBER)).unwrap();
    world.verify_module_code(&mobile(NUMBER), CODE).unwrap();
    world.current = "tx-2".to_owned();
    let token = world.token(true, Some(mobile(OTHER_NUMBER)));
    let mut other = world.page(&token);
    world.save(&mut other, &["phone"]);
    send(&mut world, &other).unwrap();
    world.verify_code(&other.token, CODE).unwrap();
    assert_eq!(world.attempts.keys().filter(|(purpose, _)| *purpose == CodePurpose::Resume).count(), 2);
}

#[test]
fn the_limits_are_those_of_the_policy() {
    let (mut world, page) = asked();
    world.policy = JourneyPolicy {
        code_lifetime: seconds(10),
        tries: 2,
        lock: seconds(20),
        resend_pause: seconds(5),
        codes_per_day: 2,
        ..JourneyPolicy::default()
    };
    let sent = send(&mut world, &page).unwrap();
    assert_eq!((sent.expires_at, sent.resend_at), (world.now + seconds(10), world.now + seconds(5)));
    assert_eq!(world.verify_code(&page.token, WRONG), Err(JourneyRefusal::OtpInvalid { attempts_left: 1 }));
    let until = world.now + seconds(20);
    assert_eq!(world.verify_code(&page.token, WRONG), Err(JourneyRefusal::OtpLocked { until }));
    world.wait(seconds(20));
    send(&mut world, &page).unwrap();
    world.wait(seconds(5));
    assert!(matches!(send(&mut world, &page), Err(JourneyRefusal::OtpRateLimited { .. })));
}

#[test]
fn a_way_without_the_contact_is_refused_with_the_one_that_there_is() {
    let (mut world, page) = asked();
    let by_email = world.send_code(&page.token, Channel::Email);
    assert_eq!(by_email, Err(JourneyRefusal::shape("channel", "'mobile'")));
    let mut world = JourneyWorld::new();
    let token = world.token(true, Some(email(EMAIL)));
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    assert_eq!(send(&mut world, &page), Err(JourneyRefusal::shape("channel", "'email'")));
    let sent = world.send_code(&page.token, Channel::Email).unwrap();
    assert_eq!((sent.channel, sent.masked_contact.as_str()), (Channel::Email, "a***@example.com"));
    assert_eq!(world.messages[0].channel, Channel::Email);
    world.verify_code(&page.token, CODE).unwrap();
}

#[test]
fn without_a_proved_contact_there_is_no_code() {
    let mut world = JourneyWorld::new();
    let token = world.token(true, None);
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    let none = JourneyRefusal::shape("channel", "one with a contact: none was proved in this journey");
    assert_eq!(send(&mut world, &page), Err(none));
    assert_eq!(world.verify_code(&page.token, CODE), Err(JourneyRefusal::OtpExpired));
    world.prove(&mobile(OTHER_NUMBER));
    assert_eq!(send(&mut world, &page).unwrap().masked_contact, "**********51");
    assert!(world.verify_code(&page.token, CODE).is_ok());
}

#[test]
fn a_test_user_has_the_known_code() {
    let mut world = JourneyWorld::new();
    let token = world.token(true, Some(mobile(TEST_USERS[0].phone)));
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    send(&mut world, &page).unwrap();
    assert_eq!(codes(&world), ["123456"]);
    world.verify_code(&page.token, "123456").unwrap();
}

#[test]
fn a_failed_signature_does_not_use_the_code_up() {
    let (mut world, page) = asked();
    send(&mut world, &page).unwrap();
    world.signs = false;
    assert_eq!(world.verify_code(&page.token, CODE), Err(JourneyRefusal::Internal));
    world.signs = true;
    world.verify_code(&page.token, CODE).unwrap();
}

#[test]
fn the_code_of_an_earlier_journey_is_gone_after_a_complete_reset() {
    let (mut world, page) = asked();
    send(&mut world, &page).unwrap();
    world.reset(None).unwrap();
    assert_eq!(world.verify_code(&page.token, CODE), Err(JourneyRefusal::TokenExpired));
    let page = asked_in(&mut world);
    assert_eq!(world.verify_code(&page.token, CODE), Err(JourneyRefusal::OtpExpired));
}

#[test]
fn no_code_and_no_contact_is_printed() {
    let (mut world, page) = asked();
    send(&mut world, &page).unwrap();
    let printed = format!("{:?} {:?} {:?}", world.transaction(), world.messages, Secret::new(CODE));
    assert!(!printed.contains(CODE) && !printed.contains(&NUMBER[1..]), "{printed}");
}
