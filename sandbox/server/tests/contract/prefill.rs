//! Pre-Fill: the challenge gives out the owner's record, once and in order.

use serde_json::{Value, json};

use crate::support::{StartedSession, TestResponse, TestSandbox, holds_nothing};

/// A test user whose SSN is 470806227, born on 1982-07-19.
const MARCIA: &str = "2001001693";
const REFUSED: &str = "step not allowed";

async fn call(bench: &TestSandbox, started: &StartedSession, path: &str, more: Value) -> TestResponse {
    let mut body = json!({"correlationId": started.correlation_id});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.call_as("sandbox-prefill", path, body).await
}

async fn start(bench: &TestSandbox, more: Value) -> StartedSession {
    let mut body = json!({"flowType": "mobile", "phoneNumber": MARCIA});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let reply = bench.call_as("sandbox-prefill", "/v3/start", body).await.json();
    StartedSession {
        auth_token: reply["authToken"].as_str().unwrap().into(),
        correlation_id: reply["correlationId"].as_str().unwrap().to_owned(),
    }
}

/// A session that Validate has said yes to.
async fn validated(bench: &TestSandbox, more: Value) -> StartedSession {
    let started = start(bench, more).await;
    bench.show_by_code(&started).await;
    assert_eq!(call(bench, &started, "/v3/validate", json!({})).await.json()["success"], true);
    started
}

async fn challenged(bench: &TestSandbox, started: &StartedSession, given: Value) -> Value {
    let answer = call(bench, started, "/v3/challenge", given).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test(start_paused = true)]
async fn validate_leads_to_the_challenge() {
    let bench = TestSandbox::new().await;
    let cases = [(json!({}), true), (json!({"ssn": "6227"}), false), (json!({"dob": "1982-07"}), false)];
    for (more, missing) in cases {
        let started = start(&bench, more).await;
        let pending = call(&bench, &started, "/v3/validate", json!({})).await.json();
        let next = json!({"v3-validate": "/v3/validate"});
        assert_eq!(pending, json!({"success": false, "challengeMissing": missing, "next": next}));
        bench.show_by_code(&started).await;
        for _ in 0..2 {
            let passed = call(&bench, &started, "/v3/validate", json!({})).await.json();
            assert_eq!((&passed["success"], &passed["challengeMissing"]), (&json!(true), &json!(missing)));
            assert_eq!(passed["next"], json!({"v3-challenge": "/v3/challenge"}));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_challenge_returns_the_record() {
    let bench = TestSandbox::new().await;
    let individual = json!({
        "firstName": "Marcia", "lastName": "Longo", "dob": "1982-07-19", "ssn": "470806227",
        "emailAddresses": ["mlongok@amazonaws.com"],
        "addresses": [{"address": "00 Mallard Park", "city": "New Orleans", "region": "LA", "postalCode": "70165"}],
    });
    let expected = json!({"success": true, "individual": individual, "next": {"v3-complete": "/v3/complete"}});
    for given in [
        json!({"ssn": "470806227"}),
        json!({"ssn": "6227"}),
        json!({"dob": "1982-07-19"}),
        json!({"dob": "1982-07"}),
        json!({"dob": "07-19"}),
        json!({"ssn": "6227", "dob": "07-19"}),
    ] {
        let started = validated(&bench, json!({})).await;
        let reply = challenged(&bench, &started, given).await;
        assert_eq!(reply, expected);
        assert!(!holds_nothing(&reply));
        bench.pass_ms(1000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_challenge_uses_the_members_of_start() {
    let bench = TestSandbox::new().await;
    for (at_start, success) in [("6227", true), ("6228", false)] {
        let started = validated(&bench, json!({"ssn": at_start})).await;
        assert_eq!(challenged(&bench, &started, json!({})).await["success"], success);
        let started = validated(&bench, json!({"ssn": at_start})).await;
        let with_dob = challenged(&bench, &started, json!({"dob": "07-19"})).await;
        assert_eq!(with_dob["success"], success, "both have to agree");
    }
}

#[tokio::test(start_paused = true)]
async fn members_of_the_challenge_override_those_of_start() {
    let bench = TestSandbox::new().await;
    for (at_start, given, success) in [("0000", "6227", true), ("6227", "0000", false), ("0000", "", false)] {
        let started = validated(&bench, json!({"ssn": at_start})).await;
        assert_eq!(challenged(&bench, &started, json!({"ssn": given})).await["success"], success);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_challenge_returns_nothing() {
    let bench = TestSandbox::new().await;
    for given in [json!({"ssn": "6228"}), json!({"dob": "1982-08"}), json!({"ssn": "6227", "dob": "07-18"})] {
        let started = validated(&bench, json!({})).await;
        let expected = json!({"success": false, "next": {"v3-complete": "/v3/complete"}});
        assert_eq!(challenged(&bench, &started, given).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_challenge_needs_a_member() {
    let bench = TestSandbox::new().await;
    let started = validated(&bench, json!({})).await;
    for given in [json!({}), json!({"ssn": "", "dob": null})] {
        let answer = call(&bench, &started, "/v3/challenge", given).await;
        answer.refused(400, 8001, "field 'dob' or 'ssn' is missing");
    }
    assert_eq!(challenged(&bench, &started, json!({"ssn": "6227"})).await["success"], true, "nothing has changed");
}

#[tokio::test(start_paused = true)]
async fn bad_members_are_named() {
    let bench = TestSandbox::new().await;
    let started = validated(&bench, json!({})).await;
    let cases = [
        (json!({"ssn": "123"}), "field 'ssn' must be nine digits or the last four"),
        (json!({"dob": "1982"}), "field 'dob' must be YYYY-MM-DD, YYYY-MM or MM-DD"),
        (json!({"dob": 1982}), "field 'dob' must be YYYY-MM-DD, YYYY-MM or MM-DD"),
    ];
    for (given, message) in cases {
        call(&bench, &started, "/v3/challenge", given).await.refused(400, 8001, message);
    }
    let none = bench.call_as("sandbox-prefill", "/v3/challenge", json!({"ssn": "6227"})).await;
    none.refused(400, 8001, "field 'correlationId' is missing");
    let unknown = bench.call_as("sandbox-prefill", "/v3/challenge", json!({"correlationId": "x", "ssn": "6227"})).await;
    unknown.refused(400, 8008, "field 'correlationId' is unknown, malformed or expired");
}

#[tokio::test(start_paused = true)]
async fn the_challenge_is_evaluated_once() {
    let bench = TestSandbox::new().await;
    for first in ["6227", "6228"] {
        let started = validated(&bench, json!({})).await;
        challenged(&bench, &started, json!({"ssn": first})).await;
        call(&bench, &started, "/v3/challenge", json!({"ssn": "6227"})).await.refused(403, 8003, REFUSED);
        let again = call(&bench, &started, "/v3/validate", json!({})).await.json();
        assert_eq!((&again["success"], &again["challengeMissing"]), (&json!(true), &json!(false)));
        assert_eq!(again["next"], json!({"v3-complete": "/v3/complete"}), "Validate says where things are");
    }
}

#[tokio::test(start_paused = true)]
async fn complete_follows_the_challenge() {
    let bench = TestSandbox::new().await;
    for challenge in ["6227", "6228"] {
        let started = validated(&bench, json!({})).await;
        challenged(&bench, &started, json!({"ssn": challenge})).await;
        let typed = json!({"individual": {"firstName": "Marcia", "lastName": "Longo", "ssn": "470806227"}});
        let reply = call(&bench, &started, "/v3/complete", typed).await.json();
        assert_eq!((&reply["success"], &reply["next"]), (&json!(true), &json!({"done": "done"})));
        for path in ["/v3/validate", "/v3/challenge"] {
            call(&bench, &started, path, json!({"ssn": "6227"})).await.refused(403, 8003, REFUSED);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_out_of_order_are_refused() {
    let bench = TestSandbox::new().await;
    let individual = json!({"individual": {"ssn": "6227"}});
    let challenge = json!({"ssn": "6227"});
    let started = start(&bench, json!({})).await;
    call(&bench, &started, "/v3/challenge", challenge.clone()).await.refused(403, 8003, REFUSED);
    bench.show_by_code(&started).await;
    call(&bench, &started, "/v3/challenge", challenge.clone()).await.refused(403, 8003, REFUSED);
    call(&bench, &started, "/v3/validate", json!({})).await;
    call(&bench, &started, "/v3/complete", individual.clone()).await.refused(403, 8003, REFUSED);
    assert_eq!(challenged(&bench, &started, challenge.clone()).await["success"], true, "nothing has changed");
    assert_eq!(call(&bench, &started, "/v3/complete", individual).await.json()["success"], true);

    let failed = start(&bench, json!({})).await;
    bench.give_up(&failed).await;
    assert_eq!(call(&bench, &failed, "/v3/validate", json!({})).await.json()["next"], json!({"done": "done"}));
    call(&bench, &failed, "/v3/challenge", challenge).await.refused(403, 8003, REFUSED);
}
