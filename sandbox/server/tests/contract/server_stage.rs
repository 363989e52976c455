//! Validate and Complete: their answers at each stage of a session, and their order.

use serde_json::{Value, json};

use crate::support::{PHONE, StartedSession, TEST_USER, TestSandbox};

const UNKNOWN: &str = "field 'correlationId' is unknown, malformed or expired";

/// A session that has shown possession.
async fn passed(bench: &TestSandbox, phone: &str) -> StartedSession {
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": phone})).await;
    bench.page(&started, "mobile/otp/start", json!({})).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": bench.code().await})).await;
    started
}

fn complete(started: &StartedSession, individual: Value) -> Value {
    json!({"correlationId": started.correlation_id, "individual": individual})
}

#[tokio::test(start_paused = true)]
async fn validate_says_pending_before_the_check() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    for _ in 0..2 {
        let next = json!({"v3-validate": "/v3/validate"});
        let expected = json!({"success": false, "challengeMissing": false, "next": next});
        assert_eq!(bench.validate(&started).await.json(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn validate_says_yes_after_it() {
    let bench = TestSandbox::new().await;
    let started = passed(&bench, PHONE).await;
    let next = json!({"v3-complete": "/v3/complete"});
    let evaluation = json!({"authentication": {"result": "pass"}});
    let expected = json!({"success": true, "challengeMissing": false, "phoneNumber": PHONE, "evaluation": evaluation,
        "next": next});
    assert_eq!(bench.validate(&started).await.json(), expected);
}

#[tokio::test(start_paused = true)]
async fn validate_can_be_asked_again_after_yes() {
    let bench = TestSandbox::new().await;
    let started = passed(&bench, PHONE).await;
    let first = bench.validate(&started).await.json();
    assert_eq!(bench.validate(&started).await.json(), first);
}

#[tokio::test(start_paused = true)]
async fn validate_says_no_once() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    bench.page(&started, "mobile/otp/error", json!({"message": "x"})).await;
    let why = json!({"9100": "possession of the phone was not shown"});
    let evaluation = json!({"authentication": {"result": "fail", "failureReasons": why}});
    let expected =
        json!({"success": false, "challengeMissing": false, "evaluation": evaluation, "next": {"done": "done"}});
    assert_eq!(bench.validate(&started).await.json(), expected);
    bench.validate(&started).await.refused(403, 8003, "step not allowed");
}

#[tokio::test(start_paused = true)]
async fn complete_before_validate_is_refused() {
    let bench = TestSandbox::new().await;
    for started in [bench.otp(false).await, passed(&bench, PHONE).await] {
        let answer = bench.call("/v3/complete", complete(&started, json!({"ssn": "1234"}))).await;
        answer.refused(403, 8003, "step not allowed");
        assert_eq!(bench.validate(&started).await.status, 200, "and nothing has changed");
    }
}

#[tokio::test(start_paused = true)]
async fn complete_compares_with_the_record() {
    let bench = TestSandbox::new().await;
    let address =
        json!({"address": "27 Financial Place", "city": "Bakersfield", "region": "CA", "postalCode": "93301"});
    let cases = [
        (json!({"firstName": "Benny", "lastName": "Harper"}), true),
        (json!({"ssn": "565252770"}), true),
        (json!({"ssn": "2770", "dob": "1994-09-02", "emailAddresses": ["b@x.test"], "addresses": [address]}), true),
        (json!({"firstName": "Benny", "lastName": "Harper", "ssn": "", "dob": ""}), true),
        (json!({"firstName": "Milo", "lastName": "Pinson"}), false),
        (json!({"firstName": "Benny", "lastName": "Harper", "dob": "1994-09-03"}), false),
    ];
    for (individual, success) in cases {
        let started = passed(&bench, TEST_USER).await;
        assert!(bench.validated(&started).await.0);
        let answer = bench.call("/v3/complete", complete(&started, individual.clone())).await;
        let reply = answer.json();
        assert_eq!((&reply["success"], &reply["next"]), (&json!(success), &json!({"done": "done"})), "{individual}");
    }
}

#[tokio::test(start_paused = true)]
async fn complete_of_another_than_the_synthetic_owner_fails() {
    let bench = TestSandbox::new().await;
    let started = passed(&bench, PHONE).await;
    bench.validate(&started).await;
    let individual = json!({"firstName": "Nobody", "lastName": "Inparticular"});
    assert_eq!(bench.call("/v3/complete", complete(&started, individual)).await.json()["success"], false);
}

#[tokio::test(start_paused = true)]
async fn complete_needs_names_or_ssn() {
    let bench = TestSandbox::new().await;
    let started = passed(&bench, TEST_USER).await;
    bench.validate(&started).await;
    let cases = [
        (json!({"correlationId": started.correlation_id}), "individual"),
        (complete(&started, json!({})), "individual.firstName"),
        (complete(&started, json!({"firstName": "Benny"})), "individual.lastName"),
        (complete(&started, json!({"lastName": "Harper", "dob": "1994-09-02"})), "individual.firstName"),
        (complete(&started, json!({"firstName": "", "lastName": "Harper"})), "individual.firstName"),
        (complete(&started, json!({"firstName": " ", "lastName": "\t"})), "individual.firstName"),
        (complete(&started, json!({"firstName": "Benny", "lastName": " ", "ssn": " "})), "individual.lastName"),
    ];
    for (body, field) in cases {
        bench.call("/v3/complete", body).await.refused(400, 8001, &format!("field '{field}' is missing"));
    }
    let answer = bench.call("/v3/complete", complete(&started, json!({"ssn": "2770"}))).await;
    assert_eq!(answer.json()["success"], true, "what was refused has changed nothing");
}

#[tokio::test(start_paused = true)]
async fn complete_names_bad_members() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(false).await;
    let cases = [
        (json!({"ssn": "12"}), "individual.ssn", "nine digits or the last four"),
        (json!({"ssn": "1234", "dob": "1"}), "individual.dob", "YYYY-MM-DD, YYYY-MM or MM-DD"),
        (json!({"ssn": "1234", "emailAddresses": ["x"]}), "individual.emailAddresses[0]", "an e-mail address"),
        (json!({"ssn": "1234", "emailAddresses": "x"}), "individual.emailAddresses", "a list of strings"),
        (json!({"ssn": "1234", "addresses": {}}), "individual.addresses", "a list of objects"),
        (json!({"ssn": "1234", "addresses": [1]}), "individual.addresses[0]", "an object"),
        (json!({"ssn": "1234", "addresses": [["1 Elm", null, "Boise"]]}), "individual.addresses[0]", "an object"),
        (json!({"ssn": "1234", "addresses": [{"city": 1}]}), "individual.addresses[0].city", "a string"),
        (json!({"firstName": 1}), "individual.firstName", "a string"),
        (json!("x"), "individual", "an object"),
        (json!([]), "individual", "an object"),
        (json!(["Milo", "Pinson", "1981-01-17", "847350596"]), "individual", "an object"),
    ];
    for (individual, field, shape) in cases {
        let answer = bench.call("/v3/complete", complete(&started, individual)).await;
        answer.refused(400, 8001, &format!("field '{field}' must be {shape}"));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_allowed_after_complete() {
    let bench = TestSandbox::new().await;
    let started = passed(&bench, TEST_USER).await;
    bench.validate(&started).await;
    let body = complete(&started, json!({"ssn": "2770"}));
    assert_eq!(bench.call("/v3/complete", body.clone()).await.status, 200);
    bench.call("/v3/complete", body).await.refused(403, 8003, "step not allowed");
    bench.validate(&started).await.refused(403, 8003, "step not allowed");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_refused() {
    let bench = TestSandbox::new().await;
    let of_another = bench.otp(false).await.correlation_id;
    for id in ["", "x", "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-00000000000G"] {
        let body = json!({"correlationId": id, "individual": {"ssn": "1234"}});
        for path in ["/v3/validate", "/v3/complete"] {
            bench.call(path, body.clone()).await.refused(400, 8008, UNKNOWN);
        }
    }
    let upper = json!({"correlationId": of_another.to_uppercase()});
    bench.call("/v3/validate", upper).await.refused(400, 8008, UNKNOWN);
    let body = json!({"correlationId": of_another});
    bench.call_as("sandbox-identity", "/v3/validate", body).await.refused(400, 8008, UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn an_expired_id_is_refused() {
    let bench = TestSandbox::new().await;
    let started = passed(&bench, TEST_USER).await;
    bench.pass_ms(899_999).await;
    assert!(bench.validated(&started).await.0);
    bench.pass_ms(1).await;
    bench.validate(&started).await.refused(400, 8008, UNKNOWN);
    let body = complete(&started, json!({"ssn": "2770"}));
    bench.call("/v3/complete", body).await.refused(400, 8008, UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn a_missing_id_is_named() {
    let bench = TestSandbox::new().await;
    for path in ["/v3/validate", "/v3/complete"] {
        bench.call(path, json!({})).await.refused(400, 8001, "field 'correlationId' is missing");
    }
    let answer = bench.call("/v3/validate", json!({"correlationId": 1})).await;
    answer.refused(400, 8001, "field 'correlationId' must be a string");
}
