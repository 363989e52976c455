//! What must hold after every flow, however it went.

use handset::flow::{Detail, Rejection, State};

use handset_test_logs::{Logs, is_searchable};

use super::{CODE, End, NUMBER, ORIGIN, OTHER_CODE, OTHER_NUMBER};
use crate::tables;

/// All that could be logged of the flows of these tests, and what must not be in it.
static LOGS: Logs = Logs::new("flow");

/// `is_sound`: the token is one that a backend could have issued, not a text that a test made up.
pub(crate) fn check(end: &End, token: &str, is_sound: bool) {
    assert!(end.world.alive().is_empty(), "left: {:?}", end.world.alive());
    check_auth_finish(end);
    check_last_event(end);
    check_tables(end);
    check_requests(end, token);
    check_secrets(end, token, is_sound);
}

/// At most once, after `done` only, with the token's own authId.
fn check_auth_finish(end: &End) {
    let finishes = end.page.finishes.borrow();
    assert!(finishes.len() <= 1, "AuthFinishStep ran {} times", finishes.len());
    for finish in finishes.iter() {
        assert!(finish.after_done, "AuthFinishStep ran although the backend never said done");
        assert_eq!(finish.auth_id, "auth-id-1");
    }
}

/// The last event, and only it, is an end, and says what the promise says.
fn check_last_event(end: &End) {
    let events = end.page.events.borrow();
    let is_end = |state| matches!(state, State::Done | State::Ended | State::Failed | State::Cancelled);
    let ends = events.iter().filter(|(_, detail)| is_end(detail.state)).count();
    let Some(result) = &end.result else {
        assert_eq!(ends, 0, "a flow that was stopped tells nothing more");
        return;
    };
    assert_eq!(ends, 1, "exactly one event tells the end");
    let (_, last) = events.last().unwrap();
    match (result, last.state) {
        (Ok(()), State::Done) => assert_eq!(end.page.finishes.borrow().len(), 1),
        (Ok(()), State::Ended) => assert!(end.page.finishes.borrow().is_empty()),
        (Err(Rejection::Page(_)), State::Failed) => {}
        (Err(Rejection::Flow(failure)), State::Failed) => {
            let told = last.failure.as_ref().expect("the last event says why");
            assert_eq!((told.kind, told.code, &told.message), (failure.kind, failure.code, &failure.message));
        }
        (result, state) => panic!("{result:?} does not go with {state:?}"),
    }
    assert!(last.step.is_empty() && last.expires_at.is_none() && last.socket.is_none(), "{last:?}");
}

/// Only edges of the table, and only members that belong to their states.
fn check_tables(end: &End) {
    let told: Vec<_> =
        end.page.events.borrow().iter().map(|(_, detail)| (detail.state.as_str(), members(detail))).collect();
    let strays = tables::strays(&told);
    assert!(strays.is_empty(), "{strays:?} in {told:?}");
}

/// The members that the page would see.
fn members(detail: &Detail) -> Vec<&'static str> {
    let optional = [
        ("expiresAt", detail.expires_at.is_some()),
        ("resendAt", detail.resend_at.is_some()),
        ("attemptsLeft", detail.attempts_left.is_some()),
        ("failure", detail.failure.is_some()),
        ("socket", detail.socket.is_some()),
    ];
    let present = optional.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name);
    ["state", "step"].into_iter().chain(present).collect()
}

/// The backend of the token, with its token and a version text, and nothing else.
fn check_requests(end: &End, token: &str) {
    for sent in end.world.requests.borrow().iter() {
        assert_eq!(sent.url, format!("{ORIGIN}{}", sent.path));
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

/// No token, number or code in an event, a failure, a report, or a body that it does not belong in.
fn check_secrets(end: &End, token: &str, is_sound: bool) {
    let mut texts: Vec<String> = Vec::new();
    // Times aside: a code may well be among their digits.
    let untimed = |detail: &Detail| format!("{:?}", Detail { expires_at: None, resend_at: None, ..detail.clone() });
    texts.extend(end.page.events.borrow().iter().map(|(_, detail)| untimed(detail)));
    texts.extend(end.page.finishes.borrow().iter().map(|finish| format!("{finish:?}")));
    texts.extend(end.result.iter().map(|result| format!("{result:?}")));
    for sent in end.world.requests.borrow().iter() {
        let mut body = sent.body.clone();
        if sent.path.ends_with("/start") {
            body["mobileNumber"] = "".into();
        } else if sent.path.ends_with("/finish") {
            body["otp"] = "".into();
        }
        texts.push(body.to_string());
    }
    write_down(&texts);
    // Of the texts that tests make up some are nothing that could be searched for, and nobody's secret.
    if is_sound || is_searchable("token", token) {
        LOGS.secret("token", token);
    }
    let secrets = end.page.secrets.borrow();
    for secret in secrets.iter().map(String::as_str).chain([token]).filter(|secret| secret.len() >= 4) {
        let leak = texts.iter().find(|text| text.contains(secret));
        assert!(leak.is_none(), "a secret in {leak:?}");
    }
}

/// For the check of the logs of all suites. What a property draws at random may be any number, so it is not named there.
fn write_down(texts: &[String]) {
    texts.iter().for_each(|text| LOGS.write(text));
    [NUMBER, OTHER_NUMBER].iter().for_each(|number| LOGS.secret("number", number));
    [CODE, OTHER_CODE].iter().for_each(|code| LOGS.secret("code", code));
}
