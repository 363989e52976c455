//! The codes of a journey's own module: their length, life, limits, and what a correct one gives.

use handset_sandbox::Config;
use serde_json::{Value, json};

use super::{APP, MOBILE, OTHER_MOBILE, claims, failed, headers, pass, post, result, save, saved, token, with};
use crate::support::{BEGIN, TEST_USER, TestResponse, TestSandbox, wrong};

const SEND: &str = "/v1/verifyMobileSendOtp";
const VERIFY: &str = "/v1/verifyMobileOtp";
const RESEND: &str = "/v1/resendOtp";
const SEND_EMAIL: &str = "/v1/sendOTPEmail";
const VERIFY_EMAIL: &str = "/v1/verifyOTPEmail";
const RETRY_EMAIL: &str = "/v1/retryOTPEmail";
const EMAIL: &str = "ada@example.com";

async fn call(bench: &TestSandbox, path: &str, body: Value) -> TestResponse {
    post(bench, path, &headers("t1"), &body.to_string()).await
}

async fn send(bench: &TestSandbox, changes: Value) -> TestResponse {
    call(bench, SEND, with(json!({"templateId": "otp", "mobileNumber": MOBILE}), changes)).await
}

async fn verify(bench: &TestSandbox, otp: &str) -> TestResponse {
    call(bench, VERIFY, json!({"mobileNumber": MOBILE, "otp": otp})).await
}

async fn bench() -> TestSandbox {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    token(&bench, json!({"authenticateOnResume": "yes"})).await;
    bench
}

#[track_caller]
fn invalid(answer: &TestResponse, left: u32) {
    failed(answer, 400, "The code is wrong", "otp_invalid", json!({"attemptsLeft": left}));
}

#[track_caller]
fn expired(answer: &TestResponse) {
    failed(answer, 400, "The code has expired or was not sent", "otp_expired", json!({}));
}

#[tokio::test(start_paused = true)]
async fn by_sms_prove_a_number() {
    let bench = bench().await;
    let sent = result(&send(&bench, json!({})).await);
    let times = (json!(BEGIN + 300_000), json!(BEGIN + 30_000));
    assert_eq!((sent["expiresAt"].clone(), sent["resendAt"].clone()), times);
    assert!(sent["requestId"].is_string() && sent.as_object().unwrap().len() == 3, "{sent}");
    let code = bench.code().await;
    assert_eq!(code.len(), 6);
    let verified = result(&verify(&bench, &code).await);
    assert_eq!(verified["verified"], true);
    let owner = claims(&verified["authToken"].as_str().unwrap().into());
    assert!(owner["uniqueId"].is_string(), "{owner}");
    assert_eq!(owner["authenticateOnResume"], true);
    expired(&verify(&bench, &code).await);
}

#[tokio::test(start_paused = true)]
async fn by_email_prove_an_address() {
    let bench = bench().await;
    let sent = result(&call(&bench, SEND_EMAIL, json!({"email": EMAIL, "otpLength": 4})).await);
    let id = sent["reqId"].as_str().unwrap();
    assert_eq!(bench.code().await.len(), 4);
    let message = bench.messages().await.pop().unwrap();
    assert_eq!((&message["kind"], &message["to"]), (&json!("email"), &json!(EMAIL)));
    pass(&bench, 30).await;
    result(&call(&bench, RETRY_EMAIL, json!({"reqId": id})).await);
    let code = bench.code().await;
    invalid(&call(&bench, VERIFY_EMAIL, json!({"reqId": id, "otp": wrong(&code)})).await, 4);
    let verified = result(&call(&bench, VERIFY_EMAIL, json!({"reqId": id, "otp": code})).await);
    assert!(verified["authToken"].is_string() && verified["verified"] == true, "{verified}");
    expired(&call(&bench, VERIFY_EMAIL, json!({"reqId": id, "otp": code})).await);
    expired(&call(&bench, RETRY_EMAIL, json!({"reqId": "other"})).await);
}

#[tokio::test(start_paused = true)]
async fn have_the_length_and_the_life_that_are_asked_for() {
    let bench = bench().await;
    for (length, expiry) in [(4, 1), (9, 60)] {
        let sent = result(&send(&bench, json!({"otpLength": length, "otpExpiry": expiry.to_string()})).await);
        assert_eq!(bench.code().await.len(), length);
        let left = sent["expiresAt"].as_i64().unwrap() - sent["resendAt"].as_i64().unwrap();
        assert_eq!(left, expiry * 60_000 - 30_000);
        pass(&bench, 30).await;
    }
    pass(&bench, 60 * 60 - 30).await;
    expired(&verify(&bench, &bench.code().await).await);
}

#[tokio::test(start_paused = true)]
async fn of_test_users_are_known() {
    let bench = bench().await;
    for length in [4, 6, 9] {
        result(&send(&bench, json!({"mobileNumber": TEST_USER, "otpLength": length})).await);
        assert_eq!(bench.code().await, "123456789"[..length]);
        pass(&bench, 30).await;
    }
}

#[tokio::test(start_paused = true)]
async fn are_sent_every_thirty_seconds_and_ten_times_a_day() {
    let bench = bench().await;
    let limited = |answer: &TestResponse, seconds: u64| {
        let more = json!({"retryAfterSeconds": seconds});
        failed(answer, 429, "Too many codes were requested", "otp_rate_limited", more);
        assert_eq!(answer.header("retry-after"), seconds.to_string());
    };
    result(&send(&bench, json!({})).await);
    limited(&send(&bench, json!({})).await, 30);
    pass(&bench, 29).await;
    limited(&call(&bench, RESEND, json!({"mobileNumber": MOBILE, "retryType": "voice"})).await, 1);
    pass(&bench, 1).await;
    result(&call(&bench, RESEND, json!({"mobileNumber": MOBILE, "retryType": "text"})).await);
    for _ in 2..10 {
        pass(&bench, 30).await;
        result(&send(&bench, json!({})).await);
    }
    pass(&bench, 30).await;
    // By another transaction, too: the contact is limited.
    token(&bench, json!({"transactionId": "t2"})).await;
    let body = json!({"templateId": "otp", "mobileNumber": MOBILE}).to_string();
    limited(&post(&bench, SEND, &headers("t2"), &body).await, 24 * 60 * 60 - 300);
    result(&send(&bench, json!({"mobileNumber": OTHER_MOBILE})).await);
    pass(&bench, 24 * 60 * 60 - 300).await;
    result(&send(&bench, json!({})).await);
}

#[tokio::test(start_paused = true)]
async fn have_five_tries_and_then_a_lock() {
    let bench = bench().await;
    result(&send(&bench, json!({"otpExpiry": 60})).await);
    let code = bench.code().await;
    for left in [4, 3, 2, 1] {
        invalid(&verify(&bench, &wrong(&code)).await, left);
    }
    let locked = |answer: &TestResponse, seconds: u64| {
        failed(answer, 429, "Too many wrong codes", "otp_locked", json!({"retryAfterSeconds": seconds}));
        assert_eq!(answer.header("retry-after"), seconds.to_string());
    };
    let fifth = verify(&bench, &wrong(&code)).await;
    assert!([400, 429].contains(&fifth.status.as_u16()), "{}", fifth.text);
    locked(&verify(&bench, &code).await, 900);
    locked(&send(&bench, json!({})).await, 900);
    pass(&bench, 899).await;
    locked(&verify(&bench, &code).await, 1);
    pass(&bench, 1).await;
    result(&send(&bench, json!({})).await);
    result(&verify(&bench, &bench.code().await).await);
}

#[tokio::test(start_paused = true)]
async fn are_bound_to_app_transaction_and_number() {
    let bench = bench().await;
    token(&bench, json!({"transactionId": "t2"})).await;
    token(&bench, json!({"appId": "staging-app", "appKey": "staging-app-key"})).await;
    result(&send(&bench, json!({})).await);
    let code = bench.code().await;
    let body = json!({"mobileNumber": MOBILE, "otp": code}).to_string();
    expired(&post(&bench, VERIFY, &headers("t2"), &body).await);
    let staging = [("appid", "staging-app"), ("appkey", "staging-app-key"), ("transactionid", "t1")];
    expired(&post(&bench, VERIFY, &staging, &body).await);
    expired(&call(&bench, VERIFY, json!({"mobileNumber": OTHER_MOBILE, "otp": code})).await);
    result(&verify(&bench, &code).await);
}

#[tokio::test(start_paused = true)]
async fn name_the_member_that_is_wrong() {
    let bench = bench().await;
    let number =
        "field 'mobileNumber' must be a phone number: ten digits for the US and Canada, else + and the country code";
    let email = "field 'email' must be an e-mail address, for example ada@example.com";
    let outputs = |of: Value| json!({"mobileNumber": MOBILE, "otp": "123456", "outputsOf": of});
    for (path, body, error) in [
        (SEND, json!({"mobileNumber": MOBILE}), "field 'templateId' is missing"),
        (SEND, json!({"templateId": "otp"}), "field 'mobileNumber' is missing"),
        (SEND, json!({"templateId": "otp", "mobileNumber": "1"}), number),
        (
            SEND,
            json!({"templateId": "otp", "mobileNumber": MOBILE, "otpLength": 3}),
            "field 'otpLength' must be a whole number, 4 to 9",
        ),
        (
            SEND,
            json!({"templateId": "otp", "mobileNumber": MOBILE, "otpExpiry": 61}),
            "field 'otpExpiry' must be a whole number of minutes, 1 to 60",
        ),
        (VERIFY, json!({"mobileNumber": MOBILE}), "field 'otp' is missing"),
        (VERIFY, json!({"mobileNumber": MOBILE, "otp": "12a4"}), "field 'otp' must be 4 to 9 digits"),
        (VERIFY, outputs(json!([])), "field 'outputsOf' must be an object"),
        (VERIFY, outputs(json!({"workflowId": "w"})), "field 'outputsOf.transactionId' is missing"),
        (VERIFY, outputs(json!({"transactionId": "t"})), "field 'outputsOf.workflowId' is missing"),
        (RESEND, json!({"mobileNumber": MOBILE, "retryType": "fax"}), "field 'retryType' must be 'text' or 'voice'"),
        (SEND_EMAIL, json!({}), "field 'email' is missing"),
        (SEND_EMAIL, json!({"email": "ada"}), email),
        (SEND_EMAIL, json!({"email": EMAIL, "otpLength": 5}), "field 'otpLength' must be 4 or 6"),
        (VERIFY_EMAIL, json!({"otp": "123456"}), "field 'reqId' is missing"),
        (RETRY_EMAIL, json!({}), "field 'reqId' is missing"),
    ] {
        failed(&call(&bench, path, body).await, 400, error, "invalid_request_body", json!({}));
    }
    let without = [("appid", APP), ("appkey", super::KEY)];
    let answer = post(&bench, SEND, &without, "{}").await;
    failed(&answer, 400, "header 'transactionid' is missing", "invalid_request_body", json!({}));
    let body = json!({"templateId": "otp", "mobileNumber": MOBILE}).to_string();
    let answer = post(&bench, SEND, &headers("other"), &body).await;
    failed(&answer, 404, "Transaction not found", "transaction_not_found", json!({}));
}

/// The special case of scenario 3: outputs of an agent's journey for the user whose number was proved there.
#[tokio::test(start_paused = true)]
async fn release_outputs_to_the_number_that_was_proved_there_alone() {
    let bench = bench().await;
    // The agent's journey: t1, with a proved number and a saved module.
    let agent = token(&bench, json!({"authenticateOnResume": "yes"})).await;
    result(&save(&bench, &agent, saved("phone")).await);
    result(&send(&bench, json!({})).await);
    result(&verify(&bench, &bench.code().await).await);
    // The user's journey.
    token(&bench, json!({"transactionId": "t2", "authenticateOnResume": "yes"})).await;
    let asked = async |mobile: &str, code: &str| {
        let of = json!({"transactionId": "t1", "workflowId": "onboarding"});
        let body = json!({"mobileNumber": mobile, "otp": code, "outputsOf": of}).to_string();
        post(&bench, VERIFY, &headers("t2"), &body).await
    };
    let sent = async |mobile: &str| {
        pass(&bench, 30).await;
        let body = json!({"templateId": "otp", "mobileNumber": mobile}).to_string();
        result(&post(&bench, SEND, &headers("t2"), &body).await);
        bench.code().await
    };
    // An own number with the right code of it: the answer is that of a wrong code.
    let code = sent(OTHER_MOBILE).await;
    invalid(&asked(OTHER_MOBILE, &code).await, 4);
    invalid(&asked(OTHER_MOBILE, &wrong(&code)).await, 3);
    let code = sent(MOBILE).await;
    invalid(&asked(MOBILE, &wrong(&code)).await, 4);
    let verified = result(&asked(MOBILE, &code).await);
    let outputs = &verified["outputs"];
    assert_eq!((&outputs["transactionId"], &outputs["workflowId"]), (&json!("t1"), &json!("onboarding")));
    assert_eq!(outputs["variables"], json!({"phone": 1}));
}
