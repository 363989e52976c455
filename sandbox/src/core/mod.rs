//! The rules of the backend, without a web server, a clock or a random source.
//!
//! Everything that happens to a session after it was opened goes through [`apply`], a pure function: the shell hands in
//! the time and every secret that the outcome might need (a fresh code, a fresh link), and carries out the effects.
//! The same session, event and time always give the same outcome, so a store may call it again after a lost race.

mod behaviour;
mod case;
mod compare;
mod credentials;
mod delivery;
mod event;
mod guesses;
mod identity;
mod journey;
mod link;
mod message;
mod mobile_auth;
mod news;
mod opening;
mod otp;
mod person;
mod phone;
mod refusal;
pub mod request;
mod session;
mod status;
mod test_users;
mod timeline;
mod turn;
mod unify;
mod verdict;
mod verification;
mod verify;

pub use behaviour::{BEHAVIOUR_NUMBERS, Behaviour, BehaviourNumber, Ending, Met, Often};
pub use case::{Case, Challenge, Unifying, Verifying};
pub use credentials::{Credential, Product};
pub use delivery::{Answer, Attempt, Delivery, Next, Settled, Upshot};
pub use event::{Effect, Event, LinkPage};
pub use guesses::Guesses;
pub use identity::{Binding, Device, Enrolling, Enrollment, Identity, Muted};
pub use message::{Kind, Message};
pub use news::{Happened, News, Untold};
pub use opening::{Drawn, open, open_unify, open_verify};
pub use person::{Home, Person};
pub use phone::Phone;
pub use refusal::Refusal;
pub use session::{
    Failure, FlowType, Journey, LinkState, Otp, Possession, Rules, SentCode, SentLink, Session, StartReplyShape,
};
pub use test_users::{Role, TEST_USERS, TestUser};
pub use timeline::{Fault, Moment, Outcome, Party, Sight, Timeline, What};
pub use verification::verify_at_once;

use turn::Turn;

/// After a link's expiry a waiting socket hears of it only this much later, in ms: a client with a clock of its own
/// reports its own timeout first, and one without a clock is still told.
pub const GRACE_MS: i64 = 10_000;

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
