//! The step `mobile/instant`: Mobile Auth and its fallback to a code.

use handset_protocol::{client, steps};
use handset_sandbox_domain::{
    FinishMobileAuth, MessageKind, OtpChallenge, Outcome, Possession, ReportFailure, Session, StartMobileAuth,
    Transition,
};

use crate::support::events::{self, done, next, out_of_order, with_data};
use crate::support::openings::{link, otp};
use crate::support::{Harness, NUMBER};

/// A test user whose Mobile Auth passes.
const USER: &str = "5550000000";

fn start(vfp: &str) -> StartMobileAuth {
    StartMobileAuth { vfp: vfp.into(), url: format!("http://sandbox.test/?testVfp={vfp}").into() }
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
    let session = Session { possession: Possession::MobileAuth(Some("a".into())), ..before.clone() };
    let redirect_url = Some("http://sandbox.test/?testVfp=a".into());
    let answer = with_data(client::Data { redirect_url, ..client::Data::default() });
    let timeline = events::client(MessageKind::InstantStart, Outcome::Accepted);
    assert_eq!(started, harness.plain(answer, session, timeline));
    let session = Session { possession: Possession::Passed, ..before };
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
