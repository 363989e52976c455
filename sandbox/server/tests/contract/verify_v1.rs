//! Verified Users, version 1: a verification with a session and a page.

use serde_json::{Value, json};

use crate::support::{OTHER_PHONE, PHONE, StartedSession, TARGET, TestSandbox, claims};

/// A test user of Verified Users who proves possession with a code or a link.
const BETTINA: &str = "2001004049";
/// A test user who passes without the browser.
const SHEILA: &str = "2001004011";

fn body(possession: &str, phone: &str, names: [&str; 2]) -> Value {
    let [first, last] = names;
    json!({"possessionType": possession, "phoneNumber": phone, "firstName": first, "lastName": last,
        "finalTargetUrl": TARGET})
}

fn bettina(possession: &str) -> Value {
    body(possession, BETTINA, ["Bettina", "Halbert"])
}

async fn status(bench: &TestSandbox, started: &StartedSession) -> Value {
    let answer = bench.ask(started, "/v3/verify-status").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn results(success: &str, possession: &str, verify: &str) -> Value {
    json!({"success": success, "possessionResult": possession, "verifyResult": verify})
}

/// A reply without the members that differ from run to run.
fn results_of(mut reply: Value) -> Value {
    for member in ["correlationId", "authToken", "identityId"] {
        reply.as_object_mut().unwrap().remove(member);
    }
    reply
}

#[tokio::test(start_paused = true)]
async fn without_possession_is_evaluated_at_once() {
    let bench = TestSandbox::new().await;
    let (started, reply) = bench.open("/v3/verify", bettina("none")).await;
    assert_eq!(reply.get("authToken"), None);
    assert_eq!(results_of(reply), results("true", "not_applicable", "success"));
    assert_eq!(results_of(status(&bench, &started).await), results("true", "not_applicable", "success"));
    let (started, reply) = bench.open("/v3/verify", body("none", BETTINA, ["Bettina", "Other"])).await;
    assert_eq!(results_of(reply), results("false", "not_applicable", "failed"));
    assert_eq!(status(&bench, &started).await, results("false", "not_applicable", "failed"));
}

#[tokio::test(start_paused = true)]
async fn with_possession_is_pending_at_first() {
    let bench = TestSandbox::new().await;
    for (possession, step) in [("desktop", "mobile/instantlink"), ("mobile", "mobile/otp")] {
        let (started, reply) = bench.open("/v3/verify", bettina(possession)).await;
        let members: Vec<_> = reply.as_object().unwrap().keys().collect();
        assert_eq!(members, ["authToken", "correlationId", "possessionResult", "success", "verifyResult"]);
        assert_eq!(results_of(reply), results("pending", "pending", "pending"));
        assert_eq!(claims(&started.auth_token)["auth"]["next"], step);
        assert_eq!(status(&bench, &started).await, results("pending", "pending", "pending"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_shows_possession() {
    let bench = TestSandbox::new().await;
    let (started, _) = bench.open("/v3/verify", bettina("mobile")).await;
    bench.show_by_code(&started).await;
    assert_eq!(results_of(status(&bench, &started).await), results("true", "success", "success"));
}

#[tokio::test(start_paused = true)]
async fn a_link_shows_possession() {
    let bench = TestSandbox::new().await;
    let (started, _) = bench.open("/v3/verify", bettina("desktop")).await;
    bench.show_by_link(&started).await;
    assert_eq!(results_of(status(&bench, &started).await), results("true", "success", "success"));
}

#[tokio::test(start_paused = true)]
async fn some_pass_without_the_browser() {
    let bench = TestSandbox::new().await;
    let rozella = body("mobile", "+447968900002", ["Rozella", "Kimpton"]);
    for body in [body("desktop", SHEILA, ["Sheilakathryn", "Butrimovich"]), rozella] {
        let (started, reply) = bench.open("/v3/verify", body).await;
        assert_eq!(results_of(reply), results("pending", "pending", "pending"), "the status call says so");
        assert_eq!(claims(&started.auth_token)["auth"]["next"], "done", "a page that runs the flow is done at once");
        assert_eq!(results_of(status(&bench, &started).await), results("true", "success", "success"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_names_have_to_be_the_owners() {
    let bench = TestSandbox::new().await;
    for names in [["Bettina", "Halbart"], ["Bett", "Halbert"], ["Halbert", "Bettina"]] {
        let (started, _) = bench.open("/v3/verify", body("mobile", BETTINA, names)).await;
        bench.show_by_code(&started).await;
        assert_eq!(status(&bench, &started).await, results("false", "success", "failed"), "{names:?}");
    }
    let (started, _) = bench.open("/v3/verify", body("mobile", BETTINA, ["BETTINA ", "halbert"])).await;
    bench.show_by_code(&started).await;
    assert_eq!(results_of(status(&bench, &started).await), results("true", "success", "success"));
}

#[tokio::test(start_paused = true)]
async fn the_names_do_not_count_when_possession_fails() {
    let bench = TestSandbox::new().await;
    let (started, _) = bench.open("/v3/verify", bettina("mobile")).await;
    bench.page(&started, "mobile/otp/start", json!({})).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": "4321"})).await;
    assert_eq!(status(&bench, &started).await, results("false", "failed", "not_applicable"));
    let (started, _) = bench.open("/v3/verify", bettina("desktop")).await;
    bench.give_up(&started).await;
    assert_eq!(status(&bench, &started).await, results("false", "failed", "not_applicable"));
    assert_eq!(bench.request_as("sandbox", "GET", "/v3/identity", None).await.json(), json!({"results": []}));
}

#[tokio::test(start_paused = true)]
async fn a_number_that_the_page_changes_is_the_one_that_counts() {
    let bench = TestSandbox::new().await;
    let (started, _) = bench.open("/v3/verify", bettina("mobile")).await;
    bench.page(&started, "mobile/otp/start", json!({"mobileNumber": OTHER_PHONE})).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": bench.code().await})).await;
    assert_eq!(status(&bench, &started).await, results("false", "success", "failed"), "it is somebody else's");
}

#[tokio::test(start_paused = true)]
async fn success_enrolls_the_number() {
    let bench = TestSandbox::new().await;
    let mut asked = bettina("mobile");
    asked["clientCustomerId"] = json!("customer-7");
    let (started, _) = bench.open("/v3/verify", asked).await;
    let listed = async || bench.request_as("sandbox", "GET", "/v3/identity", None).await.json();
    assert_eq!(listed().await, json!({"results": []}));
    bench.show_by_code(&started).await;
    let id = status(&bench, &started).await["identityId"].clone();
    assert_eq!(
        listed().await,
        json!({"results": [{"identityId": id, "proveId": id}]}),
        "with possession, not with the question"
    );
    let uri = format!("/v3/identity/{}", id.as_str().unwrap());
    let identity = bench.request_as("sandbox-identity-manager", "GET", &uri, None).await.json();
    assert_eq!((&identity["phoneNumber"], &identity["clientCustomerId"]), (&json!(BETTINA), &json!("customer-7")));
    assert_eq!(identity["active"], true);

    bench.request_as("sandbox", "POST", &format!("{uri}/deactivate"), None).await;
    let (again, _) = bench.open("/v3/verify", bettina("none")).await;
    assert_eq!(status(&bench, &again).await["identityId"], id);
    let identity = bench.request_as("sandbox", "GET", &uri, None).await.json();
    assert_eq!(identity["active"], true, "a new verification makes the identity active again");
}

#[tokio::test(start_paused = true)]
async fn the_status_call_can_be_repeated() {
    let bench = TestSandbox::new().await;
    let (passed, _) = bench.open("/v3/verify", bettina("mobile")).await;
    bench.show_by_code(&passed).await;
    let (failed, _) = bench.open("/v3/verify", bettina("mobile")).await;
    bench.give_up(&failed).await;
    for started in [passed, failed] {
        let first = status(&bench, &started).await;
        assert_eq!(status(&bench, &started).await, first);
        let named = json!({"correlationId": started.correlation_id, "clientRequestId": "request-7"});
        assert_eq!(bench.call("/v3/verify-status", named).await.json(), first);
    }
}

#[tokio::test(start_paused = true)]
async fn required_members_are_named() {
    let bench = TestSandbox::new().await;
    for field in ["possessionType", "phoneNumber", "firstName", "lastName", "finalTargetUrl"] {
        for value in [None, Some(json!(null)), Some(json!("")), Some(json!(" \t"))] {
            let mut asked = bettina("desktop");
            match value {
                None => drop(asked.as_object_mut().unwrap().remove(field)),
                Some(value) => asked[field] = value,
            }
            if field == "possessionType" && asked[field].is_string() {
                continue; // Of the wrong shape.
            }
            let answer = bench.call("/v3/verify", asked).await;
            answer.refused(400, 8001, &format!("field '{field}' is missing"));
        }
    }
    bench.call("/v3/verify-status", json!({})).await.refused(400, 8001, "field 'correlationId' is missing");
}

#[tokio::test(start_paused = true)]
async fn bad_members_are_named() {
    let bench = TestSandbox::new().await;
    let cases = [
        ("possessionType", json!("tablet"), "'desktop', 'mobile' or 'none'"),
        ("possessionType", json!(""), "'desktop', 'mobile' or 'none'"),
        ("possessionType", json!(1), "'desktop', 'mobile' or 'none'"),
        (
            "phoneNumber",
            json!("12345"),
            "a phone number: ten digits for the US and Canada, else + and the country code",
        ),
        (
            "finalTargetUrl",
            json!("/linked"),
            "an http or https URL of at most 128 characters out of alphanumerics and -._+=/:?",
        ),
        ("emailAddress", json!("nobody"), "an e-mail address"),
        (
            "smsMessage",
            json!("no place"),
            "a string of at most 160 characters with one run of four to six # for the code or the link",
        ),
        ("allowOTPRetry", json!("yes"), "true or false"),
        ("firstName", json!(1), "a string"),
        ("clientCustomerId", json!(1), "a string"),
        ("clientRequestId", json!(1), "a string"),
    ];
    for (field, value, shape) in cases {
        let mut asked = bettina("desktop");
        asked[field] = value;
        let answer = bench.call("/v3/verify", asked).await;
        answer.refused(400, 8001, &format!("field '{field}' must be {shape}"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_refused() {
    let bench = TestSandbox::new().await;
    let (started, _) = bench.open("/v3/verify", body("none", PHONE, ["A", "B"])).await;
    let unknown = "field 'correlationId' is unknown, malformed or expired";
    for id in ["x", "00000000-0000-4000-8000-000000000000"] {
        bench.call("/v3/verify-status", json!({"correlationId": id})).await.refused(400, 8008, unknown);
    }
    let own = json!({"correlationId": started.correlation_id});
    bench.call_as("sandbox-verified-users", "/v3/verify-status", own).await.refused(400, 8008, unknown);
    bench.pass_ms(899_999).await;
    assert_eq!(bench.ask(&started, "/v3/verify-status").await.status, 200);
    bench.pass_ms(1).await;
    bench.ask(&started, "/v3/verify-status").await.refused(400, 8008, unknown);
}
