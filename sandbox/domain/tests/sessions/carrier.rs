//! The carrier of Mobile Auth: every hop of a visit with each behaviour, and what a client that follows them ends with.

use handset_protocol::steps;
use handset_sandbox_domain::{
    BEHAVIOUR_NUMBERS, Behaviour, BehaviourNumber, CarrierAnswer, CarrierBehaviour, CarrierHop, CarrierVisit, Command,
    FinishMobileAuth, MessageKind, MobileAuthResult, OtpChallenge, Outcome, Party, Possession, ReportFailure, Session,
    StartMobileAuth, Transition, VisitCarrier,
};

use crate::support::events::{self, done, next};
use crate::support::openings::otp;
use crate::support::{Harness, millis};

const VALUE: &str = "value";
const TOKEN: &str = "token";

/// The number with that behaviour of the carrier.
fn number(behaviour: CarrierBehaviour) -> &'static BehaviourNumber {
    BEHAVIOUR_NUMBERS.iter().find(|number| number.behaviour == Behaviour::MobileAuth(behaviour)).unwrap()
}

/// A session whose Mobile Auth is started.
fn started(behaviour: CarrierBehaviour, is_pixel: bool) -> Harness {
    let mut harness = Harness::new(&otp(Some(number(behaviour).phone)));
    let visit = CarrierVisit::new(TOKEN.into(), behaviour, is_pixel, harness.now);
    harness.apply(&StartMobileAuth { vfp: VALUE.into(), visit, url: "http://carrier.test/".into() });
    harness
}

fn visit(token: &str, hop: CarrierHop) -> VisitCarrier {
    VisitCarrier { token: token.into(), hop, is_as_asked: true }
}

/// The result of a client that follows the carrier. `None`: the visit fails.
fn follow(harness: &mut Harness, behaviour: CarrierBehaviour, is_pixel: bool) -> Option<String> {
    let mut hop = match behaviour {
        CarrierBehaviour::TestValue => return Some(VALUE.to_owned()),
        // A page that visits with an image can neither post nor follow a document.
        CarrierBehaviour::Post | CarrierBehaviour::PostSecondResult if is_pixel => return None,
        CarrierBehaviour::Post | CarrierBehaviour::PostSecondResult => CarrierHop::Post,
        // A client gives up before the visit expires.
        CarrierBehaviour::Slow => return None,
        _ => CarrierHop::First,
    };
    loop {
        hop = match harness.apply(&visit(TOKEN, hop)).answer {
            CarrierAnswer::Redirect(next) => next,
            CarrierAnswer::FlowControl { .. } if !is_pixel => CarrierHop::Middle,
            CarrierAnswer::Value(CarrierBehaviour::NoCors, _) => return None,
            CarrierAnswer::Value(_, value) if !is_pixel => return Some(value.expose().to_owned()),
            CarrierAnswer::Image if is_pixel => return Some(String::new()),
            _ => return None,
        };
    }
}

#[test]
fn each_number_ends_as_it_says_by_both_implementations() {
    for number in BEHAVIOUR_NUMBERS {
        let (Behaviour::MobileAuth(behaviour), Some(results)) = (number.behaviour, number.mobile_auth) else {
            continue;
        };
        for (is_pixel, expected) in [(false, results.fetch), (true, results.pixel)] {
            let mut harness = started(behaviour, is_pixel);
            let answer = match follow(&mut harness, behaviour, is_pixel) {
                Some(value) => harness.apply(&FinishMobileAuth { vfp: value.into() }).answer,
                None => harness.apply(&ReportFailure { area: steps::MOBILE_INSTANT }).answer,
            };
            let expected = match expected {
                MobileAuthResult::Passed => done(),
                MobileAuthResult::FellBackToOtp => next(steps::MOBILE_OTP),
            };
            assert_eq!(answer, expected, "{}, pixel: {is_pixel}", number.name);
            if answer != done() {
                harness.start_otp(None);
                assert_eq!(harness.finish_otp("1234").answer, done(), "the code takes over");
            }
        }
    }
}

#[test]
fn a_visit_is_recorded_hop_by_hop_and_changes_nothing() {
    let mut harness = started(CarrierBehaviour::Redirects, false);
    let before = harness.session.clone();
    for (hop, answer, outcome) in [
        (CarrierHop::First, CarrierAnswer::Redirect(CarrierHop::Middle), Outcome::Redirected),
        (CarrierHop::Middle, CarrierAnswer::Redirect(CarrierHop::Last), Outcome::Redirected),
        (CarrierHop::Last, CarrierAnswer::Value(CarrierBehaviour::Redirects, VALUE.into()), Outcome::Accepted),
    ] {
        let timeline = events::exchange(Party::Client, MessageKind::CarrierVisited, outcome);
        assert_eq!((timeline[0].to, timeline[1].from), (Party::Carrier, Party::Carrier));
        let expected = Transition {
            answer,
            session: before.clone(),
            attempts: None,
            identity: None,
            timeline,
            outgoing: Vec::new(),
            notifies: false,
        };
        assert_eq!(harness.apply(&visit(TOKEN, hop)), expected);
        assert_eq!(harness.apply(&visit(TOKEN, hop)), expected, "as often as the client asks");
    }
}

#[test]
fn another_secret_and_another_step_are_not_found() {
    let refused = |mut harness: Harness, token: &str| {
        let before = harness.session.clone();
        let transition = harness.apply(&visit(token, CarrierHop::First));
        assert_eq!(transition.timeline, events::client(MessageKind::CarrierVisited, Outcome::Refused));
        assert_eq!((transition.answer, transition.session), (CarrierAnswer::NotFound, before));
    };
    refused(started(CarrierBehaviour::Redirects, false), "other");
    refused(started(CarrierBehaviour::Redirects, false), "");
    refused(Harness::new(&otp(Some(number(CarrierBehaviour::Redirects).phone))), TOKEN);
    let mut passed = started(CarrierBehaviour::Redirects, false);
    passed.apply(&FinishMobileAuth { vfp: VALUE.into() });
    refused(passed, TOKEN);
    let mut fallen = started(CarrierBehaviour::Redirects, false);
    fallen.apply(&ReportFailure { area: steps::MOBILE_INSTANT });
    assert_eq!(fallen.session.possession, Possession::Otp(OtpChallenge::default()));
    refused(fallen, TOKEN);
}

#[test]
fn a_visit_expires() {
    for (wait, is_alive) in [(CarrierVisit::LIFETIME - millis(1), true), (CarrierVisit::LIFETIME, false)] {
        let mut harness = started(CarrierBehaviour::NoCors, true);
        harness.wait(wait);
        let answer = harness.apply(&visit(TOKEN, CarrierHop::First)).answer;
        assert_eq!(answer, if is_alive { CarrierAnswer::Image } else { CarrierAnswer::Gone });
    }
}

#[test]
fn only_the_image_of_this_visit_is_a_result_without_a_value() {
    let empty = FinishMobileAuth { vfp: "".into() };
    let answer = |harness: &Harness| harness.preview(&empty).answer;
    let mut harness = started(CarrierBehaviour::Redirects, true);
    assert_eq!(answer(&harness), next(steps::MOBILE_OTP), "no visit");
    for hop in [CarrierHop::First, CarrierHop::Middle] {
        harness.apply(&visit(TOKEN, hop));
        assert_eq!(answer(&harness), next(steps::MOBILE_OTP), "a redirect is no image");
    }
    harness.apply(&visit(TOKEN, CarrierHop::Last));
    assert_eq!(answer(&harness), done());
    let again = CarrierVisit::new("again".into(), CarrierBehaviour::Redirects, true, harness.now);
    let mut restarted = harness.clone();
    restarted.apply(&StartMobileAuth { vfp: "b".into(), visit: again, url: "http://carrier.test/".into() });
    assert_eq!(answer(&restarted), next(steps::MOBILE_OTP), "a new start needs a new visit");
    harness.wait(CarrierVisit::LIFETIME);
    assert_eq!(answer(&harness), next(steps::MOBILE_OTP), "too late");
    let mut by_value = started(CarrierBehaviour::Redirects, false);
    by_value.apply(&visit(TOKEN, CarrierHop::Last));
    assert_eq!(answer(&by_value), next(steps::MOBILE_OTP), "a page that gets the value returns it");
}

#[test]
fn the_carrier_refuses_what_it_has_not_asked_for() {
    let as_asked = [
        (CarrierBehaviour::Post, CarrierHop::Post),
        (CarrierBehaviour::PostSecondResult, CarrierHop::Post),
        (CarrierBehaviour::FlowControl, CarrierHop::Middle),
        (CarrierBehaviour::FlowControlPath, CarrierHop::Middle),
    ];
    for (behaviour, hop) in as_asked {
        let mut harness = started(behaviour, false);
        let request = VisitCarrier { is_as_asked: false, ..visit(TOKEN, hop) };
        assert_eq!(harness.apply(&request).answer, CarrierAnswer::BadRequest);
        assert_ne!(harness.apply(&visit(TOKEN, hop)).answer, CarrierAnswer::BadRequest);
    }
    for (behaviour, hop) in
        [(CarrierBehaviour::Post, CarrierHop::First), (CarrierBehaviour::Redirects, CarrierHop::Post)]
    {
        assert_eq!(started(behaviour, false).apply(&visit(TOKEN, hop)).answer, CarrierAnswer::BadRequest);
    }
}

#[test]
fn a_visit_is_no_call_of_the_page_and_settles_nothing() {
    for number in BEHAVIOUR_NUMBERS {
        let Behaviour::MobileAuth(behaviour) = number.behaviour else { continue };
        for (is_pixel, hop) in [false, true].into_iter().flat_map(|is_pixel| {
            [CarrierHop::First, CarrierHop::Middle, CarrierHop::Last, CarrierHop::Post].map(|hop| (is_pixel, hop))
        }) {
            let harness = started(behaviour, is_pixel);
            let request = visit(TOKEN, hop);
            assert!(!request.counts_attempts() && request.number().is_none());
            let Transition { session, notifies, outgoing, .. } = harness.preview(&request);
            let Session { possession, .. } = session;
            assert_eq!(possession, Possession::MobileAuth(Some(VALUE.into())));
            assert_eq!((notifies, outgoing.len()), (false, 0));
        }
    }
}
