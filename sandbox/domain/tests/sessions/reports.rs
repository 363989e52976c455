//! Reports of failures by the page's authenticator. The fallback from Mobile Auth is in `mobile_auth`.

use handset_protocol::steps::{self, ERROR_AREAS};
use handset_sandbox_domain::{MessageKind, Outcome, Possession, PossessionFailure, ReportFailure, Session, Transition};

use crate::support::events::{self, done, failed, next};
use crate::support::openings::{link, otp, unify, unify_request};
use crate::support::{Harness, NUMBER};

#[test]
fn a_report_ends_the_flow_and_its_repetition_changes_nothing() {
    for area in ERROR_AREAS.iter().copied().filter(|area| *area != steps::MOBILE_INSTANT) {
        for opening in [otp(Some("5550000000")), otp(Some(NUMBER)), link(Some(NUMBER))] {
            let mut harness = Harness::new(&opening);
            let before = harness.session.clone();
            let reported = harness.apply(&ReportFailure { area });
            let session = Session { possession: Possession::Failed(PossessionFailure::Reported), ..before };
            let plain = harness.plain(done(), session, events::client(MessageKind::ErrorReported, Outcome::Failed));
            assert_eq!(reported, Transition { notifies: true, ..plain.clone() }, "{area}");
            assert_eq!(harness.apply(&ReportFailure { area }), plain, "{area}");
        }
    }
}

#[test]
fn a_report_of_mobile_auth_leaves_other_steps_pending() {
    let report = ReportFailure { area: steps::MOBILE_INSTANT };
    for (opening, step) in [(otp(Some(NUMBER)), steps::MOBILE_OTP), (link(Some(NUMBER)), steps::MOBILE_INSTANT_LINK)] {
        let mut harness = Harness::new(&opening);
        let before = harness.session.clone();
        let timeline = events::client(MessageKind::ErrorReported, Outcome::Pending);
        assert_eq!(harness.apply(&report), harness.plain(next(step), before, timeline));
    }
}

#[test]
fn a_report_after_the_end_does_not_change_the_result() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.pass();
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::ErrorReported, Outcome::Passed);
    assert_eq!(harness.apply(&ReportFailure { area: steps::MOBILE_OTP }), harness.plain(done(), before, timeline));
    let mut harness = Harness::new(&unify(&unify_request("none", None), "device"));
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::ErrorReported, Outcome::Passed);
    assert_eq!(harness.apply(&ReportFailure { area: steps::MOBILE_OTP }), harness.plain(done(), before, timeline));
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.start_otp(None);
    assert_eq!(harness.finish_otp("0000").answer, failed(PossessionFailure::WrongCode));
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::ErrorReported, Outcome::Failed);
    let report = ReportFailure { area: steps::MOBILE_INSTANT };
    assert_eq!(harness.apply(&report), harness.plain(done(), before, timeline));
}
