//! The page's requests of a flow with a code: sending, checking, attempts, resends and changes of the number.

use handset_sandbox::{Config, OtpConfig, SmsConfig};
use serde_json::{Value, json};

use crate::support::{BEGIN, OTHER_PHONE, PHONE, StartedSession, TEST_USER, TestSandbox, wrong};

fn sent() -> Value {
    json!({})
}

fn done() -> Value {
    json!({"next": "done"})
}

fn ended(message: &str) -> Value {
    json!({"next": "done", "error": {"code": 10000, "message": message}})
}

fn refused(message: &str) -> Value {
    json!({"data": {"code": 10001, "message": message}})
}

fn try_again(left: u32) -> Value {
    json!({"data": {"code": 10000, "message": "the code is wrong", "attemptsLeft": left}})
}

async fn start(bench: &TestSandbox, started: &StartedSession) -> Value {
    bench.page(started, "mobile/otp/start", json!({})).await
}

async fn start_with(bench: &TestSandbox, started: &StartedSession, number: &str) -> Value {
    bench.page(started, "mobile/otp/start", json!({"mobileNumber": number})).await
}

async fn finish(bench: &TestSandbox, started: &StartedSession, code: &str) -> Value {
    bench.page(started, "mobile/otp/finish", json!({"otp": code})).await
}

/// A session whose code was sent, and the code.
async fn with_code(bench: &TestSandbox, retry: bool) -> (StartedSession, String) {
    let started = bench.otp(retry).await;
    assert_eq!(start(bench, &started).await, sent());
    (started, bench.code().await)
}

async fn numberless(bench: &TestSandbox) -> StartedSession {
    bench.start(json!({"flowType": "mobile"})).await
}

#[tokio::test(start_paused = true)]
async fn start_with_the_known_number_sends_the_code() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    assert_eq!(start(&bench, &started).await, sent());
    let messages = bench.messages().await;
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!((&message["to"], &message["kind"]), (&json!(PHONE), &json!("otp")));
    assert_eq!((&message["sentAt"], &message["expiresAt"]), (&json!(BEGIN), &json!(BEGIN + 120_000)));
    assert_eq!(message["authId"], bench.session(&started).await["authId"]);
    assert_eq!(message["code"].as_str().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn start_with_a_given_number_sends_the_code() {
    let bench = TestSandbox::new().await;
    let started = numberless(&bench).await;
    assert_eq!(start_with(&bench, &started, OTHER_PHONE).await, sent());
    assert_eq!(bench.messages().await[0]["to"], OTHER_PHONE);
    assert_eq!(finish(&bench, &started, &bench.code().await).await, done());
    assert_eq!(bench.validate(&started).await.json()["phoneNumber"], OTHER_PHONE);
}

#[tokio::test(start_paused = true)]
async fn start_without_any_number_is_refused() {
    let bench = TestSandbox::new().await;
    let started = numberless(&bench).await;
    assert_eq!(start(&bench, &started).await, refused("a phone number is needed"));
    assert_eq!(start_with(&bench, &started, "").await, refused("a phone number is needed"));
    assert_eq!(bench.messages().await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fourth_time_without_any_number_ends() {
    let bench = TestSandbox::new().await;
    let started = numberless(&bench).await;
    for _ in 0..3 {
        assert_eq!(start(&bench, &started).await, refused("a phone number is needed"));
    }
    assert_eq!(start(&bench, &started).await, ended("too many phone numbers"));
    let started = numberless(&bench).await;
    for number in ["1", "2"] {
        start(&bench, &started).await;
        start_with(&bench, &started, number).await;
    }
    start(&bench, &started).await;
    assert_eq!(start_with(&bench, &started, PHONE).await, sent(), "nothing given is no number given");
}

#[tokio::test(start_paused = true)]
async fn start_with_a_bad_number_is_refused() {
    let bench = TestSandbox::new().await;
    for number in ["12345", "+", "500 555 006", "500 555 0006 x7", "not a number"] {
        let started = numberless(&bench).await;
        assert_eq!(start_with(&bench, &started, number).await, refused("this is not a phone number"), "{number}");
        assert_eq!(start_with(&bench, &started, PHONE).await, sent(), "another may follow");
    }
}

#[tokio::test(start_paused = true)]
async fn start_with_a_number_of_another_product_is_refused() {
    let bench = TestSandbox::new().await;
    let started = numberless(&bench).await;
    assert_eq!(start_with(&bench, &started, "2001004014").await, refused("this number is not served here"));
}

#[tokio::test(start_paused = true)]
async fn start_with_an_unknown_number_is_refused_when_strict() {
    let bench = TestSandbox::with(Config { strict_test_users: true, ..Config::default() }).await;
    let started = numberless(&bench).await;
    let reply = start_with(&bench, &started, PHONE).await;
    assert_eq!(reply, refused("no test user found matching the phone number"));
    assert_eq!(start_with(&bench, &started, TEST_USER).await, sent());
}

#[tokio::test(start_paused = true)]
async fn start_at_another_step_is_an_error() {
    let bench = TestSandbox::new().await;
    let started = bench.link(false).await;
    let error = json!({"error": {"code": 10003, "message": "this flow is not at the code step"}});
    assert_eq!(start(&bench, &started).await, error);
    assert_eq!(finish(&bench, &started, "1234").await, error);
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}));
}

#[tokio::test(start_paused = true)]
async fn finish_with_the_right_code_is_done() {
    let bench = TestSandbox::new().await;
    let (started, code) = with_code(&bench, false).await;
    assert_eq!(finish(&bench, &started, &code).await, done());
    assert!(bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn finish_with_a_wrong_code_leaves_attempts_with_retry() {
    let bench = TestSandbox::new().await;
    let (started, code) = with_code(&bench, true).await;
    assert_eq!(finish(&bench, &started, &wrong(&code)).await, try_again(2));
    assert_eq!(finish(&bench, &started, "").await, try_again(1));
    assert_eq!(bench.session(&started).await["attemptsLeft"], 1);
    assert_eq!(finish(&bench, &started, &format!("{code}0")).await, ended("the code is wrong and no try is left"));
    assert!(!bench.validated(&started).await.0);

    let (started, code) = with_code(&bench, true).await;
    assert_eq!(finish(&bench, &started, &wrong(&code)).await, try_again(2));
    assert_eq!(finish(&bench, &started, &wrong(&code)).await, try_again(1));
    assert_eq!(finish(&bench, &started, &code).await, done(), "the last try counts");
}

#[tokio::test(start_paused = true)]
async fn finish_with_a_wrong_code_ends_without_retry() {
    let bench = TestSandbox::new().await;
    let (started, code) = with_code(&bench, false).await;
    let end = ended("the code is wrong and no try is left");
    assert_eq!(finish(&bench, &started, &wrong(&code)).await, end);
    assert_eq!(finish(&bench, &started, &code).await, end, "what is settled stays settled");
    assert_eq!(bench.validated(&started).await, (false, json!({"done": "done"})));
}

#[tokio::test(start_paused = true)]
async fn finish_before_any_code_is_an_error() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let error = json!({"error": {"code": 10003, "message": "no code was sent"}});
    assert_eq!(finish(&bench, &started, "1234").await, error);
    assert_eq!(start(&bench, &started).await, sent());
}

#[tokio::test(start_paused = true)]
async fn finish_after_two_minutes_ends() {
    let bench = TestSandbox::new().await;
    let (in_time, code) = with_code(&bench, true).await;
    bench.pass_ms(119_999).await;
    assert_eq!(finish(&bench, &in_time, &code).await, done());
    let (late, code) = with_code(&bench, true).await;
    bench.pass_ms(120_000).await;
    assert_eq!(finish(&bench, &late, &code).await, ended("the code has expired"));
    assert!(!bench.validated(&late).await.0);
}

#[tokio::test(start_paused = true)]
async fn the_lifetime_is_a_setting() {
    let bench =
        TestSandbox::with(Config { otp: OtpConfig { seconds: 7, ..OtpConfig::default() }, ..Config::default() }).await;
    let (started, code) = with_code(&bench, true).await;
    bench.pass_ms(7000).await;
    assert_eq!(finish(&bench, &started, &code).await, ended("the code has expired"));
}

#[tokio::test(start_paused = true)]
async fn resend_invalidates_the_old_code() {
    let bench = TestSandbox::new().await;
    let (started, old) = with_code(&bench, true).await;
    bench.pass_ms(119_000).await;
    assert_eq!(start(&bench, &started).await, sent());
    let new = bench.code().await;
    assert_ne!(old, new);
    assert_eq!(finish(&bench, &started, &old).await, try_again(2));
    bench.pass_ms(119_999).await;
    assert_eq!(finish(&bench, &started, &new).await, done());
}

#[tokio::test(start_paused = true)]
async fn resend_does_not_reset_the_attempts() {
    let bench = TestSandbox::new().await;
    let (started, code) = with_code(&bench, true).await;
    assert_eq!(finish(&bench, &started, &wrong(&code)).await, try_again(2));
    start(&bench, &started).await;
    assert_eq!(finish(&bench, &started, &wrong(&bench.code().await)).await, try_again(1));
    start(&bench, &started).await;
    let end = ended("the code is wrong and no try is left");
    assert_eq!(finish(&bench, &started, &wrong(&bench.code().await)).await, end);
}

#[tokio::test(start_paused = true)]
async fn a_number_change_invalidates_the_old_code() {
    let bench = TestSandbox::new().await;
    let (started, old) = with_code(&bench, true).await;
    assert_eq!(start_with(&bench, &started, OTHER_PHONE).await, sent());
    assert_eq!(bench.messages().await[1]["to"], OTHER_PHONE);
    assert_eq!(finish(&bench, &started, &old).await, try_again(2));
    assert_eq!(finish(&bench, &started, &bench.code().await).await, done());
    assert_eq!(bench.validate(&started).await.json()["phoneNumber"], OTHER_PHONE);
}

#[tokio::test(start_paused = true)]
async fn a_fourth_number_ends() {
    let bench = TestSandbox::new().await;
    let (started, _) = with_code(&bench, true).await;
    assert_eq!(start_with(&bench, &started, OTHER_PHONE).await, sent());
    assert_eq!(start_with(&bench, &started, "bad").await, refused("this is not a phone number"), "it counts too");
    let end = ended("too many phone numbers");
    assert_eq!(start_with(&bench, &started, "5005550008").await, end);
    assert_eq!(bench.messages().await.len(), 2);
    assert!(!bench.validated(&started).await.0);

    let started = numberless(&bench).await;
    for number in ["5005550001", "5005550002", "5005550003"] {
        assert_eq!(start_with(&bench, &started, number).await, sent());
    }
    assert_eq!(start_with(&bench, &started, "5005550004").await, end);
}

#[tokio::test(start_paused = true)]
async fn the_same_number_again_is_a_resend() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    for number in [PHONE, "15005550006", "(500) 555-0006", "tel:+1-500-555-0006", "+1\u{a0}500\u{2011}555\u{2011}0006"]
    {
        assert_eq!(start_with(&bench, &started, number).await, sent());
    }
    assert_eq!(bench.session(&started).await["numbersGiven"], 1);
    let started = numberless(&bench).await;
    for _ in 0..3 {
        assert_eq!(start_with(&bench, &started, "bad").await, refused("this is not a phone number"));
    }
    assert_eq!(bench.session(&started).await["numbersGiven"], 1);
    assert_eq!(start_with(&bench, &started, "bad").await, ended("too many phone numbers"), "but not without an end");
}

#[tokio::test(start_paused = true)]
async fn a_refused_change_leaves_the_old_code_valid() {
    let bench = TestSandbox::new().await;
    let (started, code) = with_code(&bench, true).await;
    assert_eq!(start_with(&bench, &started, "bad").await, refused("this is not a phone number"));
    assert_eq!(finish(&bench, &started, &code).await, done());
}

#[tokio::test(start_paused = true)]
async fn an_early_resend_sends_nothing_with_a_pause() {
    let bench = TestSandbox::with(Config {
        otp: OtpConfig { resend_pause_seconds: 30, ..OtpConfig::default() },
        ..Config::default()
    })
    .await;
    let (started, code) = with_code(&bench, true).await;
    bench.pass_ms(29_999).await;
    let early = bench.page_with_times(&started, "mobile/otp/start", json!({})).await;
    let times = json!({"serverTime": BEGIN + 29_999, "expiresAt": BEGIN + 120_000, "resendAt": BEGIN + 30_000});
    assert_eq!(early, times, "those of the SMS that was sent");
    assert_eq!((bench.messages().await.len(), bench.code().await), (1, code.clone()));
    bench.pass_ms(1).await;
    assert_eq!(start(&bench, &started).await, sent());
    assert_eq!(bench.messages().await.len(), 2);
    assert_eq!(finish(&bench, &started, &code).await, try_again(2));
}

#[tokio::test(start_paused = true)]
async fn a_number_change_does_not_wait_for_the_pause() {
    let bench = TestSandbox::with(Config {
        otp: OtpConfig { resend_pause_seconds: 30, ..OtpConfig::default() },
        ..Config::default()
    })
    .await;
    let (started, _) = with_code(&bench, true).await;
    assert_eq!(start_with(&bench, &started, OTHER_PHONE).await, sent());
    assert_eq!(bench.messages().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn replies_carry_times() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    bench.pass_ms(5000).await;
    let reply = bench.page_with_times(&started, "mobile/otp/start", json!({})).await;
    assert_eq!(reply, json!({"serverTime": BEGIN + 5000, "expiresAt": BEGIN + 125_000}));
}

#[tokio::test(start_paused = true)]
async fn late_requests_are_answered_harmlessly() {
    let bench = TestSandbox::new().await;
    let (started, code) = with_code(&bench, true).await;
    finish(&bench, &started, &code).await;
    assert_eq!(start(&bench, &started).await, done());
    assert_eq!(start_with(&bench, &started, OTHER_PHONE).await, done());
    assert_eq!(finish(&bench, &started, &wrong(&code)).await, done(), "what is settled stays settled");
    assert_eq!(bench.messages().await.len(), 1);
    let (started, _) = with_code(&bench, false).await;
    bench.page(&started, "mobile/otp/error", json!({"message": "x"})).await;
    assert_eq!(start(&bench, &started).await, ended("the client reported a failure"));
}

#[tokio::test(start_paused = true)]
async fn the_length_follows_the_hashes() {
    let bench = TestSandbox::new().await;
    for (text, length) in [("Use ####", 4), ("##### it is", 5), ("Use ###### now", 6)] {
        let started = bench.start(json!({"flowType": "mobile", "phoneNumber": PHONE, "smsMessage": text})).await;
        start(&bench, &started).await;
        let code = bench.code().await;
        assert!(code.len() == length && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        let expected = text.replace(&"#".repeat(length), &code);
        let message = bench.messages().await.last().unwrap()["text"].as_str().unwrap().to_owned();
        assert_eq!(message, format!("{expected}\n\n@127.0.0.1 #{code}"));
        assert_eq!(finish(&bench, &started, &code).await, done());
    }
}

#[tokio::test(start_paused = true)]
async fn the_text_ends_in_the_line_that_browsers_read() {
    let bench = TestSandbox::new().await;
    let cases = [
        (Some("https://shop.test"), "shop.test"),
        (Some("http://localhost:5173"), "localhost"),
        (Some("null"), "127.0.0.1"),
        (None, "127.0.0.1"),
    ];
    for (origin, host) in cases {
        let started = bench.otp(false).await;
        let mut request = axum::http::Request::post("/v1/client/mobile/otp/start")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", started.auth_token.expose()));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        bench.send(request.body("{}".into()).unwrap()).await;
        let message = bench.messages().await.last().unwrap().clone();
        let last_line = message["text"].as_str().unwrap().lines().last().unwrap().to_owned();
        assert_eq!(last_line, format!("@{host} #{}", message["code"].as_str().unwrap()));
    }
}

#[tokio::test(start_paused = true)]
async fn codes_differ() {
    let bench =
        TestSandbox::with(Config { sms: SmsConfig { per_session: 0, ..SmsConfig::default() }, ..Config::default() })
            .await;
    let started = bench.otp(false).await;
    for _ in 0..20 {
        start(&bench, &started).await;
    }
    let messages = bench.messages().await;
    let codes: std::collections::BTreeSet<_> = messages.iter().map(|message| message["code"].to_string()).collect();
    assert!(codes.len() > 15, "{codes:?}");
}
