//! Products: the calls and the test users that a credential may use.

use axum::http::Request;
use handset_sandbox::Config;
use handset_sandbox_domain::Product;
use serde_json::{Value, json};

use crate::support::{PHONE, TARGET, TestResponse, TestSandbox};
use crate::test_users::USERS;

const UNKNOWN: &str = "field 'correlationId' is unknown, malformed or expired";
const OTHER: &str = "test user cannot be accessed with your current product credentials";

const CREDENTIALS: [(&str, Product); 6] = [
    ("sandbox", Product::All),
    ("sandbox-identity", Product::Identity),
    ("sandbox-prefill", Product::Prefill),
    ("sandbox-verified-users", Product::VerifiedUsers),
    ("sandbox-unify", Product::Unify),
    ("sandbox-identity-manager", Product::IdentityManager),
];

/// Every call without a correlationId, with a valid body.
fn calls() -> Vec<(Product, &'static str, &'static str, Option<Value>)> {
    let named = json!({"possessionType": "none", "phoneNumber": PHONE, "firstName": "A", "lastName": "B"});
    vec![
        (Product::VerifiedUsers, "POST", "/v3/verify", Some(named)),
        (Product::VerifiedUsers, "POST", "/v3/verify", Some(of_second(PHONE))),
        (Product::Unify, "POST", "/v3/unify", Some(json!({"possessionType": "mobile"}))),
        (Product::Unify, "POST", "/v3/device/revoke", Some(json!({"deviceId": "x"}))),
        (Product::IdentityManager, "POST", "/v3/identity", Some(json!({"phoneNumber": PHONE}))),
        (Product::IdentityManager, "POST", "/v3/identity/batch", Some(json!({"items": [{"phoneNumber": PHONE}]}))),
        (Product::IdentityManager, "GET", "/v3/identity", None),
        (Product::IdentityManager, "GET", "/v3/identity/5005550006/lookup", None),
    ]
}

/// The calls with a correlationId, and their products.
const OF_SESSION: [(&[Product], &str); 6] = [
    (&[Product::Identity, Product::Prefill], "/v3/validate"),
    (&[Product::Prefill], "/v3/challenge"),
    (&[Product::Identity, Product::Prefill], "/v3/complete"),
    (&[Product::VerifiedUsers], "/v3/verify-status"),
    (&[Product::Unify], "/v3/unify-status"),
    (&[Product::Unify], "/v3/unify-bind"),
];

/// The call that opens a session, by credential.
fn opening(product: Product) -> (&'static str, Value) {
    match product {
        Product::VerifiedUsers => {
            ("/v3/verify", json!({"possessionType": "mobile", "phoneNumber": PHONE, "firstName": "A", "lastName": "B"}))
        }
        Product::Unify => ("/v3/unify", json!({"possessionType": "none", "phoneNumber": PHONE})),
        _ => ("/v3/start", json!({"flowType": "mobile", "phoneNumber": PHONE})),
    }
}

/// Whether a call is the next of such a session.
fn is_open(product: Product, path: &str) -> bool {
    match product {
        Product::VerifiedUsers | Product::Unify => true,
        _ => path == "/v3/validate",
    }
}

fn of_second(phone: &str) -> Value {
    json!({"verificationType": "humanAssurance", "phoneNumber": phone})
}

#[tokio::test(start_paused = true)]
async fn a_credential_makes_the_calls_of_its_product_only() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    for (client_id, product) in CREDENTIALS {
        let judge =
            |answer: TestResponse, of: &[Product], what: &str| match product == Product::All || of.contains(&product) {
                true => assert_eq!(answer.status, 200, "{client_id} {what}: {}", answer.text),
                false => answer.refused(403, 8003, "step not allowed"),
            };
        let start = bench.call_as(client_id, "/v3/start", json!({"flowType": "mobile"})).await;
        judge(start, &[Product::Identity, Product::Prefill], "/v3/start");
        for (of, method, uri, body) in calls() {
            judge(bench.request_as(client_id, method, uri, body).await, &[of], uri);
        }
        for (method, uri) in [
            ("GET", "/v3/identity/0"),
            ("DELETE", "/v3/identity/0"),
            ("POST", "/v3/identity/0/activate"),
            ("POST", "/v3/identity/0/deactivate"),
        ] {
            let answer = bench.request_as(client_id, method, uri, None).await;
            match product {
                Product::All | Product::IdentityManager => answer.refused(404, 404, "no such identity"),
                _ => answer.refused(403, 8003, "step not allowed"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_hidden_behind_the_product_of_the_call() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    // Manager's credential opens none.
    let openers = CREDENTIALS.into_iter().filter(|(_, product)| *product != Product::IdentityManager);
    let mut sessions = Vec::new();
    for (opener, product) in openers {
        let (path, body) = opening(product);
        let reply = bench.call_as(opener, path, body).await.json();
        sessions.push((opener, reply["correlationId"].as_str().unwrap().to_owned()));
    }
    for (client_id, product) in CREDENTIALS {
        for (of, path) in OF_SESSION {
            let is_own_call = product == Product::All || of.contains(&product);
            for (opener, id) in &sessions {
                let right = json!({"correlationId": id, "phoneNumber": PHONE, "ssn": "1234",
                    "individual": {"ssn": "1234"}});
                let answer = bench.call_as(client_id, path, right).await;
                match (is_own_call, *opener == client_id) {
                    (true, true) if is_open(product, path) => assert_eq!(answer.status, 200, "{}", answer.text),
                    (true, false) => answer.refused(400, 8008, UNKNOWN),
                    _ => answer.refused(403, 8003, "step not allowed"),
                }
            }
            for body in [json!({}), json!({"correlationId": "x"})] {
                let answer = bench.call_as(client_id, path, body.clone()).await;
                match (is_own_call, body.get("correlationId").is_some()) {
                    (true, false) => answer.refused(400, 8001, "field 'correlationId' is missing"),
                    (true, true) => answer.refused(400, 8008, UNKNOWN),
                    (false, _) => answer.refused(403, 8003, "step not allowed"),
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn test_users_belong_to_products() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    for user in &USERS {
        let phone = user.phone;
        let judge = |answer: TestResponse, product: Product| match user.products.contains(&product) {
            true => assert_eq!(answer.status, 200, "{phone} {product:?}: {}", answer.text),
            false => answer.refused(403, 8009, OTHER),
        };
        let start = json!({"flowType": "mobile", "phoneNumber": phone});
        for (client_id, product) in [
            ("sandbox", Product::Identity),
            ("sandbox-identity", Product::Identity),
            ("sandbox-prefill", Product::Prefill),
        ] {
            judge(bench.call_as(client_id, "/v3/start", start.clone()).await, product);
        }
        for possession in ["desktop", "mobile", "none"] {
            let body = json!({"possessionType": possession, "phoneNumber": phone, "finalTargetUrl": TARGET,
                "firstName": user.name[0], "lastName": user.name[1]});
            judge(bench.call("/v3/verify", body.clone()).await, Product::VerifiedUsers);
            judge(bench.call("/v3/unify", body).await, Product::Unify);
        }
        judge(bench.call("/v3/verify", of_second(phone)).await, Product::VerifiedUsers);
        let (started, _) = bench.open("/v3/unify", json!({"possessionType": "none"})).await;
        let bind = json!({"correlationId": started.correlation_id, "phoneNumber": phone});
        judge(bench.call("/v3/unify-bind", bind).await, Product::Unify);
        judge(bench.call("/v3/identity", json!({"phoneNumber": phone})).await, Product::IdentityManager);
        let uri = format!("/v3/identity/{phone}/lookup");
        judge(bench.request_as("sandbox", "GET", &uri, None).await, Product::IdentityManager);
        let batch = bench.call("/v3/identity/batch", json!({"items": [{"phoneNumber": phone}]})).await.json();
        match user.products.contains(&Product::IdentityManager) {
            true => assert!(batch["results"][0]["identityId"].is_string(), "{batch}"),
            false => assert_eq!(batch, json!({"results": [{"error": OTHER}]})),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_typed_in_the_page_are_checked_by_product() {
    let bench = TestSandbox::new().await;
    let identity = bench.start(json!({"flowType": "mobile"})).await;
    let (unify, _) = bench.open("/v3/unify", json!({"possessionType": "mobile"})).await;
    let refused = json!({"data": {"code": 10001, "message": "this number is not served here"}});
    let of_unify = json!({"mobileNumber": "2001004014"});
    let of_identity = json!({"mobileNumber": "2001004009"});
    assert_eq!(bench.page(&identity, "mobile/otp/start", of_unify.clone()).await, refused);
    assert_eq!(bench.page(&unify, "mobile/otp/start", of_identity.clone()).await, refused);
    assert_eq!(bench.page(&identity, "mobile/otp/start", of_identity).await, json!({}));
    assert_eq!(bench.page(&unify, "mobile/otp/start", of_unify).await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_served_by_the_calls_of_its_product_only() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let named = json!({"possessionType": "mobile", "phoneNumber": PHONE, "firstName": "A", "lastName": "B"});
    let identity = bench.otp(false).await;
    let (verify, _) = bench.open("/v3/verify", named).await;
    let (unify, _) = bench.open("/v3/unify", json!({"possessionType": "none"})).await;
    let journey = ["/v3/validate", "/v3/complete"];
    let of_unify = ["/v3/unify-status", "/v3/unify-bind"];
    let cases: [(_, &[&str]); 3] = [(identity, &journey), (verify, &["/v3/verify-status"]), (unify, &of_unify)];
    for (started, own) in cases {
        let before = bench.session(&started).await["status"].clone();
        for path in journey.into_iter().chain(of_unify).chain(["/v3/challenge", "/v3/verify-status"]) {
            if !own.contains(&path) {
                let body = json!({"correlationId": started.correlation_id, "phoneNumber": PHONE, "ssn": "1234",
                    "individual": {"ssn": "1234"}});
                bench.call(path, body).await.refused(403, 8003, "step not allowed");
            }
        }
        assert_eq!(bench.session(&started).await["status"], before, "and nothing has changed");
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_numbers_are_refused_when_strict() {
    let bench = TestSandbox::with(Config { strict_test_users: true, ..Config::default() }).await;
    let (unify, _) = bench.open("/v3/unify", json!({"possessionType": "none"})).await;
    let named = json!({"possessionType": "none", "phoneNumber": PHONE, "firstName": "A", "lastName": "B"});
    let nobody = "no test user found matching the phone number";
    for (path, body) in [
        ("/v3/verify", named.clone()),
        ("/v3/verify", of_second(PHONE)),
        ("/v3/unify", named),
        ("/v3/unify-bind", json!({"correlationId": unify.correlation_id, "phoneNumber": PHONE})),
        ("/v3/identity", json!({"phoneNumber": PHONE})),
    ] {
        bench.call(path, body).await.refused(400, 8007, nobody);
    }
    let answer = bench.request_as("sandbox", "GET", "/v3/identity/5005550006/lookup", None).await;
    answer.refused(400, 8007, nobody);
    let batch = bench.call("/v3/identity/batch", json!({"items": [{"phoneNumber": PHONE}]})).await;
    assert_eq!(batch.json(), json!({"results": [{"error": nobody}]}));
}

#[tokio::test(start_paused = true)]
async fn every_call_takes_a_slash_at_its_end() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
    let request = Request::post("/token/").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(bench.send(request.body(form.into()).unwrap()).await.status, 200);
    let of_session = OF_SESSION.map(|(_, path)| ("POST", path.to_owned()));
    let of_identity = [("GET", ""), ("DELETE", ""), ("POST", "/activate"), ("POST", "/deactivate")];
    let of_identity = of_identity.map(|(method, action)| (method, format!("/v3/identity/0{action}")));
    let with_body = calls().into_iter().map(|(_, method, path, body)| (method, path.to_owned(), body));
    let start = ("POST", "/v3/start".to_owned(), Some(json!({"flowType": "mobile"})));
    let without = of_session.into_iter().map(|(method, path)| (method, path, Some(json!({}))));
    let without = without.chain(of_identity.into_iter().map(|(method, path)| (method, path, None)));
    for (method, path, body) in with_body.chain([start]).chain(without) {
        let one = bench.request_as("sandbox", method, &path, body.clone()).await;
        let other = bench.request_as("sandbox", method, &format!("{path}/"), body).await;
        assert_eq!(one.status, other.status, "{method} {path}");
        assert!(one.status == 200 || one.json() == other.json(), "{method} {path}");
    }
}
