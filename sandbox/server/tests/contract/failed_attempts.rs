//! The limit of wrong codes for one number, over all its sessions, resends and requests at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use handset_sandbox::{AppState, Config, OtpConfig, SmsConfig, SystemClock, SystemRandom};
use handset_sandbox_store::{MemoryStore, SqliteStore, Store};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::support::{OTHER_PHONE, PHONE, StartedSession, TEST_USER, TestSandbox, wrong};

/// As the sandbox does without settings.
const LIMIT: usize = 10;

const START: &str = "mobile/otp/start";
const FINISH: &str = "mobile/otp/finish";

fn spent() -> Value {
    json!({"next": "done", "error": {"code": 10000, "message": "too many wrong codes were tried for this number"}})
}

async fn bench() -> TestSandbox {
    TestSandbox::with(unlimited()).await
}

/// No limit but that of wrong codes.
fn unlimited() -> Config {
    Config {
        rate_limit: 0,
        sms: SmsConfig { per_session: 0, per_number: 0, ..SmsConfig::default() },
        ..Config::default()
    }
}

/// A session of that number, with a code on its way.
async fn begin(bench: &TestSandbox, number: &str) -> (StartedSession, String) {
    let started = bench
        .start(json!({"flowType": "mobile", "phoneNumber": number, "allowOTPRetry": true, "smsMessage": "######"}));
    let started = started.await;
    bench.page(&started, START, json!({})).await;
    let code = bench.code().await;
    (started, code)
}

async fn finish(bench: &TestSandbox, started: &StartedSession, code: &str) -> Value {
    bench.page(started, FINISH, json!({"otp": code})).await
}

/// Submits so many wrong codes, in as many sessions as that takes.
async fn submit_wrong_codes(bench: &TestSandbox, number: &str, times: usize) {
    for tried in 0..times {
        let (started, code) = begin(bench, number).await;
        let reply = finish(bench, &started, &wrong(&code)).await;
        assert_eq!(reply["data"]["code"], 10000, "{tried}: {reply}");
    }
}

/// Whether a code of a new session is checked.
async fn is_checked(bench: &TestSandbox, number: &str) -> bool {
    let (started, code) = begin(bench, number).await;
    let reply = finish(bench, &started, &code).await;
    assert!(reply == spent() || reply == json!({"next": "done"}), "{reply}");
    assert_eq!(bench.validated(&started).await.0, reply != spent());
    reply != spent()
}

#[tokio::test(start_paused = true)]
async fn wrong_codes_are_counted_over_all_sessions_of_a_number() {
    let bench = bench().await;
    submit_wrong_codes(&bench, PHONE, LIMIT).await;
    let (started, code) = begin(&bench, PHONE).await;
    assert_eq!(finish(&bench, &started, &code).await, spent(), "not even the right one");
    assert_eq!(bench.timeline_lines(&started, 0).await.last().unwrap(), "backend>client otp_finish too_many_tries");
    assert_eq!(finish(&bench, &started, &code).await, spent(), "and it stays so");
    assert!(!bench.validated(&started).await.0);
    assert!(is_checked(&bench, OTHER_PHONE).await, "another number has its own");
}

#[tokio::test(start_paused = true)]
async fn a_resend_does_not_reset_the_count() {
    let bench = bench().await;
    submit_wrong_codes(&bench, PHONE, LIMIT - 1).await;
    let (started, code) = begin(&bench, PHONE).await;
    finish(&bench, &started, &wrong(&code)).await;
    for _ in 0..3 {
        bench.page(&started, START, json!({})).await;
    }
    bench.page(&started, START, json!({"mobileNumber": OTHER_PHONE})).await;
    bench.page(&started, START, json!({"mobileNumber": PHONE})).await;
    assert_eq!(finish(&bench, &started, &bench.code().await).await, spent(), "nor does a change and back");
}

#[tokio::test(start_paused = true)]
async fn a_number_is_the_same_however_it_is_written() {
    let bench = bench().await;
    for number in [format!("+1{PHONE}"), format!("({}) {}-{}", &PHONE[..3], &PHONE[3..6], &PHONE[6..])] {
        submit_wrong_codes(&bench, &number, LIMIT / 2).await;
    }
    assert!(!is_checked(&bench, PHONE).await);
}

#[tokio::test(start_paused = true)]
async fn a_right_code_is_not_counted() {
    let bench = bench().await;
    for _ in 0..2 * LIMIT {
        assert!(is_checked(&bench, PHONE).await);
    }
    submit_wrong_codes(&bench, PHONE, LIMIT - 1).await;
    assert!(is_checked(&bench, PHONE).await);
    submit_wrong_codes(&bench, PHONE, 1).await;
    assert!(!is_checked(&bench, PHONE).await, "nor does it take back what was counted");
}

#[tokio::test(start_paused = true)]
async fn the_window_moves() {
    let bench = bench().await;
    submit_wrong_codes(&bench, PHONE, 1).await;
    bench.pass_ms(600_000).await;
    submit_wrong_codes(&bench, PHONE, LIMIT - 1).await;
    bench.pass_ms(299_999).await;
    assert!(!is_checked(&bench, PHONE).await);
    bench.pass_ms(1).await;
    submit_wrong_codes(&bench, PHONE, 1).await;
    assert!(!is_checked(&bench, PHONE).await, "only the first is no longer counted");
    bench.pass_ms(600_000).await;
    submit_wrong_codes(&bench, PHONE, LIMIT - 1).await;
}

#[tokio::test(start_paused = true)]
async fn limit_and_window_are_settings() {
    let config = Config {
        otp: OtpConfig { tries_per_number: 2, number_window_seconds: 5, ..OtpConfig::default() },
        ..unlimited()
    };
    let bench = TestSandbox::with(config).await;
    for _ in 0..2 {
        submit_wrong_codes(&bench, PHONE, 2).await;
        assert!(!is_checked(&bench, PHONE).await);
        bench.pass_ms(5000).await;
    }
    let bench =
        TestSandbox::with(Config { otp: OtpConfig { tries_per_number: 0, ..OtpConfig::default() }, ..unlimited() })
            .await;
    submit_wrong_codes(&bench, PHONE, 5 * LIMIT).await;
    assert!(is_checked(&bench, PHONE).await, "0 is any number");
}

#[tokio::test(start_paused = true)]
async fn known_codes_are_exempt() {
    let bench = bench().await;
    for number in [TEST_USER, "2005550100"] {
        for _ in 0..2 * LIMIT {
            let (started, _) = begin_twice(&bench, number).await;
            assert_eq!(finish(&bench, &started, "1235").await["data"]["attemptsLeft"], 2);
        }
        let (started, _) = begin_twice(&bench, number).await;
        assert_eq!(finish(&bench, &started, "1234").await, json!({"next": "done"}));
    }
}

/// A session of a number that the first request for an SMS may refuse, and the reply to the second.
async fn begin_twice(bench: &TestSandbox, number: &str) -> (StartedSession, Value) {
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": number, "allowOTPRetry": true})).await;
    bench.page(&started, START, json!({})).await;
    let reply = bench.page(&started, START, json!({})).await;
    (started, reply)
}

#[tokio::test(start_paused = true)]
async fn a_project_has_its_own_count_and_reset_forgets_it() {
    let bench = bench().await;
    submit_wrong_codes(&bench, PHONE, LIMIT).await;
    let other = bench.post("/sandbox/reset?project=other", None, "{}").await;
    assert_eq!(other.status, 204);
    assert!(!is_checked(&bench, PHONE).await, "a reset of another project changes nothing");
    bench.post("/sandbox/reset", None, "{}").await;
    submit_wrong_codes(&bench, PHONE, LIMIT).await;
    assert!(!is_checked(&bench, PHONE).await);
}

/// How often each thing became of a code, by the timelines.
async fn outcomes(bench: &TestSandbox, all: &[(StartedSession, String)]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for (started, _) in all {
        for line in bench.timeline_lines(started, 0).await {
            if let Some(outcome) = line.strip_prefix("backend>client otp_finish ") {
                *outcomes.entry(outcome.to_owned()).or_default() += 1;
            }
        }
    }
    outcomes
}

const CHECKED: [&str; 3] = ["wrong_code", "attempts_exhausted", "passed"];

fn checked(outcomes: &BTreeMap<String, usize>) -> usize {
    outcomes.iter().filter(|(outcome, _)| CHECKED.contains(&outcome.as_str())).map(|(_, count)| count).sum()
}

/// A request of the page.
struct PageRequest<'a> {
    path: &'static str,
    body: Value,
    of: &'a StartedSession,
    /// Sent only once a code was not checked.
    is_late: bool,
}

/// Sends requests at once.
async fn at_once(bench: &TestSandbox, requests: impl Iterator<Item = PageRequest<'_>>) {
    let is_spent = watch::Sender::new(false);
    let mut running = JoinSet::new();
    for PageRequest { path, body, of, is_late } in requests {
        let request = Request::post(format!("/v1/client/{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", of.auth_token.expose()))
            .body(Body::from(body.to_string()))
            .unwrap();
        let (app, is_spent) = (bench.app.clone(), is_spent.clone());
        running.spawn(async move {
            if is_late {
                is_spent.subscribe().wait_for(|is_spent| *is_spent).await.unwrap();
            }
            let response = app.oneshot(request).await.unwrap();
            assert_eq!(response.status(), 200);
            let reply = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            if serde_json::from_slice::<Value>(&reply).unwrap() == spent() {
                is_spent.send_replace(true);
            }
        });
    }
    running.join_all().await;
}

/// Forty times as many codes for one number at once as there are sessions, with resends: in each session wrong ones
/// first, and the right one among the later. A right code that is checked before the last wrong one that may be is
/// rightly accepted, so none is sent before that.
async fn submit_at_once(store: impl Store, sessions: usize) {
    const EACH: usize = 40;
    let random = Arc::new(SystemRandom::new().unwrap());
    let config = unlimited();
    let bench = TestSandbox::on(AppState::with_store(config, Arc::new(SystemClock), random, Arc::new(store))).await;
    let mut all = Vec::new();
    for _ in 0..sessions {
        all.push(begin(&bench, PHONE).await);
    }
    let codes = (0..EACH).flat_map(|turn| {
        all.iter().map(move |(of, code)| {
            let is_right = turn > 3 && turn % 4 == 0;
            let is_resend = turn % 20 == 19;
            let body = json!({"otp": if is_right { code.clone() } else { wrong(code) }});
            let (path, body) = if is_resend { (START, json!({})) } else { (FINISH, body) };
            PageRequest { path, body, of, is_late: is_right }
        })
    });
    // In the place of the resends.
    let more = all.iter().flat_map(|(of, code)| {
        [(); 2].map(|()| PageRequest { path: FINISH, body: json!({"otp": wrong(code)}), of, is_late: false })
    });
    at_once(&bench, codes.chain(more)).await;
    let outcomes = outcomes(&bench, &all).await;
    assert_eq!(outcomes.values().sum::<usize>(), sessions * EACH, "each was answered: {outcomes:?}");
    assert_eq!((checked(&outcomes), outcomes.get("passed")), (LIMIT, None), "{outcomes:?}");
    assert!(!is_checked(&bench, PHONE).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_at_once_are_not_checked_beyond_the_limit() {
    submit_at_once(MemoryStore::new(), 250).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_thousand_at_once_are_not_checked_beyond_the_limit_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    submit_at_once(SqliteStore::open(&folder.path().join("sandbox.db")).unwrap(), 75).await;
}

#[tokio::test]
async fn a_restart_does_not_reset_the_count() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let store = Arc::new(SqliteStore::open(&folder.path().join("sandbox.db")).unwrap());
        let random = Arc::new(SystemRandom::new().unwrap());
        let config = unlimited();
        let state = AppState::open(config, Arc::new(SystemClock), random, store).await.unwrap();
        let bench = TestSandbox::on(state).await;
        match round {
            0 => submit_wrong_codes(&bench, PHONE, LIMIT - 1).await,
            1 => submit_wrong_codes(&bench, PHONE, 1).await,
            _ => assert!(!is_checked(&bench, PHONE).await),
        }
    }
}

/// Codes of one session at once, the right one last: how often each thing became of a code, and how the session ended.
async fn submit_in_one_session(wrong_codes: usize, right_codes: usize) -> (BTreeMap<String, usize>, (bool, Value)) {
    let random = Arc::new(SystemRandom::new().unwrap());
    let config = Config { otp: OtpConfig { tries_per_number: 0, ..OtpConfig::default() }, ..unlimited() };
    let store = Arc::new(MemoryStore::new());
    let bench = TestSandbox::on(AppState::with_store(config, Arc::new(SystemClock), random, store)).await;
    let all = [begin(&bench, PHONE).await];
    let (started, code) = &all[0];
    let codes = (0..wrong_codes).map(|_| wrong(code)).chain((0..right_codes).map(|_| code.clone()));
    let asking = |code| PageRequest { path: FINISH, body: json!({"otp": code}), of: started, is_late: false };
    at_once(&bench, codes.map(asking)).await;
    let ending = tokio::time::timeout(Duration::from_secs(20), bench.validated(started)).await.unwrap();
    (outcomes(&bench, &all).await, ending)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_has_its_limit_for_codes_at_once_too() {
    let exhausted = (false, json!({"done": "done"}));
    let (outcomes, ending) = submit_in_one_session(200, 0).await;
    let count = |outcomes: &BTreeMap<String, usize>, outcome| outcomes.get(outcome).copied().unwrap_or(0);
    let checked = |outcomes| CHECKED.map(|outcome| count(outcomes, outcome));
    assert_eq!((checked(&outcomes), &ending), ([2, 1, 0], &exhausted), "{outcomes:?}");

    // As the threads run, the right code passes before the limit is reached, or comes too late.
    let (outcomes, ending) = submit_in_one_session(100, 100).await;
    match checked(&outcomes) {
        [0..3, 0, 1] => assert_eq!(ending, (true, json!({"v3-complete": "/v3/complete"})), "{outcomes:?}"),
        [2, 1, 0] => assert_eq!(ending, exhausted, "{outcomes:?}"),
        _ => panic!("{outcomes:?}"),
    }
}
