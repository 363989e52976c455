//! The token call: credentials in, an access token out, as RFC 6749 has it.

use std::sync::Arc;

use axum::http::Request;
use base64ct::{Base64, Encoding};
use handset_sandbox::{AppState, Config, SystemClock, SystemRandom};
use serde_json::json;

use crate::support::{TestResponse, TestSandbox};

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
    let bench = TestSandbox::new().await;
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
    let bench = TestSandbox::new().await;
    for client_id in CREDENTIALS {
        bench.access_token(client_id).await;
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_refused() {
    let bench = TestSandbox::new().await;
    for (id, secret) in [("sandbox", "wrong"), ("sandbox", "sandbox-secret "), ("nobody", "sandbox-secret"), ("", "")] {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let answer = bench.token(&form).await;
        answer.token_refused(401, 8002, "invalid_client", "no, wrong or expired credentials");
        assert_eq!(answer.header("www-authenticate"), "Bearer", "a browser asks nobody for a password");
    }
}

#[tokio::test(start_paused = true)]
async fn missing_members_are_named() {
    let bench = TestSandbox::new().await;
    let cases = [
        ("", "invalid_request", "field 'grant_type' is missing"),
        ("grant_type=password", "unsupported_grant_type", "field 'grant_type' must be client_credentials"),
        ("grant_type=client_credentials", "invalid_request", "field 'client_id' is missing"),
        ("grant_type=client_credentials&client_id=sandbox", "invalid_request", "field 'client_secret' is missing"),
        ("grant_type=a&grant_type=b", "invalid_request", "the body is not a form, or has a field twice"),
    ];
    for (form, error, message) in cases {
        bench.token(form).await.token_refused(400, 8001, error, message);
    }
    let answer = bench.post("/token", None, "{}").await;
    let message = "header 'Content-Type' must be application/x-www-form-urlencoded";
    answer.token_refused(400, 8001, "invalid_request", message);
}

const GRANT: &str = "grant_type=client_credentials";

async fn token_by(bench: &TestSandbox, authorization: &str, form: &str) -> TestResponse {
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded;charset=UTF-8")
        .header("authorization", authorization);
    bench.send(request.body(form.to_owned().into()).unwrap()).await
}

fn basic(both: &str) -> String {
    format!("Basic {}", Base64::encode_string(both.as_bytes()))
}

#[tokio::test(start_paused = true)]
async fn http_basic_takes_the_place_of_both_members() {
    let bench = TestSandbox::new().await;
    for client_id in CREDENTIALS {
        let answer = token_by(&bench, &basic(&format!("{client_id}:sandbox-secret")), GRANT).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["token_type"]), (200, &json!("Bearer")), "{}", answer.text);
    }
    let encoded = basic("s%61ndbox:sandbox%2Dsecret");
    let lower = encoded.replace("Basic", "basic");
    let unpadded = encoded.trim_end_matches('=').to_owned();
    for authorization in [encoded, lower, unpadded] {
        for form in [GRANT, "grant_type=client_credentials&client_id=sandbox&scope=all"] {
            assert_eq!(token_by(&bench, &authorization, form).await.status, 200, "{authorization}: {form}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_by_http_basic_get_a_challenge() {
    let bench = TestSandbox::new().await;
    for both in ["sandbox:wrong", "nobody:sandbox-secret", ":", "sandbox:sandbox-secret ", "sandbox:sandbox%20secret"] {
        let answer = token_by(&bench, &basic(both), GRANT).await;
        answer.token_refused(401, 8002, "invalid_client", "no, wrong or expired credentials");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"handset-sandbox\"", "{both}");
    }
    let message = "header 'Authorization' must be Basic and the Base64 of client_id:client_secret, both form-encoded";
    for authorization in ["Basic", "Basic ####", "Basic c2FuZGJveA=="] {
        token_by(&bench, authorization, GRANT).await.token_refused(400, 8001, "invalid_request", message);
    }
    // Another scheme is none of this call's: some programs send what they have.
    let form = format!("{GRANT}&client_id=sandbox&client_secret=sandbox-secret");
    assert_eq!(token_by(&bench, "Bearer x", &form).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_comes_twice_is_refused() {
    let bench = TestSandbox::new().await;
    for (more, field) in [("client_secret=sandbox-secret", "client_secret"), ("client_id=sandbox-unify", "client_id")] {
        let answer = token_by(&bench, &basic("sandbox:sandbox-secret"), &format!("{GRANT}&{more}")).await;
        let message = format!("field '{field}' must be absent when header 'Authorization' has the credential");
        answer.token_refused(400, 8001, "invalid_request", &message);
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_token_calls_are_refused_in_the_form_of_oauth() {
    let bench = TestSandbox::with(Config { rate_limit: 1, ..Config::default() }).await;
    let answer = token_by(&bench, &basic("sandbox:sandbox-secret"), GRANT).await;
    answer.token_refused(429, 429, "temporarily_unavailable", "too many requests");
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test(start_paused = true)]
async fn an_access_token_lives_an_hour() {
    let bench = TestSandbox::new().await;
    bench.pass_ms(3_599_999).await;
    assert_eq!(bench.call("/v3/start", json!({"flowType": "mobile"})).await.status, 200);
    bench.pass_ms(1).await;
    let answer = bench.call("/v3/start", json!({"flowType": "mobile"})).await;
    answer.refused(401, 8002, "no, wrong or expired credentials");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[tokio::test(start_paused = true)]
async fn tokens_of_the_other_kind_are_refused() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let answer = bench.post("/v3/start", Some(&started.auth_token), r#"{"flowType":"mobile"}"#).await;
    answer.refused(401, 8002, "no, wrong or expired credentials");
}

#[tokio::test(start_paused = true)]
async fn tokens_of_another_sandbox_are_refused() {
    let sandbox = async || {
        let random = Arc::new(SystemRandom::new().unwrap());
        TestSandbox::on(AppState::new(Config::default(), Arc::new(SystemClock), random)).await
    };
    let (one, other) = (sandbox().await, sandbox().await);
    let token = one.access_token("sandbox").await;
    assert_eq!(one.post("/v3/start", Some(&token), r#"{"flowType":"mobile"}"#).await.status, 200);
    let answer = other.post("/v3/start", Some(&token), r#"{"flowType":"mobile"}"#).await;
    answer.refused(401, 8002, "no, wrong or expired credentials");
}
