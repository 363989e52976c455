//! One event applied to a session: which part of the rules it belongs to.

use super::transition::Turn;
use crate::{Effect, Event, Fault, Guesses, Session};

/// The next state of a session, and what the shell has to carry out.
///
/// `now` is in ms since the epoch. What time alone changes (a link that nobody opened) is applied first.
pub fn apply(session: &Session, event: &Event, now: i64) -> (Session, Vec<Effect>) {
    apply_under(session, event, None, now)
}

/// The same, where something is done to the event's request or its reply: that shows on the timeline, and nowhere else.
pub fn apply_under(session: &Session, event: &Event, fault: Option<Fault>, now: i64) -> (Session, Vec<Effect>) {
    let (session, _, effects) = apply_counted(session, &Guesses::default(), event, fault, now);
    (session, effects)
}

/// The same, where wrong codes are counted beyond the session: `guesses` are those at its number.
pub fn apply_counted(
    session: &Session,
    guesses: &Guesses,
    event: &Event,
    fault: Option<Fault>,
    now: i64,
) -> (Session, Guesses, Vec<Effect>) {
    let mut turn = Turn::new(session.clone(), now);
    turn.guesses = guesses.clone();
    turn.lapse();
    turn.begin(event, fault);
    match event {
        Event::Status => turn.status(),
        Event::Standing => turn.standing(),
        Event::Seen(sights) => sights.iter().for_each(|sight| turn.note(*sight)),
        Event::OtpStart { number, code, host } => turn.otp_start(number.as_ref(), code, host),
        Event::OtpFinish { otp } => turn.otp_finish(otp),
        Event::LinkStart { number, is_mobile, token, url } => turn.link_start(number.as_ref(), *is_mobile, token, url),
        Event::LinkOpened { token } => turn.link_opened(token),
        Event::InstantStart { vfp, url } => turn.instant_start(vfp, url),
        Event::InstantFinish { vfp } => turn.instant_finish(vfp),
        Event::Reported { area } => turn.reported(area),
        Event::Validate => turn.validate(),
        Event::Challenge { given } => turn.challenge(given),
        Event::Complete { individual } => turn.complete(individual),
        Event::VerifyStatus => turn.verify_status(),
        Event::UnifyStatus { is_bound } => turn.unify_status(*is_bound),
        Event::UnifyBind { phone } => turn.unify_bind(phone),
    }
    let Turn { session, guesses, effects, .. } = turn;
    (session, guesses, effects)
}
