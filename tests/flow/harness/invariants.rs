//! The invariants of every flow, whatever its ending.

use handset::flow::{Detail, FlowState, Rejection};

use handset_test_logs::{Logs, is_searchable};

use super::{
    ended_flow::EndedFlow,
    inputs::{CODE, NUMBER, OTHER_CODE, OTHER_NUMBER},
    token::ORIGIN,
};
use crate::tables;

/// The logs of these tests' flows, and the secrets that must not be in them.
static LOGS: Logs = Logs::new("flow");

/// Checks every invariant. `is_sound` says that a backend could have issued the token.
pub(crate) fn check(end: &EndedFlow, token: &str, is_sound: bool) {
    assert!(end.world.alive().is_empty(), "left: {:?}", end.world.alive());
    check_auth_finish(end);
    check_last_event(end);
    check_tables(end);
    check_requests(end, token);
    check_saved(end);
    check_secrets(end, token, is_sound);
}

/// AuthFinishStep runs at most once, only after `done`, and with the token's own authId.
fn check_auth_finish(end: &EndedFlow) {
    let finishes = end.page.finishes.borrow();
    assert!(finishes.len() <= 1, "AuthFinishStep ran {} times", finishes.len());
    for finish in finishes.iter() {
        assert!(finish.after_done, "AuthFinishStep ran although the backend never said done");
        assert_eq!(finish.auth_id, "auth-id-1");
    }
}

/// Only the last event has a state of the end, and it agrees with the promise.
fn check_last_event(end: &EndedFlow) {
    let events = end.page.events.borrow();
    let is_end = |state| matches!(state, FlowState::Done | FlowState::Ended | FlowState::Failed | FlowState::Cancelled);
    let ends = events.iter().filter(|(_, detail)| is_end(detail.state)).count();
    let Some(result) = &end.result else {
        assert_eq!(ends, 0, "a flow that was stopped tells nothing more");
        return;
    };
    assert_eq!(ends, 1, "exactly one event tells the end");
    let (_, last) = events.last().unwrap();
    match (result, last.state) {
        (Ok(()), FlowState::Done) => assert_eq!(end.page.finishes.borrow().len(), 1),
        (Ok(()), FlowState::Ended) => assert!(end.page.finishes.borrow().is_empty()),
        (Err(Rejection::Page(_)), FlowState::Failed) => {}
        (Err(Rejection::Flow(failure)), FlowState::Failed) => {
            let shown = last.failure.as_ref().expect("the last event says why");
            assert_eq!((shown.kind, shown.code, &shown.message), (failure.kind, failure.code, &failure.message));
        }
        (result, state) => panic!("{result:?} does not go with {state:?}"),
    }
    assert!(last.step.is_empty() && last.expires_at.is_none() && last.socket.is_none(), "{last:?}");
}

/// Events follow the edges of the table, and hold only members that belong to their states.
fn check_tables(end: &EndedFlow) {
    let events: Vec<_> =
        end.page.events.borrow().iter().map(|(_, detail)| (detail.state.as_str(), members(detail))).collect();
    let strays = tables::strays(&events);
    assert!(strays.is_empty(), "{strays:?} in {events:?}");
}

/// The members of the event that a page sees.
fn members(detail: &Detail) -> Vec<&'static str> {
    let optional = [
        ("expiresAt", detail.expires_at.is_some()),
        ("resendAt", detail.resend_at.is_some()),
        ("attemptsLeft", detail.attempts_left.is_some()),
        ("failure", detail.failure.is_some()),
        ("resumed", detail.resumed.is_some()),
        ("socket", detail.socket.is_some()),
    ];
    let present = optional.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name);
    ["state", "step"].into_iter().chain(present).collect()
}

/// Requests and sockets go to the backend of the token, with the token and a version text.
fn check_requests(end: &EndedFlow, token: &str) {
    for sent in end.world.requests.borrow().iter() {
        assert_eq!(sent.url, format!("{}{}", end.world.origin.borrow(), sent.path));
        assert_eq!(sent.token, token);
        assert!(sent.version.starts_with("Handset/") && sent.version.ends_with(" Contract/2.15.1 WEB/1"));
        assert!(sent.body.is_object(), "{:?}", sent.body);
    }
    for socket in end.world.sockets.borrow().iter() {
        let token = token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert_eq!(socket.url, format!("{}/v1/client/status?token={token}", ORIGIN.replacen("http", "ws", 1)));
        assert!(socket.sent.borrow().iter().all(|(_, text)| text == "ping"));
    }
}

/// The text is removed before the last event, and only then.
fn check_saved(end: &EndedFlow) {
    let saved = end.page.saved.borrow();
    let removed = saved.iter().filter(|(_, text)| text.is_empty()).count();
    let was_accepted = end.page.events.borrow().len() > 1;
    assert_eq!(removed, usize::from(end.result.is_some() && was_accepted), "{saved:?}");
    assert!(removed == 0 || saved.last().is_some_and(|(_, text)| text.is_empty()), "{saved:?}");
    assert!(saved.iter().all(|(_, text)| text.len() < 200), "{saved:?}");
}

/// No token, number or code is in an event, a stored text, a failure, a report, or the body of another request.
fn check_secrets(end: &EndedFlow, token: &str, is_sound: bool) {
    let mut texts: Vec<String> = Vec::new();
    // Without times: their digits may contain a code by chance.
    let untimed = |detail: &Detail| format!("{:?}", Detail { expires_at: None, resend_at: None, ..detail.clone() });
    texts.extend(end.page.events.borrow().iter().map(|(_, detail)| untimed(detail)));
    texts.extend(end.page.saved.borrow().iter().map(|(_, text)| text.clone()));
    texts.extend(end.page.finishes.borrow().iter().map(|finish| format!("{finish:?}")));
    texts.extend(end.result.iter().map(|result| format!("{result:?}")));
    for sent in end.world.requests.borrow().iter() {
        let mut body = sent.body.clone();
        if sent.path.ends_with("/start") {
            body["mobileNumber"] = "".into();
        } else if sent.path.ends_with("/finish") {
            body["otp"] = "".into();
            body["vfp"] = "".into();
        }
        texts.push(body.to_string());
    }
    write_down(&texts);
    // Some texts of tests in the place of a token are too short for a search, and nobody's secret.
    if is_sound || is_searchable("token", token) {
        LOGS.secret("token", token);
    }
    let secrets = end.page.secrets.borrow();
    for secret in secrets.iter().map(String::as_str).chain([token]).filter(|secret| secret.len() >= 4) {
        let leak = texts.iter().find(|text| text.contains(secret));
        assert!(leak.is_none(), "a secret in {leak:?}");
    }
}

/// Writes the texts for the check of the logs of all suites. A property's random input may be any number, so it is not
/// registered as a secret.
fn write_down(texts: &[String]) {
    texts.iter().for_each(|text| LOGS.write(text));
    [NUMBER, OTHER_NUMBER].iter().for_each(|number| LOGS.secret("number", number));
    [CODE, OTHER_CODE].iter().for_each(|code| LOGS.secret("code", code));
}
