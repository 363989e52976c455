//! Generate Auth: tokens, their contents, and the modes of a transaction.

use handset_sandbox::Config;
use serde_json::{Value, json};

use super::{MOBILE, OTHER_MOBILE, TOKEN_PATH, auth_body, claims, failed, generate, post, result, token};
use crate::support::{BEGIN, TestSandbox};

#[tokio::test(start_paused = true)]
async fn gives_a_page_its_token() {
    let bench = TestSandbox::new().await;
    let reply = result(&generate(&bench, json!({})).await);
    let token = reply["authToken"].as_str().unwrap().into();
    let claims = claims(&token);
    let journey_id = claims["journeyId"].as_str().unwrap();
    let metadata =
        json!({"appId": "sandbox-app", "transactionId": "t1", "workflowId": "onboarding", "journeyId": journey_id});
    assert_eq!(reply, json!({"authToken": token.expose(), "metadata": metadata}));
    let member = |name: &str| claims[name].clone();
    assert_eq!(
        ["appId", "transactionId", "workflowId", "authenticateOnResume", "project"].map(member),
        [json!("sandbox-app"), json!("t1"), json!("onboarding"), json!(false), json!("default")]
    );
    assert_eq!((member("iat"), member("exp")), (json!(BEGIN / 1000), json!(BEGIN / 1000 + 43_200)));
    let again = self::token(&bench, json!({})).await;
    assert_eq!(super::claims(&again)["journeyId"], json!(journey_id), "the journey is the transaction's");
    assert_ne!(super::claims(&again)["jti"], claims["jti"]);
}

#[tokio::test(start_paused = true)]
async fn names_the_owner_unless_a_code_is_asked_for() {
    let bench = TestSandbox::new().await;
    let owner = async |changes: Value| claims(&token(&bench, changes).await)["uniqueId"].clone();
    let of = |id: &str, more: Value| super::with(json!({"transactionId": id}), more);
    let known = json!({"mobileNumber": MOBILE});
    let first = owner(of("a", known.clone())).await;
    assert!(first.is_string(), "{first}");
    assert_eq!(owner(of("a", json!({"mobileNumber": "+1 (500) 555-0006"}))).await, first, "any notation");
    assert_eq!(owner(of("a", json!({"mobileNumber": MOBILE, "authenticateOnResume": "yes"}))).await, Value::Null);
    assert_ne!(owner(of("b", known)).await, first, "another transaction");
    assert_ne!(owner(of("c", json!({}))).await, first);
    let email = owner(of("d", json!({"email": "Ada@Example.com"}))).await;
    assert_eq!(owner(of("d", json!({"email": "ada@example.com"}))).await, email);
    assert!(!email.to_string().contains("example") && !first.to_string().contains("555"));
}

#[tokio::test(start_paused = true)]
async fn lives_as_long_as_expiry_says() {
    let bench = TestSandbox::new().await;
    for (expiry, seconds) in [
        (json!(1), 1),
        (json!(86_400), 86_400),
        (json!("3600"), 3600),
        (json!("0060"), 60),
        (json!(""), 43_200),
        (Value::Null, 43_200),
    ] {
        let claims = claims(&token(&bench, json!({"expiry": expiry})).await);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), seconds, "{expiry}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_the_member_that_is_wrong() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let id = "1 to 128 visible ASCII characters without spaces";
    let expiry = "a whole number of seconds, 1 to 86400";
    let long = "x".repeat(129);
    for (changes, error) in [
        (json!({"appId": null}), "field 'appId' is missing".to_owned()),
        (json!({"appId": " "}), "field 'appId' is missing".to_owned()),
        (json!({"appId": 1}), format!("field 'appId' must be {id}")),
        (json!({"appKey": null}), "field 'appKey' is missing".to_owned()),
        (json!({"appKey": {}}), "field 'appKey' must be a string".to_owned()),
        (json!({"transactionId": null}), "field 'transactionId' is missing".to_owned()),
        (json!({"transactionId": "a b"}), format!("field 'transactionId' must be {id}")),
        (json!({"transactionId": "ä"}), format!("field 'transactionId' must be {id}")),
        (json!({"transactionId": long}), format!("field 'transactionId' must be {id}")),
        (json!({"transactionId": 7}), format!("field 'transactionId' must be {id}")),
        (json!({"workflowId": null}), "field 'workflowId' is missing".to_owned()),
        (json!({"workflowId": "a b"}), format!("field 'workflowId' must be {id}")),
        (json!({"authenticateOnResume": "maybe"}), "field 'authenticateOnResume' must be 'yes' or 'no'".to_owned()),
        (json!({"authenticateOnResume": true}), "field 'authenticateOnResume' must be 'yes' or 'no'".to_owned()),
        (json!({"expiry": 0}), format!("field 'expiry' must be {expiry}")),
        (json!({"expiry": 86_401}), format!("field 'expiry' must be {expiry}")),
        (json!({"expiry": -1}), format!("field 'expiry' must be {expiry}")),
        (json!({"expiry": 1.5}), format!("field 'expiry' must be {expiry}")),
        (json!({"expiry": "1h"}), format!("field 'expiry' must be {expiry}")),
        (json!({"expiry": "+5"}), format!("field 'expiry' must be {expiry}")),
        (json!({"expiry": "99999999999999999999"}), format!("field 'expiry' must be {expiry}")),
        (
            json!({"mobileNumber": "12"}),
            "field 'mobileNumber' must be a phone number: ten digits for the US and Canada, else + and the country code"
                .to_owned(),
        ),
        (json!({"email": "ada"}), "field 'email' must be an e-mail address, for example ada@example.com".to_owned()),
        (
            json!({"email": "ada@example.com", "mobileNumber": MOBILE}),
            "fields 'mobileNumber' and 'email' exclude each other".to_owned(),
        ),
    ] {
        failed(&generate(&bench, changes).await, 400, &error, "invalid_request_body", json!({}));
    }
    for (body, error) in [("[]", "the body must be a JSON object"), ("{", "the body is not JSON")] {
        failed(&post(&bench, TOKEN_PATH, &[], body).await, 400, error, "invalid_request_body", json!({}));
    }
    let form = post(&bench, TOKEN_PATH, &[("content-type", "text/plain")], &auth_body(json!({})).to_string()).await;
    failed(&form, 400, "header 'Content-Type' must be application/json", "invalid_request_body", json!({}));
}

#[tokio::test(start_paused = true)]
async fn takes_null_and_blank_members_as_absent_and_ignores_unknown_ones() {
    let bench = TestSandbox::new().await;
    let body = r#"{"appId": "sandbox-app", "appKey": "sandbox-app-key", "transactionId": "t1", "workflowId": "onboarding",
                   "authenticateOnResume": null, "expiry": null, "mobileNumber": "", "email": " ", "more": [1]}"#;
    result(&post(&bench, TOKEN_PATH, &[], body).await);
}

#[tokio::test(start_paused = true)]
async fn does_not_tell_which_credential_is_wrong() {
    let bench = TestSandbox::new().await;
    for changes in [
        json!({"appId": "other-app"}),
        json!({"appKey": "wrong"}),
        json!({"appKey": "staging-app-key"}),
        // Before the other members.
        json!({"appKey": "wrong", "transactionId": null, "expiry": "soon"}),
    ] {
        failed(&generate(&bench, changes).await, 401, "Unauthorized", "unauthorized_access", json!({}));
    }
}

#[tokio::test(start_paused = true)]
async fn knows_its_workflows() {
    let bench = TestSandbox::new().await;
    let answer = generate(&bench, json!({"workflowId": "other"})).await;
    failed(&answer, 404, "Workflow not found", "workflow_not_found", json!({}));
}

/// What the first token of a transaction names, what a later one does, and the answer to that.
const MODES: [(&str, &str, &str); 25] = [
    ("own", "own", "ok"),
    ("own", "code known", "unique_id_conflict"),
    ("own", "known", "unique_id_conflict"),
    ("own", "code", "auth_mode_conflict"),
    ("own", "email", "unique_id_conflict"),
    ("code known", "own", "auth_mode_conflict"),
    ("code known", "code known", "ok"),
    ("code known", "known", "ok"),
    ("code known", "code", "auth_mode_conflict"),
    ("code known", "other", "unique_id_conflict"),
    ("code known", "email", "unique_id_conflict"),
    ("known", "own", "auth_mode_conflict"),
    ("known", "code known", "ok"),
    ("known", "known", "ok"),
    ("known", "code", "auth_mode_conflict"),
    ("known", "other", "unique_id_conflict"),
    ("code", "own", "auth_mode_conflict"),
    ("code", "code", "ok"),
    ("code", "known", "unique_id_conflict"),
    ("code", "code known", "unique_id_conflict"),
    ("email", "email", "ok"),
    ("email", "code email", "ok"),
    ("email", "known", "unique_id_conflict"),
    ("email", "own", "auth_mode_conflict"),
    ("email", "code", "auth_mode_conflict"),
];

fn of_mode(name: &str) -> Value {
    match name {
        "own" => json!({}),
        "code" => json!({"authenticateOnResume": "yes"}),
        "known" => json!({"mobileNumber": MOBILE}),
        "code known" => json!({"mobileNumber": MOBILE, "authenticateOnResume": "yes"}),
        "other" => json!({"mobileNumber": OTHER_MOBILE}),
        "email" => json!({"email": "ada@example.com"}),
        "code email" => json!({"email": "ADA@example.com", "authenticateOnResume": "yes"}),
        _ => panic!("{name}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_token_fixes_mode_and_contact() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    for (index, (first, later, expected)) in MODES.into_iter().enumerate() {
        let id = json!({"transactionId": format!("t{index}")});
        token(&bench, super::with(id.clone(), of_mode(first))).await;
        let answer = generate(&bench, super::with(id.clone(), of_mode(later))).await;
        match expected {
            "ok" => drop(result(&answer)),
            "unique_id_conflict" => {
                let error = "The contact differs from the one stored for the transaction";
                failed(&answer, 409, error, expected, json!({}));
            }
            _ => {
                let error =
                    "authenticateOnResume and the contact differ in kind from the first token of the transaction";
                failed(&answer, 400, error, expected, json!({}));
            }
        }
        // A refused token changes nothing.
        token(&bench, super::with(id, of_mode(first))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn has_a_rate_for_each_app() {
    let bench = TestSandbox::with(Config { rate_limit: 2, ..Config::default() }).await;
    for _ in 0..2 {
        token(&bench, json!({})).await;
    }
    let answer = generate(&bench, json!({})).await;
    failed(&answer, 429, "Too many requests", "too_many_requests", json!({"retryAfterSeconds": 1}));
    assert_eq!(answer.header("retry-after"), "1");
    token(&bench, json!({"appId": "staging-app", "appKey": "staging-app-key"})).await;
    let wrong = generate(&bench, json!({"appKey": "wrong"})).await;
    assert_eq!(wrong.status.as_u16(), 401, "without a right key the rate is not told");
}

#[tokio::test(start_paused = true)]
async fn refuses_long_bodies_and_other_methods() {
    let bench = TestSandbox::new().await;
    let answer = generate(&bench, json!({"more": "x".repeat(16 * 1024)})).await;
    failed(&answer, 413, "the body must be at most 16384 bytes", "payload_too_large", json!({}));
    let answer = bench.get(TOKEN_PATH).await;
    failed(&answer, 405, "wrong method: this path takes POST", "method_not_allowed", json!({}));
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test(start_paused = true)]
async fn is_of_a_project() {
    let bench = TestSandbox::new().await;
    let in_project = async |changes: Value| {
        post(&bench, TOKEN_PATH, &[("handset-project", "p1")], &auth_body(changes).to_string()).await
    };
    let first = result(&in_project(json!({"mobileNumber": MOBILE})).await);
    let token = first["authToken"].as_str().unwrap().into();
    assert_eq!(claims(&token)["project"], "p1");
    // The same transaction of the default project is another one.
    result(&generate(&bench, json!({"mobileNumber": OTHER_MOBILE})).await);
    assert_eq!(in_project(json!({"mobileNumber": OTHER_MOBILE})).await.status.as_u16(), 409);
    let malformed = post(&bench, TOKEN_PATH, &[("handset-project", "a b")], "{}").await;
    let error = "header 'Handset-Project' must be 1 to 64 letters, digits, - or _";
    failed(&malformed, 400, error, "invalid_request_body", json!({}));
}
