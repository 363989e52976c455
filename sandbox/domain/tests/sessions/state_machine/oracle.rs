//! An independent model of codes, links, Mobile Auth and limits. It remembers what was sent and what was wrong, and
//! predicts each check from that, without the session's own counts.

use std::collections::BTreeMap;
use std::time::Duration;

use handset_protocol::{UnixMillis, client};
use handset_sandbox_domain::{
    Behaviour, CarrierAnswer, CarrierBehaviour, CarrierVisit, ClientAnswer, LinkPage, Outcome, Phone, Possession,
    ProductState, Session, TestUser, VisitCarrier,
};

use super::checked::Checked;
use super::commands::{AnyAnswer, AnyRequest, SentSecrets};
use super::invariants::result;
use super::timeline::Recorded;

/// What is known about a session without its counts.
pub(crate) struct SessionFacts {
    pub(crate) sent: SentSecrets,
    /// Number and time of the last SMS, and expiry of its code or link.
    last_sms: Option<(String, UnixMillis, UnixMillis)>,
    wrong: u8,
    refused: u32,
    numbers: Vec<String>,
    result: Option<client::Reply>,
    /// The time of the last start of Mobile Auth.
    visit_started_at: Option<UnixMillis>,
    /// Whether the visit of that start has loaded an image as its result.
    is_image_loaded: bool,
    /// The device of the first successful status of a session that has bound or kept one.
    device: Option<Option<String>>,
}

/// The times of wrong codes and SMS of each number, over all sessions.
#[derive(Default)]
pub(crate) struct NumberFacts {
    wrong: BTreeMap<String, Vec<UnixMillis>>,
    sms: BTreeMap<String, Vec<UnixMillis>>,
}

impl SessionFacts {
    pub(crate) fn new(session: &Session) -> Self {
        Self {
            sent: SentSecrets::default(),
            last_sms: None,
            wrong: 0,
            refused: 0,
            numbers: session.phone.iter().map(|phone| phone.digits().to_owned()).collect(),
            result: result(&session.possession),
            visit_started_at: None,
            is_image_loaded: false,
            device: None,
        }
    }

    fn is_visit_in_time(&self, now: UnixMillis) -> bool {
        self.visit_started_at.is_some_and(|at| now < at + CarrierVisit::LIFETIME)
    }
}

/// Whether another one is allowed in the window.
fn is_below(times: Option<&Vec<UnixMillis>>, max: u32, window: Duration, now: UnixMillis) -> bool {
    let recent = times.into_iter().flatten().filter(|at| now.since(**at) < window).count();
    max == 0 || recent < max as usize
}

pub(crate) fn check(checked: &Checked<'_>, recorded: Recorded, facts: &mut SessionFacts, numbers: &mut NumberFacts) {
    match checked.request {
        _ if checked.is_late() => {}
        AnyRequest::FinishOtp(_) => check_code(checked, recorded, facts, numbers),
        AnyRequest::StartOtp(_) | AnyRequest::StartLink(_) => check_start(checked, recorded, facts, numbers),
        AnyRequest::OpenLink(request) => check_link(checked, request.token.expose(), facts),
        AnyRequest::StartMobileAuth(request) => {
            if recorded.outcome == Some(Outcome::Accepted) {
                facts.sent.visits.push(request.vfp.expose().to_owned());
                facts.sent.visit_tokens.push(request.visit.token.expose().to_owned());
                facts.visit_started_at = Some(checked.now());
                facts.is_image_loaded = false;
            }
        }
        AnyRequest::VisitCarrier(request) => check_visit(checked, request, facts),
        AnyRequest::FinishMobileAuth(request) => {
            let is_value = facts.sent.visits.last().is_some_and(|vfp| vfp == request.vfp.expose());
            let is_right = is_value || (request.vfp.is_empty() && facts.is_image_loaded);
            let is_at_step = matches!(checked.old_session().possession, Possession::MobileAuth(_));
            let passes = is_right && is_at_step && facts.is_visit_in_time(checked.now());
            assert_eq!(checked.new_session().possession == Possession::Passed, passes);
        }
        _ => assert_ne!(checked.new_session().possession, Possession::Passed, "nothing else verifies possession"),
    }
    let result = result(&checked.new_session().possession);
    assert!(facts.result.is_none() || facts.result == result, "the result is final");
    facts.result = result;
    check_device(checked, facts);
}

/// The carrier gives the value of the newest visit alone, to whoever has its URL in time, and changes nothing but its image.
fn check_visit(checked: &Checked<'_>, request: &VisitCarrier, facts: &mut SessionFacts) {
    let (old, new) = (checked.old_session(), checked.new_session());
    let AnyAnswer::Carrier(answer) = &checked.applied.transition.answer else { panic!() };
    let is_at_step = matches!(old.possession, Possession::MobileAuth(_));
    let is_newest = facts.sent.visit_tokens.last().is_some_and(|token| token == request.token.expose());
    let (is_known, is_in_time) = (is_at_step && is_newest, facts.is_visit_in_time(checked.now()));
    match answer {
        CarrierAnswer::Value(CarrierBehaviour::ForeignValue, value) => {
            assert!(!facts.sent.visits.contains(&value.expose().to_owned()));
        }
        CarrierAnswer::Value(_, value) => assert_eq!(facts.sent.visits.last().unwrap(), value.expose()),
        CarrierAnswer::Image => {
            let behaviour = old.carrier_visit.as_ref().map(|visit| visit.behaviour);
            facts.is_image_loaded |= behaviour != Some(CarrierBehaviour::ForeignValue);
        }
        _ => {}
    }
    if !is_known {
        assert_eq!(*answer, CarrierAnswer::NotFound);
    } else if !is_in_time {
        assert_eq!(*answer, CarrierAnswer::Gone);
    }
    let mut expected = old.clone();
    if let Some(visit) = &mut expected.carrier_visit {
        visit.is_image_loaded = facts.is_image_loaded;
    }
    assert_eq!(*new, expected, "a visit changes nothing else");
}

/// Predicts the check of a code.
fn check_code(checked: &Checked<'_>, recorded: Recorded, facts: &mut SessionFacts, numbers: &mut NumberFacts) {
    let (old, now) = (checked.old_session(), checked.now());
    let AnyRequest::FinishOtp(request) = checked.request else { return };
    let digits = old.phone.as_ref().map(|phone| phone.digits().to_owned()).unwrap_or_default();
    let is_limited = old.phone.as_ref().is_some_and(|phone| !TestUser::has_known_code(phone));
    let (policy, behaviour) = (&old.policy, old.behaviour());
    let wrong = numbers.wrong.get(&digits);
    let left = policy.tries() - facts.wrong - 1;
    let expected = match &facts.last_sms {
        _ if !matches!(old.possession, Possession::Otp(_)) => Outcome::Refused,
        None => Outcome::Refused,
        Some((_, _, expires_at)) if now >= *expires_at || behaviour == Some(Behaviour::Expired) => Outcome::CodeExpired,
        _ if is_limited && !is_below(wrong, policy.tries_per_number, policy.number_window.into(), now) => {
            Outcome::TooManyTries
        }
        _ if facts.sent.codes.last().is_some_and(|code| code == request.otp.expose())
            && behaviour != Some(Behaviour::CodeWrong) =>
        {
            Outcome::Passed
        }
        _ if left == 0 => Outcome::AttemptsExhausted,
        _ => Outcome::WrongCode,
    };
    assert_eq!(recorded.outcome, Some(expected));
    let is_wrong = matches!(expected, Outcome::WrongCode | Outcome::AttemptsExhausted);
    let is_counted = is_wrong && is_limited && policy.tries_per_number > 0;
    assert_eq!(checked.applied.transition.attempts.is_some(), is_counted, "exactly the wrong codes count");
    if !is_wrong {
        return;
    }
    facts.wrong += 1;
    assert!(facts.wrong <= policy.tries());
    if expected == Outcome::WrongCode {
        let AnyAnswer::Client(ClientAnswer::Reply(reply)) = &checked.applied.transition.answer else { panic!() };
        assert_eq!(reply.data.as_ref().and_then(|data| data.attempts_left), Some(left.into()));
    }
    if is_limited {
        numbers.wrong.entry(digits).or_default().push(now);
    }
}

/// Predicts the SMS of a start whose number is accepted, and the bounds of those that are not.
fn check_start(checked: &Checked<'_>, recorded: Recorded, facts: &mut SessionFacts, numbers: &mut NumberFacts) {
    let (new, now) = (checked.new_session(), checked.now());
    if recorded.outcome == Some(Outcome::NumberRefused) {
        facts.refused += 1;
        assert!(facts.refused <= 6, "refusals without and with a number end");
    }
    let Some(phone) = &new.phone else { return assert_eq!(recorded.sms, 0, "no SMS without a number") };
    let digits = phone.digits().to_owned();
    if !facts.numbers.contains(&digits) {
        facts.numbers.push(digits.clone());
        assert!(facts.numbers.len() <= 3, "too many numbers");
    }
    let (policy, is_limited) = (&new.policy, !TestUser::has_known_code(phone));
    let sent = numbers.sms.entry(digits.clone()).or_default();
    let is_early =
        facts.last_sms.as_ref().is_some_and(|(to, at, _)| *to == digits && now < *at + policy.resend_pause.into());
    let is_allowed = (policy.sms_per_session == 0 || checked.old_session().sms_sent < policy.sms_per_session)
        && (!is_limited || is_below(Some(sent), policy.sms_per_number, policy.sms_window.into(), now));
    match recorded.outcome {
        Some(Outcome::Accepted) => assert!(!is_early && is_allowed && recorded.sms == 1),
        Some(Outcome::TooEarly) => assert!(is_early && recorded.sms == 0),
        Some(Outcome::TooManySms) => assert!(!is_early && !is_allowed && recorded.sms == 0),
        _ => assert_eq!(recorded.sms, 0),
    }
    let passes = is_passing(phone) && matches!(checked.request, AnyRequest::StartLink(_));
    assert!(passes || new.possession != Possession::Passed, "no request for an SMS verifies possession");
    let is_counted = recorded.sms == 1 && is_limited && policy.sms_per_number > 0;
    assert_eq!(checked.applied.transition.attempts.is_some(), is_counted, "exactly the SMS count");
    if recorded.sms == 0 {
        return;
    }
    sent.push(now);
    match checked.request {
        AnyRequest::StartOtp(request) => {
            let fresh: String = request.code.expose().chars().take(4).collect();
            facts.sent.codes.push(if is_limited { fresh } else { TestUser::CODE.to_owned() });
            facts.last_sms = Some((digits, now, now + policy.otp_lifetime.into()));
        }
        AnyRequest::StartLink(request) => {
            facts.sent.links.push(request.token.expose().to_owned());
            facts.last_sms = Some((digits, now, now + policy.link_lifetime.into()));
        }
        _ => {}
    }
}

fn is_passing(phone: &Phone) -> bool {
    let scenario = TestUser::find(phone).map(|user| user.scenario);
    scenario == Some(handset_sandbox_domain::TestUserScenario::PassesWithoutBrowser)
}

/// Predicts whether a link verifies possession: the newest one does, until its expiry.
fn check_link(checked: &Checked<'_>, token: &str, facts: &SessionFacts) {
    let scripted = matches!(checked.old_session().behaviour(), Some(Behaviour::LinkUsed | Behaviour::Expired));
    let is_newest = facts.sent.links.last().is_some_and(|newest| newest == token);
    let is_in_time = facts.last_sms.as_ref().is_some_and(|(_, _, expires_at)| checked.now() < *expires_at);
    let passes = is_newest && is_in_time && !scripted;
    let AnyAnswer::Page(page) = &checked.applied.transition.answer else { panic!() };
    assert_eq!(matches!(page, LinkPage::Confirmed(_)), passes, "{page:?}");
    assert_eq!(checked.new_session().possession == Possession::Passed, passes);
    let is_replaced = !is_newest && facts.sent.links.iter().any(|link| link == token);
    assert!(!is_replaced || matches!(page, LinkPage::Replaced | LinkPage::Expired), "{page:?}");
}

/// A session that has bound or kept a device reports the same one for ever.
fn check_device(checked: &Checked<'_>, facts: &mut SessionFacts) {
    let (AnyAnswer::UnifyStatus(Ok(reply)), ProductState::Unify(state)) =
        (&checked.applied.transition.answer, &checked.new_session().product)
    else {
        return;
    };
    if state.bound_at.is_some() && reply.prove_id.is_some() {
        let device = facts.device.get_or_insert_with(|| reply.device_id.clone());
        assert_eq!(*device, reply.device_id, "the device of a session stays");
    }
}
