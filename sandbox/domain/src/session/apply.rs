//! One event applied to a session: which part of the rules it belongs to.

use handset_protocol::UnixMillis;

use super::transition::TransitionBuilder;
use crate::{Effect, FailedAttempts, Fault, Session, SessionEvent};

/// The next state of a session, and what the shell has to carry out.
///
/// What time alone changes (a link that nobody opened) is applied first.
pub fn apply(session: &Session, event: &SessionEvent, now: UnixMillis) -> (Session, Vec<Effect>) {
    apply_with_fault(session, event, None, now)
}

/// The same, where something is done to the event's request or its reply: that shows on the timeline, and nowhere else.
pub fn apply_with_fault(
    session: &Session,
    event: &SessionEvent,
    fault: Option<Fault>,
    now: UnixMillis,
) -> (Session, Vec<Effect>) {
    let (session, _, effects) = apply_with_attempts(session, &FailedAttempts::default(), event, fault, now);
    (session, effects)
}

/// The same, where wrong codes are counted beyond the session: `attempts` are those at its number.
pub fn apply_with_attempts(
    session: &Session,
    attempts: &FailedAttempts,
    event: &SessionEvent,
    fault: Option<Fault>,
    now: UnixMillis,
) -> (Session, FailedAttempts, Vec<Effect>) {
    let mut turn = TransitionBuilder::new(session.clone(), now);
    turn.attempts = attempts.clone();
    turn.expire();
    turn.record_request(event, fault);
    match event {
        SessionEvent::Status => turn.status(),
        SessionEvent::PollSocket => turn.poll_socket(),
        SessionEvent::Record(sights) => sights.iter().for_each(|sight| turn.record(*sight)),
        SessionEvent::OtpStart { number, code, host } => turn.otp_start(number.as_ref(), code, host),
        SessionEvent::OtpFinish { otp } => turn.otp_finish(otp),
        SessionEvent::LinkStart { number, is_mobile, token, url } => {
            turn.link_start(number.as_ref(), *is_mobile, token, url)
        }
        SessionEvent::LinkOpened { token } => turn.link_opened(token),
        SessionEvent::InstantStart { vfp, url } => turn.instant_start(vfp, url),
        SessionEvent::InstantFinish { vfp } => turn.instant_finish(vfp),
        SessionEvent::Reported { area } => turn.reported(area),
        SessionEvent::Validate => turn.validate(),
        SessionEvent::Challenge { given } => turn.challenge(given),
        SessionEvent::Complete { individual } => turn.complete(individual),
        SessionEvent::VerifyStatus => turn.verify_status(),
        SessionEvent::UnifyStatus { is_bound } => turn.unify_status(*is_bound),
        SessionEvent::UnifyBind { phone } => turn.unify_bind(phone),
    }
    let TransitionBuilder { session, attempts, effects, .. } = turn;
    (session, attempts, effects)
}
