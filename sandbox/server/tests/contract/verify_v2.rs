//! Verified Users, version 2: a verification in one call.

use serde_json::{Value, json};

use crate::support::{PHONE, TestSandbox, holds_nothing};

/// A test user of Verified Users with a whole record.
const SHEILA: &str = "2001004011";
const TYPES: [&str; 6] =
    ["verifiedUser", "accountOpening", "humanAssurance", "prefill", "prefillForBiz", "identityResolution"];

fn asked(what: &str, phone: &str) -> Value {
    json!({"verificationType": what, "phoneNumber": phone})
}

fn named(what: &str, phone: &str, names: [&str; 2]) -> Value {
    let [first, last] = names;
    json!({"verificationType": what, "phoneNumber": phone, "firstName": first, "lastName": last})
}

fn sheila(what: &str) -> Value {
    named(what, SHEILA, ["Sheilakathryn", "Butrimovich"])
}

fn with(mut body: Value, kind: &str, value: &str) -> Value {
    body["identityAttributes"] = json!([
        {"attributeType": "walletId", "attributeValue": "w-1"},
        {"attributeType": kind, "attributeValue": value},
    ]);
    body
}

async fn verify(bench: &TestSandbox, body: Value) -> Value {
    let answer = bench.call("/v3/verify", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let reply = answer.json();
    assert!(!holds_nothing(&reply), "{reply}");
    reply
}

/// Success, level, and why.
async fn judged(bench: &TestSandbox, body: Value) -> (String, String, Value) {
    let reply = verify(bench, body).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&reply["success"]), text(&reply["identity"]["assuranceLevel"]), reply["evaluation"].clone())
}

fn passing() -> Value {
    json!({"identification": {"result": "pass"}, "risk": {"result": "pass"}})
}

#[tokio::test(start_paused = true)]
async fn answers_in_one_call() {
    let bench = TestSandbox::new().await;
    let mut body = sheila("verifiedUser");
    body["clientRequestId"] = json!("request-7");
    let mut reply = verify(&bench, body).await;
    let id = reply["proveId"].as_str().unwrap().to_owned();
    let correlation_id = reply.as_object_mut().unwrap().remove("correlationId").unwrap();
    assert_eq!(correlation_id.as_str().unwrap().len(), 36);
    let identity = json!({"firstName": "Sheilakathryn", "lastName": "Butrimovich", "assuranceLevel": "AL2",
        "reasons": ["AL2a"]});
    let expected = json!({"phoneNumber": SHEILA, "success": "true", "proveId": id, "clientRequestId": "request-7",
        "identity": identity, "evaluation": passing()});
    assert_eq!(reply, expected);
}

#[tokio::test(start_paused = true)]
async fn names_of_the_owner_reach_al2() {
    let bench = TestSandbox::new().await;
    for what in TYPES {
        assert_eq!(judged(&bench, sheila(what)).await, ("true".into(), "AL2".into(), passing()), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_names_reaches_al3() {
    let bench = TestSandbox::new().await;
    for (kind, value) in [("dateOfBirth", "1974-12-09"), ("nationalId", "148882298"), ("nationalId", "2298")] {
        let judged = judged(&bench, with(sheila("accountOpening"), kind, value)).await;
        assert_eq!(judged, ("true".into(), "AL3".into(), passing()), "{kind}");
    }
    assert_eq!(judged(&bench, with(sheila("accountOpening"), "email", "x")).await.1, "AL2", "others are ignored");
}

#[tokio::test(start_paused = true)]
async fn a_number_alone_reaches_al1() {
    let bench = TestSandbox::new().await;
    for what in ["humanAssurance", "prefill", "prefillForBiz", "identityResolution"] {
        assert_eq!(judged(&bench, asked(what, SHEILA)).await, ("true".into(), "AL1".into(), passing()));
        assert_eq!(judged(&bench, asked(what, PHONE)).await, ("true".into(), "AL1".into(), passing()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_mismatch_fails_at_al0() {
    let bench = TestSandbox::new().await;
    let cases = [
        (named("verifiedUser", SHEILA, ["Sheila", "Butrimovich"]), vec!["9011", "9014"]),
        (with(sheila("verifiedUser"), "dateOfBirth", "1974-12-10"), vec!["9011", "9013"]),
        (with(sheila("prefill"), "nationalId", "2299"), vec!["9011", "9012"]),
        (with(asked("prefill", SHEILA), "nationalId", "2299"), vec!["9011", "9012"]),
    ];
    for (body, codes) in cases {
        let reply = verify(&bench, body).await;
        assert_eq!((&reply["success"], reply.get("proveId")), (&json!("false"), None));
        assert_eq!(reply["identity"], json!({"assuranceLevel": "AL0", "reasons": ["AL0a"]}), "nothing is given out");
        let reasons = reply["evaluation"]["identification"]["failureReasons"].as_object().unwrap();
        assert_eq!(reasons.keys().collect::<Vec<_>>(), codes);
    }
}

#[tokio::test(start_paused = true)]
async fn test_users_have_their_scenarios() {
    let bench = TestSandbox::new().await;
    for what in TYPES {
        let bettina = named(what, "2001004049", ["Bettina", "Halbert"]);
        assert_eq!(judged(&bench, bettina).await, ("true".into(), "AL2".into(), passing()), "{what}");
        let alf = named(what, "2001004054", ["Alf", "Novotni"]);
        let (success, level, evaluation) = judged(&bench, alf).await;
        assert_eq!((success.as_str(), level.as_str()), ("false", "AL0"), "{what}");
        let risk = json!({"result": "fail", "failureReasons": {"9400": "the number has a bad reputation"}});
        assert_eq!(evaluation, json!({"identification": {"result": "pass"}, "risk": risk}));
    }
    assert_eq!(judged(&bench, asked("humanAssurance", "2001004049")).await.1, "AL2");
}

#[tokio::test(start_paused = true)]
async fn the_returned_members_depend_on_the_verification_type() {
    let bench = TestSandbox::new().await;
    let level = json!({"assuranceLevel": "AL2", "reasons": ["AL2a"]});
    let mut names = json!({"firstName": "Sheilakathryn", "lastName": "Butrimovich"});
    names.as_object_mut().unwrap().extend(level.as_object().unwrap().clone());
    let mut all = json!({
        "dateOfBirth": "1974-12-09", "nationalId": "148882298", "emails": ["sbutrimovichb@who.int"],
        "addresses": [{"address": "0 Mccormick Trail", "city": "Pittsburgh", "region": "PA", "zipCode": "15205"}],
    });
    all.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
    let cases = [
        ("humanAssurance", &level),
        ("verifiedUser", &names),
        ("accountOpening", &names),
        ("identityResolution", &names),
        ("prefill", &all),
        ("prefillForBiz", &all),
    ];
    for (what, identity) in cases {
        assert_eq!(&verify(&bench, sheila(what)).await["identity"], identity, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn success_enrolls_the_number() {
    let bench = TestSandbox::new().await;
    let listed = async || bench.request_as("sandbox", "GET", "/v3/identity", None).await.json();
    verify(&bench, named("verifiedUser", SHEILA, ["A", "B"])).await;
    assert_eq!(listed().await, json!({"results": []}), "a failure enrolls nobody");
    let id = verify(&bench, sheila("verifiedUser")).await["proveId"].clone();
    assert_eq!(verify(&bench, sheila("prefill")).await["proveId"], id, "the same owner");
    assert_eq!(listed().await, json!({"results": [{"identityId": id, "proveId": id}]}));
}

#[tokio::test(start_paused = true)]
async fn required_members_are_named() {
    let bench = TestSandbox::with(handset_sandbox::Config { rate_limit: 0, ..Default::default() }).await;
    for what in TYPES {
        let answer = bench.call("/v3/verify", json!({"verificationType": what})).await;
        answer.refused(400, 8001, "field 'phoneNumber' is missing");
        for field in ["firstName", "lastName"] {
            for empty in ["", " "] {
                let mut body = sheila(what);
                body[field] = json!(empty);
                let answer = bench.call("/v3/verify", body).await;
                match what {
                    "verifiedUser" | "accountOpening" => {
                        answer.refused(400, 8001, &format!("field '{field}' is missing"));
                    }
                    _ => assert_eq!(answer.status, 200, "{what}"),
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bad_members_are_named() {
    let bench = TestSandbox::new().await;
    let types =
        "'verifiedUser', 'accountOpening', 'humanAssurance', 'prefill', 'prefillForBiz' or 'identityResolution'";
    let phone = "a phone number: ten digits for the US and Canada, else + and the country code";
    let cases = [
        ("verificationType", json!("bot"), types),
        ("verificationType", json!(1), types),
        ("phoneNumber", json!("12345"), phone),
        ("emailAddress", json!("nobody"), "an e-mail address"),
        ("identityAttributes", json!({}), "a list of objects"),
        ("identityAttributes[0]", json!([1]), "an object"),
        ("identityAttributes[0]", json!([[]]), "an object"),
        ("identityAttributes[0]", json!([["dateOfBirth", "1974-12-09"]]), "an object"),
        ("identityAttributes[0].attributeValue", json!([{"attributeValue": 1}]), "a string"),
    ];
    for (field, value, shape) in cases {
        let mut body = sheila("verifiedUser");
        body[field.split('[').next().unwrap()] = value;
        let answer = bench.call("/v3/verify", body).await;
        answer.refused(400, 8001, &format!("field '{field}' must be {shape}"));
    }
    for (kind, shape) in
        [("dateOfBirth", "YYYY-MM-DD, YYYY-MM or MM-DD"), ("nationalId", "nine digits or the last four")]
    {
        let answer = bench.call("/v3/verify", with(sheila("verifiedUser"), kind, "x")).await;
        answer.refused(400, 8001, &format!("field 'identityAttributes.{kind}' must be {shape}"));
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_no_status_call() {
    let bench = TestSandbox::new().await;
    let id = verify(&bench, sheila("verifiedUser")).await["correlationId"].clone();
    let unknown = "field 'correlationId' is unknown, malformed or expired";
    bench.call("/v3/verify-status", json!({"correlationId": id})).await.refused(400, 8008, unknown);
}
