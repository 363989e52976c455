//! Handing over to another device: link, number and token; what the first device sees; who may not.

use handset_protocol::Secret;
use handset_protocol::journey::JourneyClaims;
use handset_sandbox_domain::{
    Channel, CodePurpose, ConfirmedHandoff, HandoffPolicy, HandoffStage, HandoffStatus, JourneyRefusal, JourneyStatus,
    MessagePurpose, OpenHandoffBody, OpenedHandoff, RedeemHandoff, RedeemedHandoff,
};

use crate::support::calls::{CODE, TestedPage, saves};
use crate::support::workflows::{EMAIL, NUMBER, WORKFLOW, email, mobile, plain};
use crate::support::{APP, JourneyWorld, millis, read, seconds};

/// A first device of scenario 2 or 4a before the trigger.
fn first_device() -> (JourneyWorld, TestedPage) {
    let mut world = JourneyWorld::new();
    let token = world.token(true, Some(mobile(NUMBER)));
    let page = world.page(&token);
    (world, page)
}

fn open(world: &mut JourneyWorld, page: &TestedPage) -> OpenedHandoff {
    world.open_handoff(page, OpenHandoffBody::default()).unwrap()
}

/// The other device opens the link. Returns the number and the secret of the device.
fn open_link(world: &mut JourneyWorld, url: &Secret) -> (u8, Secret) {
    match world.redeem(url, None) {
        Ok(RedeemedHandoff::Confirm { number, redemption, .. }) => (number, redemption),
        other => panic!("{other:?}"),
    }
}

/// The whole way. Returns the token of the other device.
fn hand_over(world: &mut JourneyWorld, page: &TestedPage) -> JourneyClaims {
    let opened = open(world, page);
    let (number, redemption) = open_link(world, &opened.url);
    assert_eq!(world.confirm(&page.token, &opened.handoff_id, number), Ok(ConfirmedHandoff::Confirmed));
    match world.redeem(&opened.url, Some(&redemption)) {
        Ok(RedeemedHandoff::Token(token)) => read(&token),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_journey_is_handed_over_in_stages_that_the_first_device_follows() {
    let (mut world, page) = first_device();
    let opened = open(&mut world, &page);
    let secret = &world.transaction().handoffs[0].secret;
    assert_eq!(opened.url.expose(), format!("https://shop.test/journey#handoff={}", secret.expose()));
    assert_eq!(opened.expires_at, world.now + seconds(600));
    let follow = |world: &mut JourneyWorld| world.follow(&page.token, &opened.handoff_id).unwrap();
    assert_eq!(follow(&mut world), HandoffStatus::Waiting);
    let Ok(RedeemedHandoff::Confirm { number, purpose, app_id, redemption }) = world.redeem(&opened.url, None) else {
        panic!("the number")
    };
    assert_eq!((number, purpose.as_str(), app_id.as_str()), (42, "Onboarding", APP));
    assert_eq!(follow(&mut world), HandoffStatus::Opened { number: 42 });
    let again = world.redeem(&opened.url, Some(&redemption));
    let asked = RedeemedHandoff::Confirm { number, purpose, app_id, redemption: redemption.clone() };
    assert_eq!(again, Ok(asked), "it asks until the number is confirmed");
    assert_eq!(world.confirm(&page.token, &opened.handoff_id, 42), Ok(ConfirmedHandoff::Confirmed));
    assert_eq!(follow(&mut world), HandoffStatus::Opened { number: 42 });
    let Ok(RedeemedHandoff::Token(token)) = world.redeem(&opened.url, Some(&redemption)) else { panic!("the token") };
    let at = |id: &str| HandoffStatus::Progress { module_id: Some(id.to_owned()) };
    assert_eq!(follow(&mut world), at("phone"));
    let mut second = world.page(&read(&token));
    world.save(&mut second, &["phone"]);
    second.token = code_for(&mut world, &second.token);
    world.save(&mut second, &["document"]);
    // The token that opened the handoff follows it, although it lacks the owner; no other such token does.
    assert_eq!(world.follow(&page.token, &opened.handoff_id), Ok(at("selfie")));
    let other = JourneyClaims { jti: "another token".to_owned(), ..page.token.clone() };
    assert_eq!(world.follow(&other, &opened.handoff_id), Err(JourneyRefusal::AuthRequired));
    let first = code_for(&mut world, &page.token);
    assert_eq!(world.follow(&first, &opened.handoff_id), Ok(at("selfie")));
    world.save(&mut second, &["selfie", "form"]);
    let done = HandoffStatus::Done { status: JourneyStatus::NeedsReview };
    assert_eq!(world.follow(&first, &opened.handoff_id), Ok(done));
}

fn code_for(world: &mut JourneyWorld, token: &JourneyClaims) -> JourneyClaims {
    world.wait(seconds(30));
    world.send_code(token, Channel::Mobile).unwrap();
    world.verify_code(token, CODE).unwrap()
}

#[test]
fn the_other_devices_token_is_of_the_same_journey_without_the_owner_and_ends_with_the_first() {
    let (mut world, page) = first_device();
    world.wait(seconds(100));
    let token = hand_over(&mut world, &page);
    let expected = JourneyClaims {
        handoff_id: token.handoff_id.clone(),
        iat: world.now.as_seconds(),
        jti: token.jti.clone(),
        ..page.token.clone()
    };
    assert_eq!(token, expected);
    assert!(token.handoff_id.is_some() && token.unique_id.is_none() && token.authenticate_on_resume);
    assert_ne!(token.jti, page.token.jti);
}

#[test]
fn past_the_trigger_the_other_device_is_asked_for_the_code() {
    let (mut world, mut page) = first_device();
    world.save(&mut page, &["phone"]);
    page.token = code_for(&mut world, &page.token);
    let token = hand_over(&mut world, &page);
    assert_eq!(token.unique_id, None, "the owner is not handed over");
    let mut second = TestedPage { token, session: None, revision: 0 };
    assert_eq!(world.put(&mut second, saves(&["document"])), Err(JourneyRefusal::AuthRequired));
    let owned = code_for(&mut world, &second.token);
    assert_eq!((&owned.handoff_id, owned.exp), (&second.token.handoff_id, second.token.exp));
    let second = world.page(&owned);
    assert_eq!(second.revision, 1);
    let again = world.open_handoff(&second, OpenHandoffBody::default());
    assert_eq!(again, Err(JourneyRefusal::HandoffNotAllowed), "also with the owner, it cannot hand over again");
}

#[test]
fn a_handoff_needs_the_code_on_resume_or_the_workflows_leave() {
    for (policy, asks, contact, is_allowed) in [
        (HandoffPolicy::Off, true, Some(NUMBER), false),
        (HandoffPolicy::Off, false, None, false),
        (HandoffPolicy::Ask, true, Some(NUMBER), true),
        (HandoffPolicy::Ask, true, None, true),
        (HandoffPolicy::Ask, false, Some(NUMBER), false),
        (HandoffPolicy::Ask, false, None, false),
        (HandoffPolicy::SameOwner, true, Some(NUMBER), true),
        (HandoffPolicy::SameOwner, false, Some(NUMBER), true),
        (HandoffPolicy::SameOwner, false, None, true),
    ] {
        let mut world = JourneyWorld::new();
        world.edit(|workflow| workflow.handoff = policy);
        let token = world.token(asks, contact.map(mobile));
        let page = world.page(&token);
        let case = format!("{policy:?}, {asks}, {contact:?}");
        match world.open_handoff(&page, OpenHandoffBody::default()) {
            Ok(_) => assert!(is_allowed, "{case}"),
            Err(refusal) => assert_eq!((refusal, is_allowed), (JourneyRefusal::HandoffNotAllowed, false), "{case}"),
        }
        if is_allowed {
            let owner = hand_over(&mut world, &page).unique_id;
            assert_eq!(owner, page.token.unique_id.clone().filter(|_| !asks), "{case}");
        }
    }
    let (mut world, page) = first_device();
    world.edit(|workflow| workflow.handoff_url = None);
    let without_page = world.open_handoff(&page, OpenHandoffBody::default());
    assert_eq!(without_page, Err(JourneyRefusal::HandoffNotAllowed), "there is no page to go to");
}

#[test]
fn the_owner_of_a_code_is_not_handed_over_even_as_the_same_owner() {
    let (mut world, mut page) = first_device();
    world.edit(|workflow| workflow.handoff = HandoffPolicy::SameOwner);
    world.save(&mut page, &["phone"]);
    page.token = code_for(&mut world, &page.token);
    assert!(page.token.unique_id.is_some());
    assert_eq!(hand_over(&mut world, &page).unique_id, None);
}

#[test]
fn a_link_opens_on_one_device_only() {
    let (mut world, page) = first_device();
    let opened = open(&mut world, &page);
    let (number, redemption) = open_link(&mut world, &opened.url);
    assert_eq!(world.redeem(&opened.url, None), Err(JourneyRefusal::HandoffGone));
    assert_eq!(world.redeem(&opened.url, Some(&"guessed".into())), Err(JourneyRefusal::HandoffGone));
    world.confirm(&page.token, &opened.handoff_id, number).unwrap();
    assert_eq!(world.redeem(&opened.url, None), Err(JourneyRefusal::HandoffGone), "nor once it is confirmed");
    assert_eq!(world.redeem(&opened.url, Some(&"guessed".into())), Err(JourneyRefusal::HandoffGone));
    assert!(matches!(world.redeem(&opened.url, Some(&redemption)), Ok(RedeemedHandoff::Token(_))));
    assert_eq!(world.redeem(&opened.url, Some(&redemption)), Err(JourneyRefusal::HandoffGone), "one token");
}

#[test]
fn a_secret_given_at_the_first_request_is_no_redemption() {
    let (mut world, page) = first_device();
    let opened = open(&mut world, &page);
    let redeemed = world.redeem(&opened.url, Some(&"chosen by the page".into()));
    let Ok(RedeemedHandoff::Confirm { redemption, .. }) = redeemed else { panic!("the number") };
    assert_ne!(redemption, Secret::new("chosen by the page"));
}

#[test]
fn an_unknown_secret_or_transaction_is_gone() {
    let (mut world, page) = first_device();
    open(&mut world, &page);
    assert_eq!(world.redeem(&"#handoff=unknown".into(), None), Err(JourneyRefusal::HandoffGone));
    world.transactions.clear();
    assert_eq!(world.redeem(&"#handoff=unknown".into(), None), Err(JourneyRefusal::HandoffGone));
}

#[test]
fn a_wrong_number_cancels_the_handoff_also_after_the_right_one_or_in_advance() {
    for stage in ["waiting", "opened", "confirmed"] {
        let (mut world, page) = first_device();
        let opened = open(&mut world, &page);
        let mut redemption = None;
        if stage != "waiting" {
            redemption = Some(open_link(&mut world, &opened.url).1);
        }
        if stage == "confirmed" {
            world.confirm(&page.token, &opened.handoff_id, 42).unwrap();
        }
        let number = if stage == "waiting" { 42 } else { 43 };
        let answer = world.confirm(&page.token, &opened.handoff_id, number);
        assert_eq!(answer, Ok(ConfirmedHandoff::Mismatch), "{stage}");
        assert_eq!(world.redeem(&opened.url, redemption.as_ref()), Err(JourneyRefusal::HandoffGone), "{stage}");
        assert_eq!(world.follow(&page.token, &opened.handoff_id), Ok(HandoffStatus::Gone), "{stage}");
        let again = world.confirm(&page.token, &opened.handoff_id, 42);
        assert_eq!(again, Err(JourneyRefusal::HandoffGone), "{stage}");
    }
}

#[test]
fn without_the_confirmation_there_is_no_token() {
    let (mut world, page) = first_device();
    let opened = open(&mut world, &page);
    let (_, redemption) = open_link(&mut world, &opened.url);
    for _ in 0..3 {
        let answer = world.redeem(&opened.url, Some(&redemption));
        assert!(matches!(answer, Ok(RedeemedHandoff::Confirm { .. })));
    }
}

#[test]
fn a_link_expires_in_every_stage() {
    for stage in 0..3 {
        let (mut world, page) = first_device();
        let opened = open(&mut world, &page);
        let mut redemption = None;
        if stage > 0 {
            redemption = Some(open_link(&mut world, &opened.url).1);
        }
        if stage > 1 {
            world.confirm(&page.token, &opened.handoff_id, 42).unwrap();
        }
        world.wait(millis(599_999));
        assert!(world.clone().redeem(&opened.url, redemption.as_ref()).is_ok());
        world.wait(millis(1));
        assert_eq!(world.redeem(&opened.url, redemption.as_ref()), Err(JourneyRefusal::HandoffGone), "{stage}");
        assert_eq!(world.follow(&page.token, &opened.handoff_id), Ok(HandoffStatus::Gone));
        let confirmed = world.confirm(&page.token, &opened.handoff_id, 42);
        assert_eq!(confirmed, Err(JourneyRefusal::HandoffGone));
    }
}

#[test]
fn a_link_does_not_outlive_the_token_of_the_first_device() {
    let (mut world, page) = first_device();
    world.wait(seconds(43_200 - 60));
    let opened = open(&mut world, &page);
    assert_eq!(opened.expires_at.as_seconds(), page.token.exp);
    let (_, redemption) = open_link(&mut world, &opened.url);
    world.confirm(&page.token, &opened.handoff_id, 42).unwrap();
    world.wait(seconds(60));
    assert_eq!(world.redeem(&opened.url, Some(&redemption)), Err(JourneyRefusal::HandoffGone));
}

#[test]
fn after_the_journeys_end_or_a_complete_reset_a_link_is_gone() {
    let (mut world, mut page) = first_device();
    let opened = open(&mut world, &page);
    let mut body = saves(&["phone", "document", "selfie", "form"]);
    body.resume_from = None;
    world.put(&mut page, body).unwrap();
    assert_eq!(world.redeem(&opened.url, None), Err(JourneyRefusal::HandoffGone));
    let (mut world, mut page) = first_device();
    world.save(&mut page, &["phone"]);
    page.token = code_for(&mut world, &page.token);
    let opened = open(&mut world, &page);
    world.reset(Some("phone")).unwrap();
    assert!(world.clone().redeem(&opened.url, None).is_ok(), "a continuous reset lets the journey go on");
    world.save(&mut TestedPage { revision: 2, ..page }, &["phone"]);
    world.reset(None).unwrap();
    assert_eq!(world.redeem(&opened.url, None), Err(JourneyRefusal::HandoffGone));
}

#[test]
fn only_the_first_device_confirms_and_follows() {
    let (mut world, page) = first_device();
    let other = hand_over(&mut world, &page);
    let opened = open(&mut world, &page);
    let (number, _) = open_link(&mut world, &opened.url);
    let not_allowed = JourneyRefusal::HandoffNotAllowed;
    assert_eq!(world.confirm(&other, &opened.handoff_id, number), Err(not_allowed.clone()));
    assert_eq!(world.follow(&other, &opened.handoff_id), Err(not_allowed));
    assert_eq!(world.follow(&page.token, "unknown"), Err(JourneyRefusal::HandoffNotFound));
    world.add(plain("kyc", &["a"]));
    let mut of_other_workflow = page.token.clone();
    of_other_workflow.workflow_id = "kyc".to_owned();
    let answer = world.follow(&of_other_workflow, &opened.handoff_id);
    assert_eq!(answer, Err(JourneyRefusal::HandoffNotFound), "of another workflow");
    let renewed = world.token(true, Some(mobile(NUMBER)));
    assert!(world.confirm(&renewed, &opened.handoff_id, number).is_ok(), "a renewed token is the same user's");
}

#[test]
fn the_first_device_follows_after_its_session_is_superseded() {
    let (mut world, page) = first_device();
    let opened = open(&mut world, &page);
    world.page(&page.token.clone());
    assert_eq!(world.follow(&page.token, &opened.handoff_id), Ok(HandoffStatus::Waiting));
    let refused = world.open_handoff(&page, OpenHandoffBody::default());
    assert_eq!(refused, Err(JourneyRefusal::SessionSuperseded), "but opens no new one");
}

#[test]
fn five_handoffs_are_open_and_twenty_are_kept() {
    let (mut world, page) = first_device();
    let first = open(&mut world, &page);
    for _ in 0..4 {
        open(&mut world, &page);
    }
    let sixth = world.open_handoff(&page, OpenHandoffBody::default());
    assert_eq!(sixth, Err(JourneyRefusal::TooManyOpen));
    world.confirm(&page.token, &first.handoff_id, 1).unwrap();
    open(&mut world, &page);
    for _ in 0..3 {
        world.wait(seconds(600));
        for _ in 0..5 {
            open(&mut world, &page);
        }
    }
    let handoffs = &world.transaction().handoffs;
    assert_eq!(handoffs.len(), 20);
    assert!(handoffs.iter().all(|handoff| handoff.id != first.handoff_id), "the oldest closed one is gone");
    assert_eq!(world.follow(&page.token, &first.handoff_id), Err(JourneyRefusal::HandoffNotFound));
    assert!(handoffs_open(&world) == 5);
}

fn handoffs_open(world: &JourneyWorld) -> usize {
    let is_open = |handoff: &&handset_sandbox_domain::Handoff| {
        matches!(handoff.stage, HandoffStage::Waiting) && world.now < handoff.expires_at
    };
    world.transaction().handoffs.iter().filter(is_open).count()
}

#[test]
fn the_link_is_sent_only_to_the_proved_contact_within_its_limits() {
    let by = |channel| OpenHandoffBody { channel: Some(channel), lifetime: seconds(300) };
    let (mut world, page) = first_device();
    let unproved = JourneyRefusal::shape("channel", "that of a contact that was proved in this journey");
    let given = world.open_handoff(&page, by(Channel::Mobile));
    assert_eq!(given, Err(unproved.clone()), "the given contact is not proved");
    world.prove(&mobile(NUMBER));
    assert_eq!(world.open_handoff(&page, by(Channel::Email)), Err(unproved));
    world.messages.clear();
    let opened = world.open_handoff(&page, by(Channel::Mobile)).unwrap();
    let message = &world.messages[0];
    assert_eq!((message.to.expose(), message.expires_at), (NUMBER, opened.expires_at));
    assert_eq!(message.purpose, MessagePurpose::Link(opened.url.clone()));
    assert!(message.text.expose().contains(opened.url.expose()));
    let until = world.now + seconds(30);
    let soon = world.open_handoff(&page, by(Channel::Mobile));
    assert_eq!(soon, Err(JourneyRefusal::OtpRateLimited { until }));
    assert_eq!(world.transaction().handoffs.len(), 1, "and no handoff is left of it");
    assert!(world.attempts.keys().any(|(purpose, _)| *purpose == CodePurpose::Handoff));
    world.wait(seconds(30));
    world.open_handoff(&page, by(Channel::Mobile)).unwrap();
}

#[test]
fn a_link_goes_by_e_mail_to_a_proved_address() {
    let mut world = JourneyWorld::new();
    let token = world.token(true, None);
    let page = world.page(&token);
    world.prove(&email(EMAIL)).unwrap();
    let body = OpenHandoffBody { channel: Some(Channel::Email), ..OpenHandoffBody::default() };
    world.open_handoff(&page, body).unwrap();
    let message = world.messages.last().unwrap();
    assert_eq!((message.channel, message.to.expose()), (Channel::Email, EMAIL));
}

#[test]
fn a_workflow_that_is_gone_hands_nothing_over() {
    let (mut world, page) = first_device();
    let opened = open(&mut world, &page);
    world.workflows.remove(WORKFLOW);
    assert_eq!(world.redeem(&opened.url, None), Err(JourneyRefusal::WorkflowNotFound));
}

#[test]
fn a_failed_signature_leaves_the_handoff_to_be_redeemed() {
    let (mut world, page) = first_device();
    let opened = open(&mut world, &page);
    let (number, redemption) = open_link(&mut world, &opened.url);
    world.confirm(&page.token, &opened.handoff_id, number).unwrap();
    world.signs = false;
    assert_eq!(world.redeem(&opened.url, Some(&redemption)), Err(JourneyRefusal::Internal));
    world.signs = true;
    let redeem = RedeemHandoff {
        secret: world.transaction().handoffs[0].secret.clone(),
        redemption: Some(redemption),
        new_redemption: "unused".into(),
        number: 99,
        jti: "jti".to_owned(),
    };
    assert!(matches!(world.apply(&redeem), Ok(RedeemedHandoff::Token(_))));
}
