//! The form of a command's timeline: an expiry, then a request, at most one SMS, and exactly one reply.

use handset_sandbox_domain::{Behaviour, ClientAnswer, Fault, MessageKind, NewTimelineEvent, Outcome, Party};

use super::checked::Checked;
use super::commands::AnyAnswer;

/// What the timeline of a command says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded {
    /// The outcome in the reply. `None`: the command is not recorded.
    pub(crate) outcome: Option<Outcome>,
    /// The number of SMS.
    pub(crate) sms: u32,
}

pub(crate) fn check(checked: &Checked<'_>) -> Recorded {
    let transition = &checked.applied.transition;
    let mut events = transition.timeline.as_slice();
    if checked.is_expiring() {
        let (first, rest) = events.split_first().unwrap();
        assert_eq!((first.from, first.to, first.kind), (Party::Backend, Party::Backend, MessageKind::Expired));
        assert!(matches!(first.outcome, Some(Outcome::LinkExpired | Outcome::SessionExpired)), "{first:?}");
        events = rest;
    }
    let Some((party, kind)) = checked.applied.message else {
        assert_eq!(events, [], "a command without a message is not recorded");
        return Recorded { outcome: None, sms: 0 };
    };
    let fault = checked.before.fault;
    let request = NewTimelineEvent::new(party, kind.recipient(), kind, None);
    let (first, events) = events.split_first().unwrap();
    assert_eq!(*first, NewTimelineEvent { fault: fault.filter(|fault| *fault != Fault::LoseReply), ..request });
    let (reply, sms) = events.split_last().unwrap();
    let fault = match transition.answer {
        AnyAnswer::Client(ClientAnswer::HttpError { .. }) => Some(Fault::Status),
        _ => fault.filter(|fault| *fault == Fault::LoseReply),
    };
    assert!(reply.outcome.is_some(), "a reply has an outcome");
    assert_eq!(
        *reply,
        NewTimelineEvent { fault, ..NewTimelineEvent::new(kind.recipient(), party, kind, reply.outcome) }
    );
    let sms_kind = match kind {
        MessageKind::OtpStart => Some(MessageKind::SmsCode),
        MessageKind::LinkStart => Some(MessageKind::SmsLink),
        _ => None,
    };
    let is_lost = transition.session.behaviour() == Some(Behaviour::SmsLost);
    let expected = sms_kind.map(|kind| NewTimelineEvent {
        fault: is_lost.then_some(Fault::Drop),
        ..NewTimelineEvent::new(Party::Backend, Party::Phone, kind, None)
    });
    assert!(sms.is_empty() || Some(sms) == expected.as_ref().map(std::slice::from_ref), "{sms:?}");
    assert_eq!(
        transition.outgoing.len(),
        if is_lost { 0 } else { sms.len() },
        "each SMS is a message, unless it is lost"
    );
    Recorded { outcome: reply.outcome, sms: sms.len().try_into().unwrap() }
}
