//! The codes of a journey's own module: bound to transaction and contact, used once, and what a correct one proves.

use handset_sandbox_domain::{
    Channel, JourneyRefusal, JourneyStatus, ModuleCodeKey, ModuleCodeVerified, ResendModuleCode, SendModuleCode,
};

use crate::support::calls::{CODE, DIGITS, WRONG, inputs};
use crate::support::workflows::{EMAIL, NUMBER, OTHER_NUMBER, WORKFLOW, email, mobile, phone};
use crate::support::{JourneyWorld, TRANSACTION, millis, read, seconds};

fn begun(asks: bool, contact: Option<&str>) -> JourneyWorld {
    let mut world = JourneyWorld::new();
    world.token(asks, contact.map(mobile));
    world
}

fn of_request(id: &str) -> ModuleCodeKey {
    ModuleCodeKey::Request(id.to_owned())
}

#[test]
fn a_code_is_of_the_asked_length_and_lifetime_and_works_once() {
    for length in 4..=9 {
        let mut world = begun(false, None);
        let send = SendModuleCode {
            contact: mobile(NUMBER),
            length,
            lifetime: seconds(60),
            code: DIGITS.into(),
            request_id: "request".to_owned(),
        };
        let sent = world.apply(&send).unwrap();
        assert_eq!((sent.expires_at, sent.resend_at), (world.now + seconds(60), world.now + seconds(30)));
        let code = &DIGITS[..length];
        world.wait(millis(59_999));
        let mut late = world.clone();
        late.wait(millis(1));
        assert_eq!(late.verify_module_code(&mobile(NUMBER), code), Err(JourneyRefusal::OtpExpired));
        world.verify_module_code(&mobile(NUMBER), code).unwrap();
        assert_eq!(world.verify_module_code(&mobile(NUMBER), code), Err(JourneyRefusal::OtpExpired), "once");
    }
}

#[test]
fn a_code_is_bound_to_its_contact_and_its_transaction() {
    let mut world = begun(false, None);
    let sent = world.send_module_code(&mobile(NUMBER)).unwrap();
    assert_eq!(world.verify_module_code(&mobile(OTHER_NUMBER), CODE), Err(JourneyRefusal::OtpExpired));
    world.current = "tx-2".to_owned();
    world.token(false, None);
    assert_eq!(world.verify_module_code(&mobile(NUMBER), CODE), Err(JourneyRefusal::OtpExpired));
    assert_eq!(world.verify_for(of_request(&sent.request_id), CODE, None), Err(JourneyRefusal::OtpExpired));
    world.current = TRANSACTION.to_owned();
    world.verify_module_code(&mobile("+44 20 7183 8750"), CODE).expect("another notation of the number");
}

#[test]
fn an_e_mail_code_is_checked_by_its_request() {
    let mut world = begun(true, None);
    let sent = world.send_module_code(&email(EMAIL)).unwrap();
    assert_eq!(world.messages[0].channel, Channel::Email);
    assert_eq!(world.verify_for(of_request("unknown"), CODE, None), Err(JourneyRefusal::OtpExpired));
    let invalid = JourneyRefusal::OtpInvalid { attempts_left: 4 };
    assert_eq!(world.verify_for(of_request(&sent.request_id), WRONG, None), Err(invalid));
    let verified = world.verify_for(of_request(&sent.request_id), CODE, None).unwrap();
    assert!(verified.auth_token.is_some());
    assert_eq!(world.transaction().proved, Some(email(EMAIL)));
}

#[test]
fn a_resend_replaces_the_code_and_keeps_its_request_its_length_and_its_lifetime() {
    let mut world = begun(false, None);
    let sent = world.send_module_code(&mobile(NUMBER)).unwrap();
    let again = ResendModuleCode { key: ModuleCodeKey::Contact(mobile(NUMBER)), code: "111222333".into() };
    assert_eq!(world.apply(&again), Err(JourneyRefusal::OtpRateLimited { until: sent.resend_at }));
    world.wait(seconds(30));
    let resent = world.apply(&again).unwrap();
    assert_eq!(resent.request_id, sent.request_id);
    assert_eq!(resent.expires_at, world.now + seconds(300));
    assert!(world.verify_module_code(&mobile(NUMBER), CODE).is_err());
    world.verify_for(of_request(&sent.request_id), "111222", None).unwrap();
    assert_eq!(world.apply(&again), Err(JourneyRefusal::OtpExpired), "there is nothing to send again");
}

#[test]
fn a_second_request_to_a_contact_replaces_the_first() {
    let mut world = begun(false, None);
    let first = world.send_module_code(&mobile(NUMBER)).unwrap();
    world.wait(seconds(30));
    let second = world.send_module_code(&mobile(NUMBER)).unwrap();
    assert_ne!(first.request_id, second.request_id);
    assert_eq!(world.verify_for(of_request(&first.request_id), CODE, None), Err(JourneyRefusal::OtpExpired));
    world.verify_for(of_request(&second.request_id), CODE, None).unwrap();
}

#[test]
fn ten_codes_of_a_transaction_are_live_at_once() {
    let mut world = begun(false, None);
    let number = |last: u32| mobile(&format!("+4420718387{last:02}"));
    for last in 0..10 {
        world.send_module_code(&number(last)).unwrap();
    }
    assert_eq!(world.send_module_code(&number(10)), Err(JourneyRefusal::TooManyOpen));
    world.wait(millis(299_999));
    assert_eq!(world.send_module_code(&number(10)), Err(JourneyRefusal::TooManyOpen));
    world.wait(millis(1));
    world.send_module_code(&number(10)).unwrap();
    assert_eq!(world.transaction().module_codes.len(), 1, "expired ones are gone");
}

#[test]
fn wrong_codes_lock_the_contact_over_requests_and_transactions() {
    let mut world = begun(false, None);
    world.send_module_code(&mobile(NUMBER)).unwrap();
    for attempts_left in (2..5).rev() {
        let invalid = JourneyRefusal::OtpInvalid { attempts_left };
        assert_eq!(world.verify_module_code(&mobile(NUMBER), WRONG), Err(invalid));
    }
    world.current = "tx-2".to_owned();
    world.token(false, None);
    world.wait(seconds(30));
    world.send_module_code(&mobile(NUMBER)).unwrap();
    let invalid = JourneyRefusal::OtpInvalid { attempts_left: 1 };
    assert_eq!(world.verify_module_code(&mobile(NUMBER), WRONG), Err(invalid));
    let locked = JourneyRefusal::OtpLocked { until: world.now + seconds(900) };
    assert_eq!(world.verify_module_code(&mobile(NUMBER), WRONG), Err(locked.clone()));
    world.current = TRANSACTION.to_owned();
    assert_eq!(world.verify_module_code(&mobile(NUMBER), CODE), Err(locked.clone()));
    world.wait(seconds(60));
    assert_eq!(world.send_module_code(&mobile(NUMBER)), Err(locked));
}

#[test]
fn without_a_transaction_there_is_no_code() {
    let mut world = JourneyWorld::new();
    assert_eq!(world.send_module_code(&mobile(NUMBER)), Err(JourneyRefusal::TransactionNotFound));
    assert_eq!(world.verify_module_code(&mobile(NUMBER), CODE), Err(JourneyRefusal::TransactionNotFound));
    assert_eq!(world.link_contact(Some(phone(NUMBER))), Err(JourneyRefusal::TransactionNotFound));
}

#[test]
fn the_first_proved_contact_is_the_owners_and_stays() {
    let mut world = begun(true, None);
    let token = world.prove(&mobile(NUMBER)).expect("a token of the owner");
    assert_eq!(world.transaction().proved, Some(mobile(NUMBER)));
    assert!(token.unique_id.is_some());
    assert_eq!(world.prove(&mobile(OTHER_NUMBER)), None, "nobody takes the journey over with another contact");
    assert_eq!(world.transaction().proved, Some(mobile(NUMBER)));
    world.wait(seconds(30));
    assert_eq!(world.prove(&mobile(NUMBER)).unwrap().unique_id, token.unique_id);
    world.wait(seconds(30));
    let linked = world.link_contact(Some(phone(OTHER_NUMBER)));
    assert_eq!(linked, Ok(None));
    assert_eq!(world.transaction().proved, Some(mobile(NUMBER)));
}

#[test]
fn where_the_client_knows_the_contact_only_that_one_is_proved() {
    for asks in [true, false] {
        let mut world = begun(asks, Some(NUMBER));
        assert_eq!(world.prove(&mobile(OTHER_NUMBER)), None);
        assert_eq!(world.transaction().proved, None);
        assert!(world.prove(&mobile(NUMBER)).is_some());
        assert_eq!(world.transaction().proved, Some(mobile(NUMBER)));
    }
}

#[test]
fn the_token_of_a_proof_goes_on_past_the_trigger() {
    let mut world = JourneyWorld::new();
    let token = world.token(true, None);
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    assert_eq!(world.check_session(&page), Err(JourneyRefusal::AuthRequired));
    page.token = world.prove(&mobile(NUMBER)).unwrap();
    assert!(page.token.authenticate_on_resume && page.token.handoff_id.is_none());
    assert_eq!(page.token.exp, world.now.as_seconds() + 43_200);
    assert_eq!(world.check_session(&page), Ok(()));
    assert_eq!(world.transaction().used_at, world.now);
}

#[test]
fn a_possession_check_proves_its_number_and_none_proves_nothing() {
    let mut world = begun(true, None);
    assert_eq!(world.link_contact(None), Err(JourneyRefusal::PossessionNotProved));
    let token = world.link_contact(Some(phone(NUMBER))).unwrap().unwrap();
    assert!(read(&token).unique_id.is_some());
    assert_eq!(world.transaction().proved, Some(mobile(NUMBER)));
    world.workflows.clear();
    assert_eq!(world.link_contact(Some(phone(NUMBER))), Err(JourneyRefusal::WorkflowNotFound));
}

#[test]
fn a_wrong_or_expired_code_proves_nothing() {
    let mut world = begun(true, None);
    world.send_module_code(&mobile(NUMBER)).unwrap();
    world.verify_module_code(&mobile(NUMBER), WRONG).unwrap_err();
    world.wait(seconds(300));
    world.verify_module_code(&mobile(NUMBER), CODE).unwrap_err();
    assert_eq!(world.transaction().proved, None);
}

/// A transaction with saved data whose user proved the first number; then another transaction.
fn with_earlier(proves: bool) -> JourneyWorld {
    let mut world = begun(true, None);
    let mut token = world.token(true, None);
    if proves {
        token = world.prove(&mobile(NUMBER)).unwrap();
    }
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    world.wait(seconds(30));
    world.current = "tx-2".to_owned();
    world.token(true, None);
    world
}

fn verify(
    world: &mut JourneyWorld,
    number: &str,
    otp: &str,
    of: (&str, &str),
) -> Result<ModuleCodeVerified, JourneyRefusal> {
    world.verify_for(ModuleCodeKey::Contact(mobile(number)), otp, Some(of))
}

#[test]
fn the_outputs_of_an_earlier_workflow_are_released_to_its_proved_contact() {
    let mut world = with_earlier(true);
    world.send_module_code(&mobile(NUMBER)).unwrap();
    let verified = verify(&mut world, NUMBER, CODE, (TRANSACTION, WORKFLOW)).unwrap();
    let outputs = verified.outputs.unwrap();
    assert_eq!((outputs.transaction_id.as_str(), outputs.status), (TRANSACTION, JourneyStatus::InProgress));
    assert_eq!(outputs.variables, inputs(&[("v", "1")]));
    assert_eq!(world.transaction().proved, Some(mobile(NUMBER)), "and is proved here, too");
}

#[test]
fn a_correct_code_of_another_contact_is_a_wrong_one_where_outputs_are_asked_for() {
    for (of, proves) in [
        ((TRANSACTION, WORKFLOW), false),
        (("unknown", WORKFLOW), true),
        ((TRANSACTION, "unknown"), true),
        (("tx-2", WORKFLOW), true),
    ] {
        let mut world = with_earlier(proves);
        world.send_module_code(&mobile(NUMBER)).unwrap();
        let right = verify(&mut world, NUMBER, CODE, of);
        assert_eq!(right, Err(JourneyRefusal::OtpInvalid { attempts_left: 4 }), "{of:?}");
        let wrong = verify(&mut world, NUMBER, WRONG, of);
        assert_eq!(wrong, Err(JourneyRefusal::OtpInvalid { attempts_left: 3 }), "{of:?}");
        assert_eq!(world.transaction().proved, None);
    }
    let mut world = with_earlier(true);
    world.send_module_code(&mobile(OTHER_NUMBER)).unwrap();
    for attempts_left in (1..5).rev() {
        let answer = verify(&mut world, OTHER_NUMBER, CODE, (TRANSACTION, WORKFLOW));
        assert_eq!(answer, Err(JourneyRefusal::OtpInvalid { attempts_left }), "a try is spent");
    }
    let until = world.now + seconds(900);
    assert_eq!(
        verify(&mut world, OTHER_NUMBER, CODE, (TRANSACTION, WORKFLOW)),
        Err(JourneyRefusal::OtpLocked { until })
    );
}

#[test]
fn outputs_whose_life_has_ended_are_not_released_even_before_they_are_collected() {
    let mut world = with_earlier(true);
    world.policy.state_lifetime = seconds(100);
    world.current = TRANSACTION.to_owned();
    let token = world.prove(&mobile(NUMBER)).unwrap();
    let mut page = world.page(&token);
    world.save(&mut page, &["phone"]);
    world.current = "tx-2".to_owned();
    world.wait(millis(99_999));
    world.send_module_code(&mobile(NUMBER)).unwrap();
    assert!(verify(&mut world.clone(), NUMBER, CODE, (TRANSACTION, WORKFLOW)).is_ok());
    world.wait(millis(1));
    let answer = verify(&mut world, NUMBER, CODE, (TRANSACTION, WORKFLOW));
    assert_eq!(answer, Err(JourneyRefusal::OtpInvalid { attempts_left: 4 }));
}

#[test]
fn the_same_code_still_works_without_asking_for_outputs() {
    let mut world = with_earlier(true);
    world.send_module_code(&mobile(OTHER_NUMBER)).unwrap();
    verify(&mut world, OTHER_NUMBER, CODE, (TRANSACTION, WORKFLOW)).unwrap_err();
    world.verify_module_code(&mobile(OTHER_NUMBER), CODE).unwrap();
}

#[test]
fn the_outputs_of_another_workflow_than_that_of_the_proof_are_not_released() {
    let mut world = with_earlier(true);
    world.current = TRANSACTION.to_owned();
    world.add(crate::support::workflows::plain("kyc", &["form", "sign"]));
    let mut token = world.prove(&mobile(NUMBER)).unwrap();
    token.workflow_id = "kyc".to_owned();
    let mut page = world.page(&token);
    world.save(&mut page, &["form"]);
    world.current = "tx-2".to_owned();
    world.wait(seconds(60));
    world.send_module_code(&mobile(NUMBER)).unwrap();
    let answer = verify(&mut world, NUMBER, CODE, (TRANSACTION, "kyc"));
    assert_eq!(answer, Err(JourneyRefusal::OtpInvalid { attempts_left: 4 }), "the contact was proved in another one");
    assert!(verify(&mut world, NUMBER, CODE, (TRANSACTION, WORKFLOW)).is_ok());
}
