//! Every member of every request of the server API: its type, its format, and its absence.

use std::collections::BTreeSet;

use handset_sandbox::Config;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{PHONE, TEST_USER, TestSandbox};

#[derive(Clone, Copy, PartialEq)]
enum JsonType {
    Text,
    Flag,
    Object,
    Texts,
    Objects,
}
use JsonType::{Flag, Object, Objects, Text, Texts};

const ID: (&str, JsonType) = ("correlationId", Text);
const REQUEST: (&str, JsonType) = ("clientRequestId", Text);
const CUSTOMER: (&str, JsonType) = ("clientCustomerId", Text);
const PHONE_NUMBER: (&str, JsonType) = ("phoneNumber", Text);
const POSSESSION: (&str, JsonType) = ("possessionType", Text);
const TARGET_URL: (&str, JsonType) = ("finalTargetUrl", Text);
const SMS: (&str, JsonType) = ("smsMessage", Text);
const RETRY: (&str, JsonType) = ("allowOTPRetry", Flag);
const EMAIL: (&str, JsonType) = ("emailAddress", Text);

/// The path and the type of every member, by call.
#[rustfmt::skip]
const MEMBERS: &[(&str, &[(&str, JsonType)])] = &[
    ("/v3/start", &[
        ("flowType", Text), PHONE_NUMBER, TARGET_URL, ("ssn", Text), ("dob", Text), EMAIL, ("ipAddress", Text), SMS, RETRY,
    ]),
    ("/v3/validate", &[ID]),
    ("/v3/challenge", &[ID, ("dob", Text), ("ssn", Text)]),
    ("/v3/complete", &[
        ID, ("individual", Object), ("individual.firstName", Text), ("individual.lastName", Text),
        ("individual.dob", Text), ("individual.ssn", Text), ("individual.emailAddresses", Texts),
        ("individual.emailAddresses[0]", Text), ("individual.addresses", Objects), ("individual.addresses[0]", Object),
        ("individual.addresses[0].address", Text), ("individual.addresses[0].extendedAddress", Text),
        ("individual.addresses[0].city", Text), ("individual.addresses[0].region", Text),
        ("individual.addresses[0].postalCode", Text),
    ]),
    ("/v3/verify", &[
        POSSESSION, PHONE_NUMBER, ("firstName", Text), ("lastName", Text), TARGET_URL, EMAIL, SMS, CUSTOMER, REQUEST, RETRY,
        ("verificationType", Text), ("identityAttributes", Objects), ("identityAttributes[0]", Object),
        ("identityAttributes[0].attributeType", Text), ("identityAttributes[0].attributeValue", Text),
    ]),
    ("/v3/verify-status", &[ID, REQUEST]),
    ("/v3/unify", &[
        POSSESSION, PHONE_NUMBER, REQUEST, TARGET_URL, SMS, RETRY, CUSTOMER, ("rebind", Flag), ("checkReputation", Flag),
    ]),
    ("/v3/unify-status", &[ID, REQUEST]),
    ("/v3/unify-bind", &[ID, PHONE_NUMBER, REQUEST]),
    ("/v3/device/revoke", &[REQUEST, ("deviceId", Text)]),
    ("/v3/identity", &[PHONE_NUMBER, CUSTOMER, REQUEST, ("deviceId", Text)]),
    ("/v3/identity/batch", &[
        REQUEST, ("items", Objects), ("items[0]", Object), ("items[0].phoneNumber", Text),
        ("items[0].clientCustomerId", Text), ("items[0].clientRequestId", Text), ("items[0].deviceId", Text),
        ("identities", Objects), ("identities[0]", Object), ("identities[0].phoneNumber", Text),
        ("identities[0].clientCustomerId", Text), ("identities[0].clientRequestId", Text), ("identities[0].deviceId", Text),
    ]),
    ("/v3/identity/{identityId}/activate", &[REQUEST]),
    ("/v3/identity/{identityId}/deactivate", &[REQUEST]),
];

/// A body with nothing but that member.
fn body_with(member: &str, value: Value) -> Value {
    member.rsplit('.').fold(value, |value, step| match step.strip_suffix("[0]") {
        Some(list) => json!({list: [value]}),
        None => json!({step: value}),
    })
}

/// The members of a schema, and those of its nested schemas.
fn members(document: &Value, schema: &Value, place: &str, found: &mut BTreeSet<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(to) => document.pointer(to.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    if schema["type"] == "array" {
        let place = format!("{place}[0]");
        members(document, &schema["items"], &place, found);
        found.insert(place);
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        members(document, member, &place, found);
        found.insert(place);
    }
}

#[tokio::test(start_paused = true)]
async fn are_those_of_the_document() {
    let document = TestSandbox::new().await.get("/openapi.json").await.json();
    let mut documented = BTreeSet::new();
    // The members of journeys have tests of their own.
    let of_server_api = |(path, _): &(&String, &Value)| path.starts_with("/v3/");
    for (path, operations) in document["paths"].as_object().unwrap().iter().filter(of_server_api) {
        let body = &operations["post"]["requestBody"]["content"]["application/json"];
        let schema = match &body["schema"]["oneOf"] {
            Value::Array(choices) => choices.iter().find(|choice| choice.get("$ref").is_some()).unwrap(),
            _ => &body["schema"],
        };
        let mut found = BTreeSet::new();
        members(&document, schema, "", &mut found);
        documented.extend(found.into_iter().map(|member| (path.clone(), member)));
    }
    let listed =
        MEMBERS.iter().flat_map(|(path, all)| all.iter().map(|(name, _)| (path.to_string(), name.to_string())));
    let different: Vec<_> = documented.symmetric_difference(&listed.collect()).cloned().collect();
    assert_eq!(different, []);
}

#[tokio::test(start_paused = true)]
async fn of_the_wrong_type_are_named() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let number = json!(123_456_789);
    let list = json!([["dateOfBirth", "1974-12-09"]]);
    for (path, members) in MEMBERS {
        for (member, kind) in *members {
            let (shape, wrong) = match kind {
                Text => ("", vec![json!(true), json!([]), json!(["x"]), json!({}), json!({"x": "y"})]),
                Flag => ("true or false", vec![json!("true"), json!([]), json!([true]), json!({})]),
                Object => {
                    ("an object", vec![json!(true), json!("x"), json!([]), json!(["Milo", "Pinson"]), list.clone()])
                }
                Texts => ("a list of strings", vec![json!(true), json!("x"), json!({}), json!({"0": "x"})]),
                Objects => ("a list of", vec![json!(true), json!("x"), json!({}), json!({"0": {}})]),
            };
            for value in wrong.into_iter().chain([number.clone()]) {
                let uri = path.replace("{identityId}", "0");
                let answer = bench.call(&uri, body_with(member, value.clone())).await;
                let message = answer.json()["message"].as_str().unwrap().to_owned();
                answer.refused(400, 8001, &message);
                let said = message.strip_prefix(&format!("field '{member}' must be "));
                assert!(said.is_some_and(|said| said.starts_with(shape)), "{path} {member} {value}: {message}");
                assert!(!message.contains("123456789") && !message.contains("Milo"), "{path} {member}: {message}");
            }
        }
    }
}

/// Valid bodies, and their optional members.
fn right() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    let named = json!({"phoneNumber": PHONE, "firstName": "A", "lastName": "B"});
    let with = |more: Value| {
        let mut body = named.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let of_session = ["finalTargetUrl", "smsMessage", "allowOTPRetry", "clientCustomerId", "clientRequestId"];
    let more = |own: &[&'static str]| of_session.into_iter().chain(own.iter().copied()).collect();
    vec![
        ("/v3/start", json!({"flowType": "mobile"}), more(&["phoneNumber", "ssn", "dob", "emailAddress", "ipAddress"])),
        ("/v3/verify", with(json!({"possessionType": "none"})), more(&["emailAddress", "verificationType"])),
        (
            "/v3/verify",
            json!({"phoneNumber": PHONE, "verificationType": "humanAssurance"}),
            more(&["emailAddress", "firstName", "lastName", "possessionType", "identityAttributes"]),
        ),
        ("/v3/unify", json!({"possessionType": "mobile"}), more(&["phoneNumber", "rebind", "checkReputation"])),
        ("/v3/device/revoke", json!({"deviceId": "x"}), vec!["clientRequestId"]),
        ("/v3/identity", json!({"phoneNumber": PHONE}), vec!["clientCustomerId", "clientRequestId", "deviceId"]),
        ("/v3/identity/batch", json!({"items": [{"phoneNumber": PHONE}]}), vec!["clientRequestId", "identities"]),
    ]
}

/// Members with a random value.
const RANDOM: [&str; 2] = ["authToken", "correlationId"];

#[tokio::test(start_paused = true)]
async fn null_and_blank_count_as_left_out() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let identity =
        async || bench.request_as("sandbox", "GET", &format!("/v3/identity/{PHONE}/lookup"), None).await.json();
    let answer = async |path: &str, body: &Value| {
        let answer = bench.call(path, body.clone()).await;
        assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text);
        let mut reply = answer.json();
        RANDOM.iter().for_each(|drawn| drop(reply.as_object_mut().unwrap().remove(*drawn)));
        reply
    };
    bench.call("/v3/identity", json!({"phoneNumber": PHONE})).await;
    let known = identity().await;
    for (path, right, optional) in right() {
        let without = answer(path, &right).await;
        for member in optional {
            let listed = MEMBERS.iter().find(|(listed, _)| *listed == path).unwrap().1;
            let kind = listed.iter().find(|(listed, _)| *listed == member).map(|(_, kind)| *kind);
            let blank = if kind == Some(Text) { vec![json!(""), json!(" "), json!("\t\n")] } else { Vec::new() };
            for value in blank.into_iter().chain([json!(null)]) {
                let mut body = right.clone();
                body[member] = value;
                assert_eq!(answer(path, &body).await, without, "{path} {body}");
            }
        }
    }
    assert_eq!(identity().await, known, "and nothing blank was kept");
    let (unify, _) = bench.open("/v3/unify", json!({"possessionType": "mobile", "clientRequestId": " "})).await;
    assert_eq!(bench.ask(&unify, "/v3/unify-status").await.json(), json!({"success": "pending"}), "nor is it reported");
    let missing = bench.call("/v3/device/revoke", json!({"deviceId": " "})).await;
    missing.refused(400, 8001, "field 'deviceId' is missing");
    let missing = bench.call("/v3/verify", json!({"phoneNumber": PHONE, "verificationType": " "})).await;
    missing.refused(400, 8001, "field 'possessionType' is missing");
}

#[tokio::test(start_paused = true)]
async fn null_in_a_list_is_empty() {
    let bench = TestSandbox::new().await;
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": TEST_USER})).await;
    bench.show_by_code(&started).await;
    assert!(bench.validated(&started).await.0);
    let mut individual =
        json!({"ssn": "2770", "emailAddresses": [null, ""], "addresses": [null, {"city": "Bakersfield"}]});
    let complete = async |individual: &Value| {
        let body = json!({"correlationId": started.correlation_id, "individual": individual});
        bench.call("/v3/complete", body).await
    };
    individual["emailAddresses"] = json!(["", null, 1]);
    complete(&individual).await.refused(400, 8001, "field 'individual.emailAddresses[2]' must be a string");
    individual["emailAddresses"] = json!(["", null]);
    let source = complete(&individual).await.json()["idv"]["dataSource1"].clone();
    assert_eq!((source.get("email"), source.get("address")), (None, None), "the first says nothing: {source}");
    let body = json!({"verificationType": "humanAssurance", "phoneNumber": PHONE, "identityAttributes": [null, {}]});
    assert_eq!(bench.call("/v3/verify", body).await.json()["identity"]["assuranceLevel"], "AL1");
    let batch = bench.call("/v3/identity/batch", json!({"items": [null]})).await.json();
    assert_eq!(batch, json!({"results": [{"error": "field 'phoneNumber' is missing"}]}));
}

#[tokio::test(start_paused = true)]
async fn that_are_unknown_are_ignored_at_every_depth() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let later = json!({"deep": [null, {"x": 1}]});
    for (path, mut right, _) in right() {
        right["later"] = later.clone();
        let answer = bench.call(path, right).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": TEST_USER})).await;
    bench.show_by_code(&started).await;
    let id = &started.correlation_id;
    let validate = bench.call("/v3/validate", json!({"correlationId": id, "later": later})).await;
    assert_eq!(validate.json()["success"], true);
    let address = json!({"address": "27 Financial Place", "city": "Bakersfield", "later": later});
    let individual = json!({"ssn": "2770", "addresses": [address], "later": later});
    let reply =
        bench.call("/v3/complete", json!({"correlationId": id, "individual": individual, "later": 1})).await.json();
    assert_eq!((&reply["success"], &reply["idv"]["dataSource1"]["address"]["city"]), (&json!(true), &json!(true)));
    let attribute = json!({"attributeType": "dateOfBirth", "attributeValue": "1974-12-09", "later": later});
    let body = json!({"verificationType": "prefill", "phoneNumber": "2001004011", "identityAttributes": [attribute]});
    assert_eq!(bench.call("/v3/verify", body).await.json()["success"], "true");
    let batch =
        bench.call("/v3/identity/batch", json!({"items": [{"phoneNumber": PHONE, "later": later}]})).await.json();
    assert!(batch["results"][0]["identityId"].is_string(), "{batch}");
    let id = batch["results"][0]["identityId"].as_str().unwrap();
    let answer = bench.call(&format!("/v3/identity/{id}/activate"), json!({"later": later})).await;
    assert_eq!(answer.json(), json!({"success": true}));
}

/// Accepted and refused texts of Start. A number may also have the notation of a contact list: the document describes the
/// one of replies.
const TEXTS: [(&str, &[&str], &[&str]); 6] = [
    (
        "phoneNumber",
        &["2001004009", "12001004009", "+12001004009", "+447968900002", "+4479689", "+447968900002999"],
        &[
            "200100400",
            "+1200100400",
            "+120010040099",
            "+12001004009999",
            "+0123456789",
            "447968900002",
            "+447968",
            "+4479689000029990",
            "200-100-FLOW",
            "+44 7968",
            "x",
        ],
    ),
    (
        "finalTargetUrl",
        &[
            "http://localhost:8787/linked.html",
            "https://shop.test",
            "http://shop.test?a=b+c",
            "http://192.168.1.20:5173/x",
            "http://127.0.0.1:65535",
            "https://My-Shop.example.com:443/a.b_c/?x=1:2",
            "http://my_app:3000/",
            "http://a.b.c1/",
        ],
        &[
            "ftp://shop.test",
            "http://",
            "shop.test/x",
            "https://shop.test/#a",
            "https://shop.test/%20",
            "http://a b",
            "http://shop.test:65536",
            "http://256.1.1.1/",
            "http://user@shop.test/",
            "http://[::1]/",
            "javascript:x",
        ],
    ),
    ("ssn", &["123456789", "6789"], &["12345", "1234567890", "12345678x", "123-45-6789"]),
    (
        "dob",
        &["1981-01-17", "1981-01", "01-17", "1899-12-31", "2101-01", "9999-12-31", "0001-01-01"],
        &[
            "1981",
            "0000-01-01",
            "1981-13",
            "1981-00",
            "1981-1-17",
            "13-01",
            "01-32",
            "01-00",
            "1981-01-17-01",
            "17.1.1981",
        ],
    ),
    ("emailAddress", &["someone@shop.test", "a@b", "ü+x@é.test"], &["nobody", "a b@c", "a@b@c", "@shop.test", "a@"]),
    ("smsMessage", &["####", "Your code: ######", "#####, ü"], &["no place", "###", "#######", "#### ####", "#### #"]),
];

/// How many texts of each pattern are tried.
const DRAWN_TEXTS: usize = 100;

#[tokio::test(start_paused = true)]
async fn texts_are_those_that_the_document_describes() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let document = bench.get("/openapi.json").await.json();
    let mut runner = TestRunner::deterministic();
    for (member, taken, refused) in TEXTS {
        let described = &document["components"]["schemas"]["StartRequest"]["properties"][member];
        let (pattern, most) = (described["pattern"].as_str().unwrap(), described["maxLength"].as_u64());
        let regex = Regex::new(pattern).unwrap();
        let drawn = proptest::string::string_regex(pattern.trim_start_matches('^').trim_end_matches('$')).unwrap();
        let drawn = (0..DRAWN_TEXTS).map(|_| drawn.new_tree(&mut runner).unwrap().current());
        let drawn = drawn.filter(|text| most.is_none_or(|most| text.chars().count() as u64 <= most));
        let good = taken.iter().map(|text| (*text).to_owned()).chain(drawn).map(|text| (text, true));
        for (text, is_good) in good.chain(refused.iter().map(|text| ((*text).to_owned(), false))) {
            assert_eq!(regex.is_match(&text), is_good, "{member} {text}: the document");
            let mut body = json!({"flowType": "mobile"});
            body[member] = json!(text);
            let answer = bench.call("/v3/start", body).await;
            let code = answer.json()["code"].as_u64();
            // A number of another product is one.
            let is_taken = answer.status == 200 || code == Some(8009);
            assert!(is_taken == is_good && (is_taken || code == Some(8001)), "{member} {text}: {}", answer.text);
        }
    }
}
