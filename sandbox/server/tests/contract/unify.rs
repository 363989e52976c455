//! Unify: a session binds a device to a number's owner, and a device is replaced or revoked.

use handset_sandbox::Config;
use serde_json::{Value, json};

use crate::support::{OTHER_PHONE, PHONE, StartedSession, TARGET, TestResponse, TestSandbox, claims};

/// A test user of Unify.
const LORANT: &str = "2001004014";
/// A test user who passes without the browser.
const BARBARA: &str = "2001004018";

fn body(possession: &str, phone: &str) -> Value {
    json!({"possessionType": possession, "phoneNumber": phone, "finalTargetUrl": TARGET})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

async fn unify(bench: &TestSandbox, body: Value) -> StartedSession {
    bench.pass_ms(1000).await;
    bench.open("/v3/unify", body).await.0
}

async fn status(bench: &TestSandbox, started: &StartedSession) -> Value {
    let answer = bench.ask(started, "/v3/unify-status").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn bind(bench: &TestSandbox, started: &StartedSession, phone: &str) -> TestResponse {
    let body = json!({"correlationId": started.correlation_id, "phoneNumber": phone});
    bench.call("/v3/unify-bind", body).await
}

/// A device that is bound to a number by a code.
async fn bound(bench: &TestSandbox, body: Value) -> String {
    let started = unify(bench, body).await;
    bench.show_by_code(&started).await;
    status(bench, &started).await["deviceId"].as_str().unwrap().to_owned()
}

async fn revoke(bench: &TestSandbox, device_id: &str) -> Value {
    let body = json!({"clientRequestId": "request-7", "deviceId": device_id});
    bench.call("/v3/device/revoke", body).await.json()
}

fn shown() -> Value {
    json!({"authentication": {"result": "pass"}})
}

fn not_shown() -> Value {
    let why = json!({"9100": "possession of the phone was not shown"});
    json!({"authentication": {"result": "fail", "failureReasons": why}})
}

/// The reply of a success without its ids, which must be there.
fn without_ids(mut reply: Value) -> Value {
    for id in ["proveId", "deviceId"] {
        let id = reply.as_object_mut().unwrap().remove(id).unwrap();
        assert_eq!(id.as_str().unwrap().len(), 36);
    }
    reply
}

#[tokio::test(start_paused = true)]
async fn answers_token_id_and_pending() {
    let bench = TestSandbox::new().await;
    for (possession, step) in [("desktop", "mobile/instantlink"), ("mobile", "mobile/otp"), ("none", "done")] {
        let (started, reply) = bench.open("/v3/unify", body(possession, LORANT)).await;
        let members: Vec<_> = reply.as_object().unwrap().keys().collect();
        assert_eq!(members, ["authToken", "correlationId", "success"]);
        assert_eq!(reply["success"], "pending");
        assert_eq!(claims(&started.auth_token)["auth"]["next"], step);
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_binds_a_device() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, with(body("mobile", LORANT), "clientRequestId", json!("request-7"))).await;
    let pending = json!({"success": "pending", "phoneNumber": LORANT, "clientRequestId": "request-7"});
    assert_eq!(status(&bench, &started).await, pending);
    bench.show_by_code(&started).await;
    let first = status(&bench, &started).await;
    assert_eq!(status(&bench, &started).await, first, "as often as asked");
    let expected = json!({"success": "true", "phoneNumber": LORANT, "clientRequestId": "request-7",
        "evaluation": shown()});
    assert_eq!(without_ids(first), expected);
}

#[tokio::test(start_paused = true)]
async fn a_link_binds_a_device() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, body("desktop", LORANT)).await;
    bench.show_by_link(&started).await;
    let expected = json!({"success": "true", "phoneNumber": LORANT, "evaluation": shown()});
    assert_eq!(without_ids(status(&bench, &started).await), expected);
}

#[tokio::test(start_paused = true)]
async fn the_page_may_give_the_number() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, json!({"possessionType": "mobile"})).await;
    assert_eq!(claims(&started.auth_token)["auth"]["subs"]["mob"]["auths"]["otp"], json!({"mnp": false}));
    assert_eq!(status(&bench, &started).await, json!({"success": "pending"}));
    bench.page(&started, "mobile/otp/start", json!({"mobileNumber": PHONE})).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": bench.code().await})).await;
    assert_eq!(status(&bench, &started).await["phoneNumber"], PHONE);
}

#[tokio::test(start_paused = true)]
async fn failed_possession_binds_nothing() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, body("mobile", LORANT)).await;
    bench.page(&started, "mobile/otp/start", json!({})).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": "4321"})).await;
    let expected = json!({"success": "false", "phoneNumber": LORANT, "evaluation": not_shown()});
    assert_eq!(status(&bench, &started).await, expected);
    let next = unify(&bench, body("none", LORANT)).await;
    assert_eq!(status(&bench, &next).await["success"], "possession_required");
}

#[tokio::test(start_paused = true)]
async fn some_pass_without_the_browser() {
    let bench = TestSandbox::new().await;
    for possession in ["desktop", "mobile", "none"] {
        let started = unify(&bench, body(possession, BARBARA)).await;
        assert_eq!(claims(&started.auth_token)["auth"]["next"], "done");
        let reply = status(&bench, &started).await;
        assert_eq!((&reply["success"], &reply["phoneNumber"]), (&json!("true"), &json!(BARBARA)));
        assert!(reply["proveId"].is_string());
        assert_eq!(reply.get("deviceId"), None, "no browser, no device");
    }
}

#[tokio::test(start_paused = true)]
async fn without_possession_a_device_has_to_be_bound() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, body("none", LORANT)).await;
    assert_eq!(status(&bench, &started).await, json!({"success": "possession_required", "phoneNumber": LORANT}));
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": "done"}), "the page has nothing to do");
    let device = bound(&bench, body("mobile", LORANT)).await;
    let reply = status(&bench, &started).await;
    assert_eq!((&reply["success"], &reply["deviceId"]), (&json!("true"), &json!(device)));
    let forced = unify(&bench, with(body("none", LORANT), "rebind", json!(true))).await;
    assert_eq!(status(&bench, &forced).await["success"], "possession_required", "rebind asks all the same");
    let unknown = unify(&bench, json!({"possessionType": "none"})).await;
    assert_eq!(status(&bench, &unknown).await, json!({"success": "possession_required"}));
}

#[tokio::test(start_paused = true)]
async fn the_relying_party_may_bind_a_device_itself() {
    let bench = TestSandbox::new().await;
    for body in [body("none", LORANT), json!({"possessionType": "none"})] {
        let started = unify(&bench, body).await;
        let first = bind(&bench, &started, LORANT).await.json();
        let expected = json!({"success": "true", "phoneNumber": LORANT, "evaluation": shown()});
        assert_eq!(without_ids(first.clone()), expected);
        assert_eq!(bind(&bench, &started, "+12001004014").await.json(), first, "the same once more changes nothing");
        assert_eq!(status(&bench, &started).await, first);
        assert_eq!(revoke(&bench, first["deviceId"].as_str().unwrap()).await, json!({"success": true}));
    }
}

#[tokio::test(start_paused = true)]
async fn another_number_is_not_bound() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, body("none", LORANT)).await;
    let expected = json!({"success": "false", "phoneNumber": LORANT, "evaluation": not_shown()});
    assert_eq!(bind(&bench, &started, PHONE).await.json(), expected);
    assert_eq!(status(&bench, &started).await["success"], "possession_required", "nothing has changed");
    let other = unify(&bench, body("none", PHONE)).await;
    assert_eq!(status(&bench, &other).await["success"], "possession_required");
}

#[tokio::test(start_paused = true)]
async fn a_number_to_bind_is_one_of_unify() {
    const OF_IDENTITY: &str = "2001004009";
    for strict_test_users in [false, true] {
        let bench = TestSandbox::with(Config { strict_test_users, ..Config::default() }).await;
        let started = unify(&bench, body("none", LORANT)).await;
        let message = "test user cannot be accessed with your current product credentials";
        bind(&bench, &started, OF_IDENTITY).await.refused(403, 8009, message);
        if strict_test_users {
            bind(&bench, &started, PHONE).await.refused(400, 8007, "no test user found matching the phone number");
        }
        assert_eq!(bind(&bench, &started, LORANT).await.json()["success"], "true", "neither changes anything");
    }
}

#[tokio::test(start_paused = true)]
async fn binding_is_for_sessions_without_possession_only() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, body("mobile", LORANT)).await;
    bind(&bench, &started, LORANT).await.refused(403, 8003, "step not allowed");
    bench.show_by_code(&started).await;
    bind(&bench, &started, LORANT).await.refused(403, 8003, "step not allowed");
    assert_eq!(status(&bench, &started).await["success"], "true");
}

#[tokio::test(start_paused = true)]
async fn a_number_keeps_its_device() {
    let bench = TestSandbox::new().await;
    let first = bound(&bench, body("mobile", LORANT)).await;
    assert_eq!(bound(&bench, body("mobile", "+12001004014")).await, first, "however it is written");
    assert_ne!(bound(&bench, body("mobile", PHONE)).await, first, "another number has another");
}

#[tokio::test(start_paused = true)]
async fn rebind_replaces_the_device() {
    let bench = TestSandbox::new().await;
    let first = bound(&bench, body("mobile", LORANT)).await;
    let second = bound(&bench, with(body("mobile", LORANT), "rebind", json!(true))).await;
    assert_ne!(second, first);
    assert_eq!(revoke(&bench, &first).await, json!({"success": false}), "it is bound no longer");
    assert_eq!(bound(&bench, body("mobile", LORANT)).await, second);
}

#[tokio::test(start_paused = true)]
async fn a_device_can_be_revoked() {
    let bench = TestSandbox::new().await;
    let first = bound(&bench, body("mobile", LORANT)).await;
    assert_eq!(revoke(&bench, &first).await, json!({"success": true}));
    assert_eq!(revoke(&bench, &first).await, json!({"success": false}), "not twice");
    assert_eq!(revoke(&bench, "unknown").await, json!({"success": false}));
    let started = unify(&bench, body("none", LORANT)).await;
    assert_eq!(status(&bench, &started).await["success"], "possession_required");
    assert_ne!(bound(&bench, body("mobile", LORANT)).await, first);
    let answer = bench.call("/v3/device/revoke", json!({"clientRequestId": "request-7"})).await;
    answer.refused(400, 8001, "field 'deviceId' is missing");
}

#[tokio::test(start_paused = true)]
async fn a_session_keeps_reporting_its_own_device() {
    let bench = TestSandbox::new().await;
    let rebinding = with(body("mobile", LORANT), "rebind", json!(true));
    let mut told = Vec::new();
    for body in [body("mobile", LORANT), body("mobile", LORANT), rebinding, body("mobile", LORANT)] {
        let started = unify(&bench, body).await;
        bench.show_by_code(&started).await;
        told.push((status(&bench, &started).await, started));
    }
    let by_server = unify(&bench, with(body("none", LORANT), "rebind", json!(true))).await;
    told.push((bind(&bench, &by_server, LORANT).await.json(), by_server));
    let asking = unify(&bench, body("none", LORANT)).await;
    let devices: Vec<_> = told.iter().map(|(reply, _)| reply["deviceId"].as_str().unwrap().to_owned()).collect();
    let [first, found, second, found_again, third] = devices.as_slice() else { panic!("{devices:?}") };
    assert!((first, second) == (found, found_again) && first != second && second != third, "{devices:?}");
    assert_eq!(status(&bench, &asking).await["deviceId"], json!(third), "what is bound now");
    for _ in 0..2 {
        for (reply, started) in &told {
            assert_eq!(&status(&bench, started).await, reply, "whatever other sessions do");
        }
        revoke(&bench, third).await;
    }
    assert_eq!(status(&bench, &asking).await["success"], "possession_required", "nothing is bound now");
}

#[tokio::test(start_paused = true)]
async fn of_two_revocations_at_once_one_succeeds() {
    let bench = TestSandbox::yielding().await;
    let (started, _) = bench.open("/v3/unify", body("none", LORANT)).await;
    let device = bind(&bench, &started, LORANT).await.json()["deviceId"].clone();
    let mut answers = bench.at_once("POST", "/v3/device/revoke", &json!({"deviceId": device}).to_string()).await;
    answers.sort();
    let answer = |success: bool| (200, json!({"success": success}).to_string());
    assert_eq!(answers, [answer(false), answer(false), answer(false), answer(true)]);
}

#[tokio::test(start_paused = true)]
async fn reputation_is_checked_on_demand() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, with(body("mobile", LORANT), "checkReputation", json!(true))).await;
    bench.show_by_code(&started).await;
    let expected = json!({"authentication": {"result": "pass"}, "risk": {"result": "pass"}});
    assert_eq!(status(&bench, &started).await["evaluation"], expected);
}

#[tokio::test(start_paused = true)]
async fn the_owner_is_the_same_in_every_product() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, body("mobile", PHONE)).await;
    bench.show_by_code(&started).await;
    let reply = status(&bench, &started).await;
    let enrolled = bench.request_as("sandbox", "GET", "/v3/identity", None).await.json();
    assert_eq!(enrolled, json!({"results": []}), "a bound device alone enrolls nobody");
    let verified = json!({"verificationType": "humanAssurance", "phoneNumber": PHONE});
    assert_eq!(bench.call("/v3/verify", verified).await.json()["proveId"], reply["proveId"]);
    let uri = format!("/v3/identity/{}", reply["proveId"].as_str().unwrap());
    let identity = bench.request_as("sandbox-identity-manager", "GET", &uri, None).await.json();
    assert_eq!(identity["deviceId"], reply["deviceId"]);
    let again = bench.call("/v3/identity", json!({"phoneNumber": PHONE})).await.json();
    assert_eq!(again["proveId"], reply["proveId"]);
    assert_ne!(bound(&bench, body("mobile", OTHER_PHONE)).await, reply["deviceId"].as_str().unwrap());
}

#[tokio::test(start_paused = true)]
async fn members_are_named() {
    let bench = TestSandbox::new().await;
    let cases = [
        (json!({}), "field 'possessionType' is missing"),
        (json!({"possessionType": "tablet"}), "field 'possessionType' must be 'desktop', 'mobile' or 'none'"),
        (json!({"possessionType": "desktop"}), "field 'finalTargetUrl' is missing"),
        (
            json!({"possessionType": "mobile", "phoneNumber": "1"}),
            "field 'phoneNumber' must be a phone number: ten digits for the US and Canada, else + and the country code",
        ),
        (
            json!({"possessionType": "mobile", "smsMessage": "#"}),
            "field 'smsMessage' must be a string of at most 160 characters with one run of four to six # for the code \
             or the link",
        ),
        (json!({"possessionType": "mobile", "rebind": "yes"}), "field 'rebind' must be true or false"),
        (json!({"possessionType": "mobile", "checkReputation": 1}), "field 'checkReputation' must be true or false"),
        (json!({"possessionType": "mobile", "allowOTPRetry": 1}), "field 'allowOTPRetry' must be true or false"),
        (json!({"possessionType": "mobile", "clientCustomerId": 1}), "field 'clientCustomerId' must be a string"),
    ];
    for (body, message) in cases {
        bench.call("/v3/unify", body).await.refused(400, 8001, message);
    }
    bench.call("/v3/unify-status", json!({})).await.refused(400, 8001, "field 'correlationId' is missing");
    bench.call("/v3/unify-bind", json!({})).await.refused(400, 8001, "field 'correlationId' is missing");
    let started = unify(&bench, body("none", LORANT)).await;
    let answer = bench.call("/v3/unify-bind", json!({"correlationId": started.correlation_id})).await;
    answer.refused(400, 8001, "field 'phoneNumber' is missing");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_refused() {
    let bench = TestSandbox::new().await;
    let started = unify(&bench, body("none", LORANT)).await;
    let unknown = "field 'correlationId' is unknown, malformed or expired";
    for path in ["/v3/unify-status", "/v3/unify-bind"] {
        for id in ["x", "00000000-0000-4000-8000-000000000000"] {
            let body = json!({"correlationId": id, "phoneNumber": LORANT});
            bench.call(path, body).await.refused(400, 8008, unknown);
        }
        let body = json!({"correlationId": started.correlation_id, "phoneNumber": LORANT});
        bench.call_as("sandbox-unify", path, body).await.refused(400, 8008, unknown);
    }
    bench.pass_ms(900_000).await;
    bench.ask(&started, "/v3/unify-status").await.refused(400, 8008, unknown);
    bind(&bench, &started, LORANT).await.refused(400, 8008, unknown);
}
