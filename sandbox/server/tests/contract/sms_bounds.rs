//! The limits of SMS: of one session, and to one number within a window.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use handset_sandbox::{AppState, Config, OtpConfig, SmsConfig, SystemClock, SystemRandom};
use handset_sandbox_store::{MemoryStore, SqliteStore, Store};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::support::{BEGIN, OTHER_PHONE, PHONE, StartedSession, TEST_USER, TestSandbox};

/// As the sandbox does without settings.
const OF_SESSION: usize = 10;
const OF_NUMBER: usize = 100;

const STARTS: [(&str, &str); 2] = [("mobile", "mobile/otp/start"), ("desktop", "mobile/instantlink/start")];

fn too_many() -> Value {
    json!({"next": "done", "error": {"code": 10000, "message": "too many SMS were requested"}})
}

fn unlimited() -> Config {
    Config { rate_limit: 0, ..Config::default() }
}

async fn open(bench: &TestSandbox, flow: &str, number: Option<&str>) -> StartedSession {
    let mut body = json!({"flowType": flow, "allowOTPRetry": true, "finalTargetUrl": "https://shop.test/linked"});
    if let Some(number) = number {
        body["phoneNumber"] = number.into();
    }
    bench.start(body).await
}

fn asking(path: &str, number: Option<&str>) -> Value {
    let mut body = json!({});
    if path.contains("instantlink") {
        body["isMobile"] = false.into();
    }
    if let Some(number) = number {
        body["mobileNumber"] = number.into();
    }
    body
}

/// Requests an SMS: whether it was sent.
async fn is_sent(bench: &TestSandbox, started: &StartedSession, path: &str, number: Option<&str>) -> bool {
    let reply = bench.page(started, path, asking(path, number)).await;
    assert!(reply == too_many() || reply == json!({}), "{path}: {reply}");
    reply != too_many()
}

/// Opens sessions for a number, with ten SMS each, until one is refused. How many were sent.
async fn exhaust(bench: &TestSandbox, flow: &str, path: &str, number: &str, most: usize) -> usize {
    let before = bench.messages().await.len();
    for _ in 0..most.div_ceil(OF_SESSION) + 1 {
        let started = open(bench, flow, Some(number)).await;
        for _ in 0..OF_SESSION {
            if !is_sent(bench, &started, path, None).await {
                return bench.messages().await.len() - before;
            }
        }
    }
    bench.messages().await.len() - before
}

#[tokio::test(start_paused = true)]
async fn a_session_sends_ten_and_ends_with_the_next() {
    for (flow, path) in STARTS {
        let bench = TestSandbox::with(unlimited()).await;
        let started = open(&bench, flow, Some(PHONE)).await;
        for sent in 1..=OF_SESSION {
            assert!(is_sent(&bench, &started, path, None).await, "{flow}: {sent}");
        }
        for _ in 0..3 {
            assert!(!is_sent(&bench, &started, path, None).await, "{flow}: and it stays so");
        }
        assert_eq!(bench.messages().await.len(), OF_SESSION);
        assert!(bench.timeline_lines(&started, 0).await.iter().any(|line| line.ends_with("start too_many_sms")));
        assert!(!bench.validated(&started).await.0, "the relying party's server learns it");
        assert!(
            is_sent(&bench, &open(&bench, flow, Some(PHONE)).await, path, None).await,
            "another session has its own"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_gets_a_hundred_over_all_sessions() {
    for (flow, path) in STARTS {
        let bench = TestSandbox::with(unlimited()).await;
        assert_eq!(exhaust(&bench, flow, path, PHONE, OF_NUMBER).await, OF_NUMBER, "{flow}");
        for number in [format!("+1{PHONE}"), format!("1{PHONE}")] {
            let started = open(&bench, flow, Some(&number)).await;
            assert!(!is_sent(&bench, &started, path, None).await, "{flow}: however it is written");
            assert!(!bench.validated(&started).await.0);
        }
        let other = open(&bench, flow, Some(OTHER_PHONE)).await;
        assert!(is_sent(&bench, &other, path, None).await, "{flow}: another number has its own");
    }
}

#[tokio::test(start_paused = true)]
async fn codes_and_links_are_counted_together() {
    let bench =
        TestSandbox::with(Config { sms: SmsConfig { per_number: 2, ..SmsConfig::default() }, ..unlimited() }).await;
    for (flow, path) in STARTS {
        assert!(is_sent(&bench, &open(&bench, flow, Some(PHONE)).await, path, None).await);
    }
    for (flow, path) in STARTS {
        assert!(!is_sent(&bench, &open(&bench, flow, Some(PHONE)).await, path, None).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_that_is_typed_into_a_page_is_counted() {
    for (flow, path) in STARTS {
        let bench =
            TestSandbox::with(Config { sms: SmsConfig { per_number: 2, ..SmsConfig::default() }, ..unlimited() }).await;
        for _ in 0..2 {
            assert!(is_sent(&bench, &open(&bench, flow, None).await, path, Some(PHONE)).await);
        }
        assert!(!is_sent(&bench, &open(&bench, flow, None).await, path, Some(PHONE)).await, "given");
        let changing = open(&bench, flow, Some(OTHER_PHONE)).await;
        assert!(is_sent(&bench, &changing, path, None).await);
        assert!(!is_sent(&bench, &changing, path, Some(PHONE)).await, "changed");
        assert_eq!(bench.messages().await.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn the_window_moves() {
    let bench =
        TestSandbox::with(Config { sms: SmsConfig { per_number: 2, ..SmsConfig::default() }, ..unlimited() }).await;
    let (flow, path) = STARTS[0];
    let next = async || is_sent(&bench, &open(&bench, flow, Some(PHONE)).await, path, None).await;
    assert!(next().await);
    bench.pass_ms(600_000).await;
    assert!(next().await);
    bench.pass_ms(299_999).await;
    assert!(!next().await);
    bench.pass_ms(1).await;
    assert!(next().await);
    assert!(!next().await, "only the first is no longer counted");
}

#[tokio::test(start_paused = true)]
async fn bounds_and_window_are_settings() {
    let (flow, path) = STARTS[1];
    let config = Config { sms: SmsConfig { per_session: 2, per_number: 3, number_window_seconds: 5 }, ..unlimited() };
    let bench = TestSandbox::with(config).await;
    for _ in 0..2 {
        let started = open(&bench, flow, Some(PHONE)).await;
        let mut sent = Vec::new();
        for _ in 0..3 {
            sent.push(is_sent(&bench, &started, path, None).await);
        }
        assert_eq!(sent, [true, true, false]);
        let started = open(&bench, flow, Some(PHONE)).await;
        assert!(is_sent(&bench, &started, path, None).await);
        assert!(!is_sent(&bench, &started, path, None).await);
        bench.pass_ms(5000).await;
    }
    let bench = TestSandbox::with(Config {
        sms: SmsConfig { per_session: 0, per_number: 0, ..SmsConfig::default() },
        ..unlimited()
    })
    .await;
    let started = open(&bench, flow, Some(PHONE)).await;
    for _ in 0..2 * OF_NUMBER {
        assert!(is_sent(&bench, &started, path, None).await, "0 is any number");
    }
}

#[tokio::test(start_paused = true)]
async fn test_users_are_bounded_by_their_session_only() {
    let bench =
        TestSandbox::with(Config { sms: SmsConfig { per_number: 2, ..SmsConfig::default() }, ..unlimited() }).await;
    for (flow, path) in STARTS {
        for number in [TEST_USER, "2005550104"] {
            for _ in 0..3 {
                let started = open(&bench, flow, Some(number)).await;
                for _ in 0..OF_SESSION {
                    assert!(is_sent(&bench, &started, path, None).await);
                }
                assert!(!is_sent(&bench, &started, path, None).await);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_project_has_its_own_count_and_reset_forgets_it() {
    let bench =
        TestSandbox::with(Config { sms: SmsConfig { per_number: 1, ..SmsConfig::default() }, ..unlimited() }).await;
    let (flow, path) = STARTS[0];
    let next = async || is_sent(&bench, &open(&bench, flow, Some(PHONE)).await, path, None).await;
    assert!(next().await);
    assert_eq!(bench.post("/sandbox/reset?project=other", None, "{}").await.status, 204);
    assert!(!next().await, "a reset of another project changes nothing");
    bench.post("/sandbox/reset", None, "{}").await;
    assert!(next().await);
    assert!(!next().await);
}

#[tokio::test(start_paused = true)]
async fn an_early_resend_counts_for_nothing() {
    for (flow, path) in STARTS {
        let bench = TestSandbox::with(Config {
            sms: SmsConfig { per_session: 2, ..SmsConfig::default() },
            otp: OtpConfig { resend_pause_seconds: 30, ..OtpConfig::default() },
            ..unlimited()
        })
        .await;
        let started = open(&bench, flow, Some(PHONE)).await;
        for _ in 0..20 {
            assert!(is_sent(&bench, &started, path, None).await);
        }
        assert_eq!(bench.messages().await.len(), 1);
        bench.pass_ms(30_000).await;
        assert!(is_sent(&bench, &started, path, None).await);
        assert_eq!(bench.messages().await.len(), 2);
        assert!(is_sent(&bench, &started, path, None).await, "too early, not too many: the last one stays good");
        bench.pass_ms(30_000).await;
        assert!(!is_sent(&bench, &started, path, None).await);
        assert_eq!(bench.messages().await.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_waits_for_the_pause_as_a_code_does() {
    let (flow, path) = STARTS[1];
    let bench = TestSandbox::with(Config {
        otp: OtpConfig { resend_pause_seconds: 30, ..OtpConfig::default() },
        ..unlimited()
    })
    .await;
    let started = open(&bench, flow, Some(PHONE)).await;
    let first = bench.page_with_times(&started, path, asking(path, None)).await;
    assert_eq!(first, json!({"serverTime": BEGIN, "expiresAt": BEGIN + 180_000, "resendAt": BEGIN + 30_000}));
    bench.pass_ms(29_999).await;
    let early = bench.page_with_times(&started, path, asking(path, Some(""))).await;
    let times = json!({"serverTime": BEGIN + 29_999, "expiresAt": BEGIN + 180_000, "resendAt": BEGIN + 30_000});
    assert_eq!(early, times, "those of the SMS that was sent");
    assert_eq!(bench.timeline_lines(&started, 0).await.last().unwrap(), "backend>client link_start too_early");
    assert_eq!(bench.messages().await.len(), 1);
    let changed = bench.page_with_times(&started, path, asking(path, Some(OTHER_PHONE))).await;
    assert_eq!(changed["resendAt"], BEGIN + 59_999, "another number does not wait");
    assert_eq!(bench.messages().await.len(), 2);
    bench.pass_ms(29_999).await;
    bench.page(&started, path, asking(path, None)).await;
    let messages = bench.messages().await;
    assert_eq!(messages.len(), 2, "still too early");
    let url = messages[1]["url"].as_str().unwrap();
    let opened = bench.get(&url[url.find("/l/").unwrap()..]).await;
    assert_eq!(opened.status, 303, "the link that was sent is still good");
    assert!(bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn the_same_number_refused_again_and_again_ends_the_flow() {
    let numbers = ["not a number", "2001004014", "2005550101", "+1"];
    for (flow, path) in STARTS {
        for number in numbers {
            let bench = TestSandbox::with(unlimited()).await;
            let started = open(&bench, flow, None).await;
            for turn in 1..=3 {
                let reply = bench.page(&started, path, asking(path, Some(number))).await;
                assert_eq!(reply["data"]["code"], 10001, "{flow}, {number}, {turn}: {reply}");
            }
            let over = json!({"next": "done", "error": {"code": 10000, "message": "too many phone numbers"}});
            for _ in 0..2 {
                assert_eq!(bench.page(&started, path, asking(path, Some(number))).await, over, "{flow}, {number}");
            }
            assert!(!bench.validated(&started).await.0);
            assert_eq!(bench.messages().await, Vec::<Value>::new());
        }
    }
}

/// Asks sixty sessions of a number, half for codes and half for links, for eight SMS each, all at once.
async fn ask_at_once(store: impl Store) {
    let random = Arc::new(SystemRandom::new().unwrap());
    let state = AppState::with_store(unlimited(), Arc::new(SystemClock), random, Arc::new(store));
    let bench = TestSandbox::on(state).await;
    let mut asked = JoinSet::new();
    for session in 0..60 {
        let (flow, path) = STARTS[session % 2];
        // In every other the page gives the number.
        let is_typed = session % 4 > 1;
        let started = open(&bench, flow, (!is_typed).then_some(PHONE)).await;
        for _ in 0..8 {
            let request = Request::post(format!("/v1/client/{path}"))
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {}", started.auth_token.expose()))
                .body(Body::from(asking(path, is_typed.then_some(PHONE)).to_string()))
                .unwrap();
            let app = bench.app.clone();
            asked.spawn(async move {
                let response = app.oneshot(request).await.unwrap();
                assert_eq!(response.status(), 200);
                let reply = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
                serde_json::from_slice::<Value>(&reply).unwrap() != too_many()
            });
        }
    }
    let replies = asked.join_all().await;
    let sent = replies.iter().filter(|is_sent| **is_sent).count();
    assert_eq!((replies.len(), sent, bench.messages().await.len()), (480, OF_NUMBER, OF_NUMBER));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_once_are_limited_exactly() {
    ask_at_once(MemoryStore::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_once_are_limited_exactly_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    ask_at_once(SqliteStore::open(&folder.path().join("sandbox.db")).unwrap()).await;
}

#[tokio::test]
async fn a_restart_does_not_reset_the_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (flow, path) = STARTS[0];
    let mut tokens = Vec::new();
    for round in 0..3 {
        let store = Arc::new(SqliteStore::open(&folder.path().join("sandbox.db")).unwrap());
        let random = Arc::new(SystemRandom::new().unwrap());
        let config = Config { sms: SmsConfig { per_session: 2, per_number: 5, ..SmsConfig::default() }, ..unlimited() };
        let bench = TestSandbox::on(AppState::open(config, Arc::new(SystemClock), random, store).await.unwrap()).await;
        if round < 2 {
            let started = open(&bench, flow, Some(PHONE)).await;
            assert!(is_sent(&bench, &started, path, None).await);
            tokens.push(started);
        }
        let sent =
            [is_sent(&bench, &tokens[0], path, None).await, is_sent(&bench, &tokens[round.min(1)], path, None).await];
        let expected = [[true, false], [false, true], [false, false]];
        assert_eq!(sent, expected[round], "{round}");
    }
}
