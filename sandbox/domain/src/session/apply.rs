//! Applies an event to a session: dispatches it to the rule of its step or product. No rules of its own.

use handset_protocol::UnixMillis;

use super::transition::TransitionBuilder;
use crate::{Effect, FailedAttempts, Fault, Session, SessionEvent};

/// The next state of a session, and the effects that the caller has to carry out.
///
/// Expiry (for example of an unopened link) is applied before the event.
pub fn apply(session: &Session, event: &SessionEvent, now: UnixMillis) -> (Session, Vec<Effect>) {
    apply_with_fault(session, event, None, now)
}

/// The same with an injected fault of the event's request or reply, which appears on the timeline and nowhere else.
pub fn apply_with_fault(
    session: &Session,
    event: &SessionEvent,
    fault: Option<Fault>,
    now: UnixMillis,
) -> (Session, Vec<Effect>) {
    let (session, _, effects) = apply_with_attempts(session, &FailedAttempts::default(), event, fault, now);
    (session, effects)
}

/// The same with limits across sessions: `attempts` are the wrong codes and SMS of the session's number.
pub fn apply_with_attempts(
    session: &Session,
    attempts: &FailedAttempts,
    event: &SessionEvent,
    fault: Option<Fault>,
    now: UnixMillis,
) -> (Session, FailedAttempts, Vec<Effect>) {
    let mut transition = TransitionBuilder::new(session.clone(), now);
    transition.attempts = attempts.clone();
    transition.expire();
    transition.record_request(event, fault);
    match event {
        SessionEvent::Status => transition.status(),
        SessionEvent::PollSocket => transition.poll_socket(),
        SessionEvent::Record(entries) => entries.iter().for_each(|entry| transition.record(*entry)),
        SessionEvent::OtpStart { number, code, host } => transition.otp_start(number.as_ref(), code, host),
        SessionEvent::OtpFinish { otp } => transition.otp_finish(otp),
        SessionEvent::LinkStart { number, is_mobile, token, url } => {
            transition.link_start(number.as_ref(), *is_mobile, token, url)
        }
        SessionEvent::LinkOpened { token } => transition.link_opened(token),
        SessionEvent::InstantStart { vfp, url } => transition.instant_start(vfp, url),
        SessionEvent::InstantFinish { vfp } => transition.instant_finish(vfp),
        SessionEvent::Reported { area } => transition.reported(area),
        SessionEvent::Validate => transition.validate(),
        SessionEvent::Challenge { given } => transition.challenge(given),
        SessionEvent::Complete { individual } => transition.complete(individual),
        SessionEvent::VerifyStatus => transition.verify_status(),
        SessionEvent::UnifyStatus { is_bound } => transition.unify_status(*is_bound),
        SessionEvent::UnifyBind { phone } => transition.unify_bind(phone),
    }
    let TransitionBuilder { session, attempts, effects, .. } = transition;
    (session, attempts, effects)
}
