//! The step `mobile/instant`: Mobile Auth and its fallback to a code.

use handset_protocol::{client, steps};
use handset_sandbox_domain::{
    BEHAVIOUR_NUMBERS, Behaviour, CarrierBehaviour, CarrierState, CarrierVisit, ClientAnswer, FinishMobileAuth,
    MessageKind, MobileAuthFlows, OtpChallenge, Outcome, Possession, ReportFailure, Session, SessionPolicy,
    StartMobileAuth, Transition,
};

use crate::support::events::{self, done, next, out_of_order, with_data};
use crate::support::openings::{identity, link, otp};
use crate::support::{BEGIN, Harness, NUMBER, millis};

/// A test user whose Mobile Auth passes.
const USER: &str = "5550000000";

/// The visit of a start.
fn visit(vfp: &str) -> CarrierVisit {
    CarrierVisit::new(format!("token-{vfp}").into(), CarrierBehaviour::TestValue, false, BEGIN)
}

fn start(vfp: &str) -> StartMobileAuth {
    let url = format!("http://sandbox.test/?testVfp={vfp}").into();
    StartMobileAuth { vfp: vfp.into(), visit: visit(vfp), url }
}

fn finish(vfp: &str) -> FinishMobileAuth {
    FinishMobileAuth { vfp: vfp.into() }
}

#[test]
fn the_right_secret_verifies_possession() {
    let mut harness = Harness::new(&otp(Some(USER)));
    let before = harness.session.clone();
    assert_eq!(before.possession, Possession::MobileAuth(None));
    let started = harness.apply(&start("a"));
    let carrier_visit = Some(visit("a"));
    let possession = Possession::MobileAuth(Some("a".into()));
    let session = Session { possession, carrier_visit: carrier_visit.clone(), ..before.clone() };
    let redirect_url = Some("http://sandbox.test/?testVfp=a".into());
    let answer = with_data(client::Data { redirect_url, ..client::Data::default() });
    let timeline = events::client(MessageKind::InstantStart, Outcome::Accepted);
    assert_eq!(started, harness.plain(answer, session, timeline));
    let session = Session { possession: Possession::Passed, carrier_visit, ..before };
    let timeline = events::client(MessageKind::InstantFinish, Outcome::Passed);
    let plain = harness.plain(done(), session, timeline);
    assert_eq!(harness.apply(&finish("a")), Transition { notifies: true, ..plain.clone() });
    assert_eq!(harness.apply(&finish("b")), plain, "later, any secret has the same result");
    let timeline = events::client(MessageKind::InstantStart, Outcome::Passed);
    assert_eq!(harness.apply(&start("b")), Transition { timeline, ..plain });
}

#[test]
fn only_the_secret_of_the_last_start_is_right() {
    let mut harness = Harness::new(&otp(Some(USER)));
    harness.apply(&start("a"));
    harness.apply(&start("b"));
    assert_eq!(harness.clone().apply(&finish("b")).answer, done());
    assert_eq!(harness.apply(&finish("a")).answer, next(steps::MOBILE_OTP));
}

#[test]
fn a_wrong_secret_and_a_report_fall_back_to_a_code() {
    let mut harness = Harness::new(&otp(Some(USER)));
    harness.apply(&start("a"));
    let before = harness.session.clone();
    let session = Session { possession: Possession::Otp(OtpChallenge::default()), ..before };
    let timeline = events::client(MessageKind::InstantFinish, Outcome::FellBackToOtp);
    let fallback = harness.plain(next(steps::MOBILE_OTP), session, timeline);
    let mut reporting = harness.clone();
    assert_eq!(harness.apply(&finish("")), fallback);
    let timeline = events::client(MessageKind::ErrorReported, Outcome::FellBackToOtp);
    let report = ReportFailure { area: steps::MOBILE_INSTANT };
    assert_eq!(reporting.apply(&report), Transition { timeline, ..fallback.clone() });
    let timeline = events::client(MessageKind::ErrorReported, Outcome::Pending);
    assert_eq!(reporting.apply(&report), Transition { timeline, ..fallback }, "a repeated report changes nothing");
    for mut harness in [harness, reporting] {
        assert_eq!(harness.start_otp(None).outgoing.len(), 1);
        assert_eq!(harness.finish_otp("1234").answer, done(), "the code of test users");
    }
}

#[test]
fn a_secret_before_the_start_is_out_of_order() {
    let mut harness = Harness::new(&otp(Some(USER)));
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::InstantFinish, Outcome::Refused);
    assert_eq!(
        harness.apply(&finish("")),
        harness.plain(out_of_order("Mobile Auth was not started"), before, timeline)
    );
}

#[test]
fn another_step_takes_no_mobile_auth() {
    for opening in [otp(Some(NUMBER)), link(Some(USER))] {
        let mut harness = Harness::new(&opening);
        let before = harness.session.clone();
        let timeline = events::client(MessageKind::InstantStart, Outcome::Refused);
        let refused = harness.plain(out_of_order("this flow is not at Mobile Auth"), before, timeline);
        assert_eq!(harness.apply(&start("a")), refused);
        let timeline = events::client(MessageKind::InstantFinish, Outcome::Refused);
        assert_eq!(harness.apply(&finish("a")), Transition { timeline, ..refused });
    }
}

#[test]
fn the_code_step_waits_for_mobile_auth() {
    let mut harness = Harness::new(&otp(Some(USER)));
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::OtpStart, Outcome::Refused);
    let refused = harness.plain(out_of_order("this flow is not at the code step"), before, timeline);
    assert_eq!(harness.start_otp(None), refused);
}

#[test]
fn a_value_after_the_fallback_changes_nothing() {
    let mut harness = Harness::new(&otp(Some(USER)));
    harness.apply(&start("a"));
    harness.apply(&ReportFailure { area: steps::MOBILE_INSTANT });
    let before = harness.session.clone();
    for vfp in ["a", "b", ""] {
        let timeline = events::client(MessageKind::InstantFinish, Outcome::FellBackToOtp);
        assert_eq!(harness.apply(&finish(vfp)), harness.plain(next(steps::MOBILE_OTP), before.clone(), timeline));
    }
}

#[test]
fn a_start_after_the_fallback_names_the_code_step_and_changes_nothing() {
    let mut harness = Harness::new(&otp(Some(USER)));
    harness.apply(&start("a"));
    harness.apply(&ReportFailure { area: steps::MOBILE_INSTANT });
    let before = harness.session.clone();
    let ClientAnswer::Reply(reply) = harness.apply(&start("b")).answer else { panic!("no reply") };
    assert_eq!(reply.next.as_deref(), Some(steps::MOBILE_OTP));
    assert_eq!(reply.error.map(|error| error.code), Some(client::error_codes::PROHIBITED));
    assert_eq!(harness.session, before);
}

#[test]
fn a_value_is_right_until_its_visit_expires() {
    let lifetime = CarrierVisit::LIFETIME;
    for (wait, answer) in [(lifetime - millis(1), done()), (lifetime, next(steps::MOBILE_OTP))] {
        let mut harness = Harness::new(&otp(Some(USER)));
        harness.apply(&start("a"));
        harness.wait(wait);
        assert_eq!(harness.apply(&finish("a")).answer, answer);
    }
}

#[test]
fn the_setting_chooses_the_flows_that_begin_with_mobile_auth() {
    let begins = |flows, number| {
        let policy = SessionPolicy { mobile_auth: flows, ..SessionPolicy::default() };
        let opening = identity("mobile", number, policy).unwrap();
        matches!(Harness::new(&opening).session.possession, Possession::MobileAuth(None))
    };
    let behaviour = BEHAVIOUR_NUMBERS.iter().find(|number| number.mobile_auth.is_some()).unwrap().phone;
    let other = BEHAVIOUR_NUMBERS[0].phone;
    let numbers = [None, Some(NUMBER), Some(other), Some(USER), Some(behaviour)];
    for (flows, expected) in [
        (MobileAuthFlows::Numbers, [false, false, false, true, true]),
        (MobileAuthFlows::Always, [false, true, true, true, true]),
        (MobileAuthFlows::Off, [false; 5]),
    ] {
        assert_eq!(numbers.map(|number| begins(flows, number)), expected, "{flows:?}");
    }
}

#[test]
fn the_state_of_the_carrier_holds_for_numbers_without_a_carrier_behaviour() {
    let behaviour = |number, state| Harness::new(&otp(Some(number))).session.carrier_behaviour(state);
    for (state, expected) in [
        (CarrierState::Wifi, CarrierBehaviour::Wifi),
        (CarrierState::Slow, CarrierBehaviour::Slow),
        (CarrierState::Gone, CarrierBehaviour::Gone),
    ] {
        assert_eq!([NUMBER, USER].map(|number| behaviour(number, state)), [expected; 2]);
    }
    assert_eq!(behaviour(NUMBER, CarrierState::Ok), CarrierBehaviour::Redirects);
    assert_eq!(
        behaviour(USER, CarrierState::Ok),
        CarrierBehaviour::TestValue,
        "also over http, to which others make no visit"
    );
    for number in BEHAVIOUR_NUMBERS.iter().filter(|number| number.mobile_auth.is_some()) {
        for state in [CarrierState::Ok, CarrierState::Wifi, CarrierState::Slow, CarrierState::Gone] {
            assert_eq!(Behaviour::MobileAuth(behaviour(number.phone, state)), number.behaviour);
        }
    }
}
