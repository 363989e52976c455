//! Start: its reply, its members and their formats, the numbers that it accepts.

use handset_sandbox::Config;
use serde_json::{Value, json};

use crate::support::{PHONE, TARGET, TEST_USER, TestSandbox};

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"flowType": "desktop", "phoneNumber": PHONE, "finalTargetUrl": TARGET});
    body[field] = value;
    body
}

#[tokio::test(start_paused = true)]
async fn answers_token_id_and_next() {
    let bench = TestSandbox::new().await;
    let answer = bench.call("/v3/start", json!({"flowType": "mobile"})).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let reply = answer.json();
    let members: Vec<_> = reply.as_object().unwrap().keys().collect();
    assert_eq!(members, ["authToken", "correlationId", "next"]);
    assert_eq!(reply["next"], json!({"v3-validate": "/v3/validate"}));
    let id = reply["correlationId"].as_str().unwrap();
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    assert!(id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')));
}

#[tokio::test(start_paused = true)]
async fn flow_type_is_required() {
    let bench = TestSandbox::new().await;
    for body in [json!({}), json!({"flowType": null}), json!({"phoneNumber": PHONE})] {
        bench.call("/v3/start", body).await.refused(400, 8001, "field 'flowType' is missing");
    }
}

#[tokio::test(start_paused = true)]
async fn final_target_url_is_required_for_desktop() {
    let bench = TestSandbox::new().await;
    let answer = bench.call("/v3/start", json!({"flowType": "desktop"})).await;
    answer.refused(400, 8001, "field 'finalTargetUrl' is missing");
    assert_eq!(bench.call("/v3/start", json!({"flowType": "mobile"})).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn bad_members_are_named_with_their_format() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let long = format!("https://shop.test/{}", "a".repeat(111));
    let cases = [
        ("flowType", vec![json!("tablet"), json!(1), json!("")], "'desktop' or 'mobile'"),
        (
            "phoneNumber",
            vec![
                json!("12345"),
                json!("nobody"),
                json!(2_001_004_009_i64),
                json!("447968900002"),
                json!("+1200100400"),
                json!("+120010040099"),
                json!("+0123456789"),
            ],
            "a phone number: ten digits for the US and Canada, else + and the country code",
        ),
        (
            "finalTargetUrl",
            vec![json!("javascript:x"), json!("/linked"), json!("https://shop.test/#a"), json!(long), json!(true)],
            "an http or https URL of at most 128 characters out of alphanumerics and -._+=/:?",
        ),
        ("ssn", vec![json!("123"), json!("12345678x"), json!(1234)], "nine digits or the last four"),
        ("dob", vec![json!("1981"), json!("17.1.1981"), json!(1981)], "YYYY-MM-DD, YYYY-MM or MM-DD"),
        ("emailAddress", vec![json!("nobody"), json!("a b@c"), json!(1)], "an e-mail address"),
        ("ipAddress", vec![json!("localhost"), json!("1.2.3"), json!(1)], "an IPv4 or IPv6 address"),
        (
            "smsMessage",
            vec![json!("no place"), json!("###"), json!("#### #"), json!(format!("####{}", "a".repeat(157))), json!(1)],
            "a string of at most 160 characters with one run of four to six # for the code or the link",
        ),
        ("allowOTPRetry", vec![json!("true"), json!(1)], "true or false"),
    ];
    for (field, values, shape) in cases {
        for value in values {
            let answer = bench.call("/v3/start", with(field, value)).await;
            answer.refused(400, 8001, &format!("field '{field}' must be {shape}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn valid_members_are_accepted() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let cases = [
        ("phoneNumber", vec!["2001004009", "12001004009", "+12001004009", "+447700900000"]),
        (
            "finalTargetUrl",
            vec!["http://localhost:8787/linked.html", "https://shop.test", "https://a-b.test/x_y?a=b+c"],
        ),
        ("ssn", vec!["123456789", "6789"]),
        ("dob", vec!["1981-01-17", "1981-01", "01-17"]),
        ("emailAddress", vec!["someone@shop.test"]),
        ("ipAddress", vec!["127.0.0.1", "::1"]),
        ("smsMessage", vec!["####", "Ihr Code für den Laden: ######"]),
    ];
    for (field, values) in cases {
        for value in values {
            let answer = bench.call("/v3/start", with(field, json!(value))).await;
            assert_eq!(answer.status, 200, "{field} {value}: {}", answer.text);
        }
    }
    let longest = [
        ("smsMessage", format!("####{}", "ü".repeat(156))),
        ("finalTargetUrl", format!("https://shop.test/{}", "a".repeat(110))),
        ("emailAddress", format!("{}@shop.test", "a".repeat(244))),
    ];
    for (field, value) in longest {
        let answer = bench.call("/v3/start", with(field, json!(value))).await;
        assert_eq!(answer.status, 200, "{field}: {}", answer.text);
        let answer = bench.call("/v3/start", with(field, json!(format!("{value}a")))).await;
        assert_eq!(answer.json()["code"], 8001, "{field}: one more");
    }
}

#[tokio::test(start_paused = true)]
async fn empty_members_count_as_left_out() {
    let bench = TestSandbox::new().await;
    for field in ["phoneNumber", "ssn", "dob", "emailAddress", "ipAddress", "smsMessage"] {
        for value in [json!(""), json!(null), json!(" ")] {
            assert_eq!(bench.call("/v3/start", with(field, value)).await.status, 200, "{field}");
        }
    }
    for value in ["", " "] {
        let answer = bench.call("/v3/start", with("finalTargetUrl", json!(value))).await;
        answer.refused(400, 8001, "field 'finalTargetUrl' is missing");
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_numbers_are_refused_when_strict() {
    let bench = TestSandbox::with(Config { strict_test_users: true, ..Config::default() }).await;
    let answer = bench.call("/v3/start", with("phoneNumber", json!(PHONE))).await;
    answer.refused(400, 8007, "no test user found matching the phone number");
    assert_eq!(bench.call("/v3/start", with("phoneNumber", json!(TEST_USER))).await.status, 200);
    assert_eq!(bench.call("/v3/start", json!({"flowType": "mobile"})).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn test_users_of_other_products_are_refused() {
    let bench = TestSandbox::new().await;
    for client_id in ["sandbox", "sandbox-identity"] {
        for phone in ["2001004011", "+447968900002", "2001004014", "2001004018", "2001004031", "2001004049"] {
            let answer = bench.call_as(client_id, "/v3/start", with("phoneNumber", json!(phone))).await;
            answer.refused(403, 8009, "test user cannot be accessed with your current product credentials");
        }
    }
}
