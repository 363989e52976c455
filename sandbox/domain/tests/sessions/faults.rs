//! Injected faults: they appear on the timeline and nowhere else.

use handset_sandbox_domain::{Fault, MessageKind, NewTimelineEvent, PollSocket, Transition};

use crate::support::events;
use crate::support::openings::otp;
use crate::support::{Harness, NUMBER};

#[test]
fn a_fault_is_on_the_request_or_its_reply_and_changes_nothing_else() {
    let harness = Harness::new(&otp(Some(NUMBER)));
    let expected = harness.clone().start_otp(None);
    for fault in [Fault::Delay, Fault::Status, Fault::Drop, Fault::Refuse, Fault::Silence, Fault::LoseReply] {
        let mut timeline: Vec<NewTimelineEvent> = events::sms(MessageKind::OtpStart, MessageKind::SmsCode);
        let faulty = if fault == Fault::LoseReply { 2 } else { 0 };
        timeline[faulty] = timeline[faulty].under(fault);
        let mut harness = harness.clone();
        harness.fault = Some(fault);
        assert_eq!(harness.start_otp(None), Transition { timeline, ..expected.clone() }, "{fault:?}");
        assert_eq!(harness.apply(&PollSocket).timeline, [], "{fault:?}: a socket's check is not recorded");
    }
}
