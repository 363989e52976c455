//! The addresses from which an app's server may call.

use handset_sandbox::Config;
use serde_json::json;

use super::{OUTPUT_PATH, RESET_PATH, TOKEN_PATH, auth_body, failed, failed_plainly, headers, post_from, result};
use crate::support::TestSandbox;

const ELSEWHERE: &str = "203.0.113.7";

#[tokio::test(start_paused = true)]
async fn are_on_the_allowlist_of_the_app() {
    let bench = TestSandbox::new().await;
    let body = auth_body(json!({})).to_string();
    for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        result(&post_from(&bench, address, TOKEN_PATH, &[], &body).await);
    }
    for address in [ELSEWHERE, "10.0.0.1", "::2"] {
        let answer = post_from(&bench, address, TOKEN_PATH, &[], &body).await;
        failed(&answer, 401, "Unauthorized", "unauthorized_access", json!({}));
    }
    let staging = auth_body(json!({"appId": "staging-app", "appKey": "staging-app-key"})).to_string();
    result(&post_from(&bench, ELSEWHERE, TOKEN_PATH, &[], &staging).await);
}

#[tokio::test(start_paused = true)]
async fn are_not_what_a_header_says() {
    let bench = TestSandbox::new().await;
    let body = auth_body(json!({})).to_string();
    for (name, value) in [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1")] {
        let answer = post_from(&bench, ELSEWHERE, TOKEN_PATH, &[(name, value)], &body).await;
        assert_eq!(answer.status.as_u16(), 401, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn behind_a_trusted_proxy_are_what_it_says() {
    let trust_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let bench = TestSandbox::with(Config { trust_proxies, ..Config::default() }).await;
    let body = auth_body(json!({})).to_string();
    for (header, value, status) in [
        ("x-forwarded-for", "127.0.0.1", 200),
        ("x-forwarded-for", "127.0.0.1, 10.0.0.9", 200),
        ("x-forwarded-for", "127.0.0.1, 203.0.113.7", 401),
        ("x-forwarded-for", "unknown", 401),
        ("forwarded", "for=127.0.0.1", 200),
        ("forwarded", "for=203.0.113.7", 401),
    ] {
        let answer = post_from(&bench, "10.0.0.1", TOKEN_PATH, &[(header, value)], &body).await;
        assert_eq!(answer.status.as_u16(), status, "{header}: {value}");
    }
    let two = [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=203.0.113.7")];
    let answer = post_from(&bench, "10.0.0.1", TOKEN_PATH, &two, &body).await;
    assert_eq!(answer.status.as_u16(), 401, "they differ");
}

#[tokio::test(start_paused = true)]
async fn are_checked_by_every_call_of_a_server() {
    let bench = TestSandbox::new().await;
    for path in ["/v2/auth/token", "/v2/journey/contact", "/v2/journey/outcome", "/v2/journey/erase"] {
        let answer = post_from(&bench, ELSEWHERE, path, &[], &auth_body(json!({})).to_string()).await;
        failed(&answer, 401, "Unauthorized", "unauthorized_access", json!({}));
    }
    for path in [
        "/v2/state-reset/options",
        "/v1/verifyMobileSendOtp",
        "/v1/verifyMobileOtp",
        "/v1/resendOtp",
        "/v1/sendOTPEmail",
        "/v1/verifyOTPEmail",
        "/v1/retryOTPEmail",
    ] {
        let answer = post_from(&bench, ELSEWHERE, path, &headers("t1"), "{}").await;
        failed(&answer, 401, "Unauthorized", "unauthorized_access", json!({}));
        let answer = post_from(&bench, "127.0.0.1", path, &[("appid", "sandbox-app")], "{}").await;
        failed(&answer, 401, "Unauthorized", "unauthorized_access", json!({}));
    }
    for path in [RESET_PATH, OUTPUT_PATH] {
        failed_plainly(&post_from(&bench, ELSEWHERE, path, &headers("t1"), "{}").await, 401, "Unauthorized");
    }
}
