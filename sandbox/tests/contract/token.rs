use std::sync::Arc;

use handset_sandbox::{AppState, Config, SystemClock, SystemRandom};
use serde_json::json;

use crate::support::Bench;
use crate::table::rows;

rows![
    gives_an_access_token,
    every_shipped_credential_is_known,
    wrong_credentials_are_refused,
    missing_members_are_named,
    an_access_token_lives_an_hour,
    tokens_of_the_other_kind_are_refused,
    tokens_of_another_sandbox_are_refused,
];

const CREDENTIALS: [&str; 6] = [
    "sandbox",
    "sandbox-identity",
    "sandbox-prefill",
    "sandbox-verified-users",
    "sandbox-unify",
    "sandbox-identity-manager",
];

#[tokio::test(start_paused = true)]
async fn gives_an_access_token() {
    let bench = Bench::new().await;
    let forms = [
        "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret",
        "client_secret=sandbox%2Dsecret&more=1&client_id=%73andbox&grant_type=client%5Fcredentials",
    ];
    for form in forms {
        let answer = bench.token(form).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
        let mut reply = answer.json();
        assert!(reply.as_object_mut().unwrap().remove("access_token").unwrap().is_string());
        assert_eq!(reply, json!({"expires_in": 3600, "token_type": "Bearer"}));
    }
}

#[tokio::test(start_paused = true)]
async fn every_shipped_credential_is_known() {
    let bench = Bench::new().await;
    for client_id in CREDENTIALS {
        bench.access_token(client_id).await;
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_refused() {
    let bench = Bench::new().await;
    for (id, secret) in [("sandbox", "wrong"), ("sandbox", "sandbox-secret "), ("nobody", "sandbox-secret"), ("", "")] {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        bench.token(&form).await.refused(401, 8002, "no, wrong or expired credentials");
    }
}

#[tokio::test(start_paused = true)]
async fn missing_members_are_named() {
    let bench = Bench::new().await;
    let cases = [
        ("", "field 'grant_type' is missing"),
        ("grant_type=password", "field 'grant_type' must be client_credentials"),
        ("grant_type=client_credentials", "field 'client_id' is missing"),
        ("grant_type=client_credentials&client_id=sandbox", "field 'client_secret' is missing"),
    ];
    for (form, message) in cases {
        bench.token(form).await.refused(400, 8001, message);
    }
    let answer = bench.post("/token", None, "{}").await;
    answer.refused(400, 8001, "header 'Content-Type' must be application/x-www-form-urlencoded");
}

#[tokio::test(start_paused = true)]
async fn an_access_token_lives_an_hour() {
    let bench = Bench::new().await;
    bench.pass_ms(3_599_999).await;
    assert_eq!(bench.call("/v3/start", json!({"flowType": "mobile"})).await.status, 200);
    bench.pass_ms(1).await;
    let answer = bench.call("/v3/start", json!({"flowType": "mobile"})).await;
    answer.refused(401, 8002, "no, wrong or expired credentials");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[tokio::test(start_paused = true)]
async fn tokens_of_the_other_kind_are_refused() {
    let bench = Bench::new().await;
    let started = bench.otp(false).await;
    let answer = bench.post("/v3/start", Some(&started.auth_token), r#"{"flowType":"mobile"}"#).await;
    answer.refused(401, 8002, "no, wrong or expired credentials");
}

#[tokio::test(start_paused = true)]
async fn tokens_of_another_sandbox_are_refused() {
    let sandbox = async || {
        let random = Arc::new(SystemRandom::new().unwrap());
        Bench::on(AppState::new(Config::default(), Arc::new(SystemClock), random)).await
    };
    let (one, other) = (sandbox().await, sandbox().await);
    let token = one.access_token("sandbox").await;
    assert_eq!(one.post("/v3/start", Some(&token), r#"{"flowType":"mobile"}"#).await.status, 200);
    let answer = other.post("/v3/start", Some(&token), r#"{"flowType":"mobile"}"#).await;
    answer.refused(401, 8002, "no, wrong or expired credentials");
}
