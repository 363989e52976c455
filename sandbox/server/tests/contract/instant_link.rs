//! The page's requests of a flow with a link, and of Mobile Auth.

use handset_sandbox::Config;
use serde_json::{Value, json};

use crate::support::{BEGIN, OTHER_PHONE, PHONE, StartedSession, TARGET, TestSandbox};

fn refused(message: &str) -> Value {
    json!({"data": {"code": 10001, "message": message}})
}

fn ended(message: &str) -> Value {
    json!({"next": "done", "error": {"code": 10000, "message": message}})
}

async fn start_with(bench: &TestSandbox, started: &StartedSession, number: Option<&str>) -> Value {
    let mut body = json!({"sourceIp": null, "isMobile": false});
    if let Some(number) = number {
        body["mobileNumber"] = number.into();
    }
    bench.page(started, "mobile/instantlink/start", body).await
}

async fn start(bench: &TestSandbox, started: &StartedSession) -> Value {
    start_with(bench, started, None).await
}

async fn numberless(bench: &TestSandbox) -> StartedSession {
    bench.start(json!({"flowType": "desktop", "finalTargetUrl": TARGET, "allowOTPRetry": true})).await
}

async fn status(bench: &TestSandbox, started: &StartedSession) -> Value {
    bench.page(started, "status", json!({})).await
}

#[tokio::test(start_paused = true)]
async fn start_sends_the_link() {
    let bench = TestSandbox::new().await;
    let body =
        json!({"flowType": "desktop", "phoneNumber": PHONE, "finalTargetUrl": TARGET, "smsMessage": "Go: ####!"});
    let started = bench.start(body).await;
    start(&bench, &started).await;
    let message = bench.messages().await[0].clone();
    assert_eq!((&message["to"], &message["kind"]), (&json!(PHONE), &json!("link")));
    assert_eq!((&message["sentAt"], &message["expiresAt"]), (&json!(BEGIN), &json!(BEGIN + 180_000)));
    let url = message["url"].as_str().unwrap();
    assert_eq!(message["text"], format!("Go: {url}!"));
    let secret = url.strip_prefix("http://127.0.0.1:8787/l/").unwrap();
    assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "128 bits: {secret}");
}

#[tokio::test(start_paused = true)]
async fn start_without_retry_answers_empty_data() {
    let bench = TestSandbox::new().await;
    assert_eq!(start(&bench, &bench.link(false).await).await, json!({"data": {}}));
}

#[tokio::test(start_paused = true)]
async fn start_with_retry_answers_nothing() {
    let bench = TestSandbox::new().await;
    assert_eq!(start(&bench, &bench.link(true).await).await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn start_on_a_mobile_browser_ends_the_wait() {
    let bench = TestSandbox::new().await;
    for retry in [false, true] {
        let started = bench.link(retry).await;
        let reply =
            bench.page(&started, "mobile/instantlink/start", json!({"sourceIp": "::1", "isMobile": true})).await;
        assert_eq!(reply, json!({"next": ""}));
    }
    assert_eq!(bench.messages().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_reply_can_be_forced() {
    for (shape, expected) in [("data", json!({"data": {}})), ("empty", json!({}))] {
        let config = Config::from_toml(&format!("[instant_link]\nstart_reply = '{shape}'")).unwrap();
        let bench = TestSandbox::with(config).await;
        for (retry, mobile) in [(false, false), (false, true), (true, false), (true, true)] {
            let started = bench.link(retry).await;
            let reply = bench.page(&started, "mobile/instantlink/start", json!({"isMobile": mobile})).await;
            assert_eq!(reply, expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn start_with_a_bad_number_is_refused() {
    let bench = TestSandbox::new().await;
    let started = numberless(&bench).await;
    assert_eq!(start_with(&bench, &started, Some("nobody")).await, refused("this is not a phone number"));
    assert_eq!(start_with(&bench, &started, Some(PHONE)).await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn start_without_any_number_is_refused() {
    let bench = TestSandbox::new().await;
    let started = numberless(&bench).await;
    for number in [None, Some("")] {
        assert_eq!(start_with(&bench, &started, number).await, refused("a phone number is needed"));
    }
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
        start_with(&bench, &started, Some(number)).await;
    }
    start(&bench, &started).await;
    assert_eq!(start_with(&bench, &started, Some(PHONE)).await, json!({}), "nothing given is no number given");
}

#[tokio::test(start_paused = true)]
async fn start_with_a_number_already_proved_is_done() {
    let bench = TestSandbox::new().await;
    let started = numberless(&bench).await;
    assert_eq!(start_with(&bench, &started, Some("2001001695")).await, json!({"next": "done"}));
    assert_eq!(bench.messages().await.len(), 0);
    assert!(bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn start_at_another_step_is_an_error() {
    let bench = TestSandbox::new().await;
    let error = json!({"error": {"code": 10003, "message": "this flow is not at the link step"}});
    assert_eq!(start(&bench, &bench.otp(false).await).await, error);
}

#[tokio::test(start_paused = true)]
async fn a_fourth_number_ends() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    for number in ["5005550001", "5005550002"] {
        assert_eq!(start_with(&bench, &started, Some(number)).await, json!({}));
    }
    assert_eq!(start_with(&bench, &started, Some("5005550003")).await, ended("too many phone numbers"));
    let link = bench.get(&bench.link_path().await).await;
    assert_eq!(link.status, 410, "its links are dead");
    assert!(!bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn an_empty_number_is_a_resend() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    start(&bench, &started).await;
    let old = bench.link_path().await;
    bench.pass_ms(179_000).await;
    assert_eq!(start_with(&bench, &started, Some("")).await, json!({}));
    let new = bench.link_path().await;
    assert_ne!(old, new);
    assert_eq!(bench.get(&old).await.status, 410);
    assert_eq!(status(&bench, &started).await, json!({"next": ""}));
    bench.pass_ms(179_999).await;
    assert_eq!(bench.get(&new).await.status, 303);
    assert_eq!(status(&bench, &started).await, json!({"next": "done"}));
}

#[tokio::test(start_paused = true)]
async fn a_number_change_invalidates_the_old_link() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    start(&bench, &started).await;
    let old = bench.link_path().await;
    assert_eq!(start_with(&bench, &started, Some(OTHER_PHONE)).await, json!({}));
    assert_eq!(bench.messages().await[1]["to"], OTHER_PHONE);
    assert_eq!(bench.get(&old).await.status, 410);
    assert_eq!(bench.get(&bench.link_path().await).await.status, 303);
    assert_eq!(bench.validate(&started).await.json()["phoneNumber"], OTHER_PHONE);
}

#[tokio::test(start_paused = true)]
async fn replies_carry_times() {
    let bench = TestSandbox::new().await;
    let body = json!({"sourceIp": null, "isMobile": false});
    let reply = bench.page_with_times(&bench.link(false).await, "mobile/instantlink/start", body).await;
    assert_eq!(reply, json!({"data": {}, "serverTime": BEGIN, "expiresAt": BEGIN + 180_000}));
}

#[tokio::test(start_paused = true)]
async fn late_requests_are_answered_harmlessly() {
    let bench = TestSandbox::new().await;
    let started = bench.link(true).await;
    start(&bench, &started).await;
    bench.get(&bench.link_path().await).await;
    assert_eq!(start_with(&bench, &started, Some("")).await, json!({"next": "done"}));
    assert_eq!(start_with(&bench, &started, Some(OTHER_PHONE)).await, json!({"next": "done"}));
    assert_eq!(bench.messages().await.len(), 1);
    assert!(bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn an_unopened_link_ends_the_flow_after_the_grace() {
    let bench = TestSandbox::new().await;
    let started = bench.link(false).await;
    start(&bench, &started).await;
    bench.pass_ms(189_999).await;
    assert_eq!(bench.validated(&started).await, (false, json!({"v3-validate": "/v3/validate"})));
    bench.pass_ms(1).await;
    assert_eq!(status(&bench, &started).await, ended("the link has expired"));
    assert_eq!(bench.validated(&started).await, (false, json!({"done": "done"})));
}

async fn mobile_auth(bench: &TestSandbox) -> (StartedSession, String) {
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": "5555555555"})).await;
    let start = json!({"cellularIp": null, "implementation": "fetch"});
    let reply = bench.page(&started, "mobile/instant/start", start).await;
    let url = url::Url::parse(reply["data"]["redirectUrl"].as_str().unwrap()).unwrap();
    let (_, vfp) = url.query_pairs().find(|(name, _)| name == "testVfp").unwrap();
    (started, vfp.into_owned())
}

#[tokio::test(start_paused = true)]
async fn mobile_auth_passes() {
    let bench = TestSandbox::new().await;
    let (started, vfp) = mobile_auth(&bench).await;
    let reply = bench.page(&started, "mobile/instant/finish", json!({"vfp": vfp})).await;
    assert_eq!(reply, json!({"next": "done"}));
    assert!(bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn mobile_auth_with_something_else_falls_back() {
    let bench = TestSandbox::new().await;
    let (started, vfp) = mobile_auth(&bench).await;
    let reply = bench.page(&started, "mobile/instant/finish", json!({"vfp": format!("{vfp}x")})).await;
    assert_eq!(reply, json!({"next": "mobile/otp"}));
    assert_eq!(bench.page(&started, "mobile/otp/start", json!({})).await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn mobile_auth_out_of_order_is_an_error() {
    let bench = TestSandbox::new().await;
    let prohibited = |message: &str| json!({"error": {"code": 10003, "message": message}});
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": "5555555555"})).await;
    let reply = bench.page(&started, "mobile/instant/finish", json!({"vfp": ""})).await;
    assert_eq!(reply, prohibited("Mobile Auth was not started"));
    let otp = bench.otp(false).await;
    for (path, body) in [("mobile/instant/start", json!({})), ("mobile/instant/finish", json!({"vfp": "x"}))] {
        assert_eq!(bench.page(&otp, path, body).await, prohibited("this flow is not at Mobile Auth"));
    }
}
