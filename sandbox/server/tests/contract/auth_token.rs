//! The authToken: its claims, its lifetime and its signature.

use handset_protocol::Secret;
use handset_sandbox::Config;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{BEGIN, PHONE, StartedSession, TARGET, TestSandbox, claims, state};

#[tokio::test(start_paused = true)]
async fn carries_every_claim() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let claims = claims(&started.auth_token);
    let text = |pointer: &str| claims.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    for claim in ["/rid", "/auth/id", "/auth/ans", "/auth/chlg"] {
        assert!(!text(claim).is_empty(), "{claim}");
    }
    assert_eq!(text("/auth/endp"), "http://127.0.0.1:8787");
    assert_eq!(text("/auth/next"), "mobile/otp");
    assert!(claims["auth"]["subs"].is_object());
    assert_eq!(text("/auth/id"), bench.session(&started).await["authId"]);
    assert_ne!(text("/auth/id"), started.correlation_id, "the page does not get the correlationId");
}

#[tokio::test(start_paused = true)]
async fn lives_fifteen_minutes() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let claims = claims(&started.auth_token);
    assert_eq!(claims["iat"], BEGIN / 1000);
    assert_eq!(claims["exp"], BEGIN / 1000 + 900);
    bench.pass_ms(899_999).await;
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}));
    bench.pass_ms(1).await;
    let answer = bench.post("/v1/client/status", Some(&started.auth_token), "{}").await;
    answer.refused(401, 8002, "no, wrong or expired credentials");
}

#[tokio::test(start_paused = true)]
async fn says_whether_the_number_is_known() {
    let bench = TestSandbox::new().await;
    for (flow, way) in [("mobile", "otp"), ("desktop", "inln")] {
        let with = json!({"flowType": flow, "phoneNumber": PHONE, "finalTargetUrl": TARGET});
        let without = json!({"flowType": flow, "finalTargetUrl": TARGET});
        let known =
            |started: StartedSession| claims(&started.auth_token)["auth"]["subs"]["mob"]["auths"][way]["mnp"].clone();
        assert_eq!(known(bench.start(with).await), true);
        assert_ne!(known(bench.start(without).await), true);
    }
}

#[tokio::test(start_paused = true)]
async fn names_the_first_step_of_each_flow() {
    let bench = TestSandbox::new().await;
    let cases = [
        ("desktop", PHONE, "mobile/instantlink", json!({"mob": {"auths": {"inln": {"mnp": true}}}})),
        ("mobile", PHONE, "mobile/otp", json!({"mob": {"auths": {"otp": {"mnp": true}}}})),
        ("desktop", "5550000000", "mobile/instantlink", json!({"mob": {"auths": {"inln": {"mnp": true}}}})),
        ("mobile", "5550000000", "mobile/instant", json!({"mob": {"auths": {"otp": {"mnp": true}, "inst": {}}}})),
        ("desktop", "2001001695", "done", json!({})),
        ("mobile", "2001001695", "done", json!({})),
    ];
    for (flow, phone, next, subs) in cases {
        let started = bench.start(json!({"flowType": flow, "phoneNumber": phone, "finalTargetUrl": TARGET})).await;
        let auth = claims(&started.auth_token)["auth"].clone();
        assert_eq!((&auth["next"], &auth["subs"]), (&json!(next), &subs), "{flow} {phone}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_the_public_origin() {
    let origin = Some("https://Sandbox.Example.test:443/".parse().unwrap());
    let bench = TestSandbox::with(Config { origin, ..Config::default() }).await;
    let started = bench.otp(false).await;
    assert_eq!(claims(&started.auth_token)["auth"]["endp"], "https://sandbox.example.test");
}

#[tokio::test(start_paused = true)]
async fn is_signed() {
    let bench = TestSandbox::new().await;
    let (one, other) = (bench.otp(false).await.auth_token, bench.otp(false).await.auth_token);
    let part = |token: &Secret, index: usize| token.expose().split('.').nth(index).unwrap().to_owned();
    let unsigned_header = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
    let access = bench.access_token("sandbox").await;
    let forged = [
        format!("{}.{}.{}", part(&one, 0), part(&other, 1), part(&one, 2)),
        format!("{}.{}.", part(&one, 0), part(&one, 1)),
        format!("{unsigned_header}.{}.", part(&one, 1)),
        format!("{unsigned_header}.{}.{}", part(&one, 1), part(&one, 2)),
        access.expose().to_owned(),
    ];
    for token in forged {
        let answer = bench.post("/v1/client/status", Some(&token.into()), "{}").await;
        answer.refused(401, 8002, "no, wrong or expired credentials");
    }
    assert_eq!(jsonwebtoken::decode_header(one.expose()).unwrap().alg, jsonwebtoken::Algorithm::HS256);
}

#[test]
fn survives_atob() {
    // Whatever origin the configuration lets through.
    let origin = "https?://[a-zA-Z0-9~>?ßü._-]{1,40}(:[0-9]{1,5})?/?";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    proptest!(ProptestConfig::with_cases(64), |(origin in origin, mobile in any::<bool>())| {
        let Ok(origin) = origin.parse() else { return Ok(()) };
        let started = runtime.block_on(async {
            let bench = TestSandbox::on(state(Config { origin: Some(origin), ..Config::default() })).await;
            bench.start(json!({"flowType": if mobile { "mobile" } else { "desktop" }, "finalTargetUrl": TARGET})).await
        });
        let payload = started.auth_token.expose().split('.').nth(1).unwrap().to_owned();
        prop_assert!(payload.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{payload}");
    });
}
