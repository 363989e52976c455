//! Identity Manager: enrollment, lookups, lists, batches, activation and deletion.

use handset_sandbox::Config;
use serde_json::{Value, json};

use crate::support::{BEGIN, OTHER_PHONE, PHONE, TestResponse, TestSandbox};

/// A test user of Identity Manager.
const MERLA: &str = "2001004031";

async fn ask(bench: &TestSandbox, method: &str, uri: &str) -> TestResponse {
    bench.request_as("sandbox-identity-manager", method, uri, None).await
}

async fn enroll(bench: &TestSandbox, body: Value) -> String {
    let answer = bench.request_as("sandbox-identity-manager", "POST", "/v3/identity", Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["identityId"].as_str().unwrap().to_owned()
}

async fn unlimited() -> TestSandbox {
    TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await
}

async fn listed(bench: &TestSandbox, query: &str) -> (Vec<String>, Option<String>) {
    let reply = ask(bench, "GET", &format!("/v3/identity{query}")).await.json();
    let id = |one: &Value| {
        assert_eq!(one["identityId"], one["proveId"]);
        one["identityId"].as_str().unwrap().to_owned()
    };
    let last_key = reply.get("lastKey").map(|key| key.as_str().unwrap().to_owned());
    (reply["results"].as_array().unwrap().iter().map(id).collect(), last_key)
}

#[tokio::test(start_paused = true)]
async fn enrolling_gives_an_id() {
    let bench = unlimited().await;
    let body = json!({"phoneNumber": MERLA, "clientCustomerId": "customer-7", "clientRequestId": "request-7"});
    let reply = bench.call("/v3/identity", body).await.json();
    let id = reply["identityId"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(reply, json!({"identityId": id, "proveId": id, "success": true}));
}

#[tokio::test(start_paused = true)]
async fn the_same_number_again_is_the_same_identity() {
    let bench = unlimited().await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA, "clientCustomerId": "one", "deviceId": "device-7"})).await;
    bench.pass_ms(5000).await;
    assert_eq!(enroll(&bench, json!({"phoneNumber": "+12001004031", "clientCustomerId": "two"})).await, id);
    let identity = ask(&bench, "GET", &format!("/v3/identity/{id}")).await.json();
    assert_eq!((&identity["phoneNumber"], &identity["clientCustomerId"]), (&json!(MERLA), &json!("two")));
    assert_eq!((&identity["deviceId"], &identity["createdAt"]), (&json!("device-7"), &json!(BEGIN / 1000)));
    assert_ne!(enroll(&bench, json!({"phoneNumber": PHONE})).await, id);
}

#[tokio::test(start_paused = true)]
async fn an_identity_is_returned_by_its_id() {
    let bench = unlimited().await;
    bench.pass_ms(1234).await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    let expected = json!({"identityId": id, "proveId": id, "phoneNumber": MERLA, "active": true,
        "createdAt": BEGIN / 1000 + 1, "creationString": "2027-01-15T08:00:01.234Z", "countryCode": "US",
        "lineType": "mobile", "carrier": "Sandbox Mobile"});
    assert_eq!(ask(&bench, "GET", &format!("/v3/identity/{id}")).await.json(), expected);
    for (number, country) in [("+447700900000", Some("GB")), ("+99812345678", None)] {
        let id = enroll(&bench, json!({"phoneNumber": number})).await;
        let identity = ask(&bench, "GET", &format!("/v3/identity/{id}")).await.json();
        assert_eq!(identity.get("countryCode"), country.map(|country| json!(country)).as_ref(), "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn identities_are_listed_page_by_page() {
    let bench = unlimited().await;
    assert_eq!(ask(&bench, "GET", "/v3/identity").await.json(), json!({"results": []}));
    let mut ids = Vec::new();
    for last in 0..105 {
        ids.push(enroll(&bench, json!({"phoneNumber": format!("5005550{last:03}")})).await);
        bench.pass_ms(1).await;
    }
    let (first, last_key) = listed(&bench, "").await;
    assert_eq!(first, ids[..100], "in the order of enrollment, a hundred where the query does not say");
    let rest = listed(&bench, &format!("?startKey={}", last_key.unwrap())).await;
    assert_eq!(rest, (ids[100..].to_vec(), None));
    let (mut seen, mut key) = (Vec::new(), String::new());
    loop {
        let (page, next) = listed(&bench, &format!("?limit=21&startKey={key}")).await;
        seen.extend(page);
        let Some(next) = next else { break };
        assert_eq!(seen.len() % 21, 0, "a page is full while there is another");
        key = next;
    }
    assert_eq!(seen, ids);
    assert_eq!(listed(&bench, "?limit=105").await, (ids.clone(), None), "the last page says so");
    assert_eq!(listed(&bench, "/?limit=1000&clientRequestId=request-7").await.0, ids, "also with a slash at the end");
}

#[tokio::test(start_paused = true)]
async fn the_list_leaves_out_the_inactive() {
    let bench = unlimited().await;
    let mut ids = Vec::new();
    for last in 0..6 {
        ids.push(enroll(&bench, json!({"phoneNumber": format!("500555000{last}")})).await);
        bench.pass_ms(1).await;
    }
    for at in [1, 2] {
        ask(&bench, "POST", &format!("/v3/identity/{}/deactivate", ids[at])).await;
    }
    let active = [0, 3, 4, 5].map(|at: usize| ids[at].clone());
    assert_eq!(listed(&bench, "").await, (active.to_vec(), None));
    assert_eq!(listed(&bench, "?showInactive=false").await.0, active);
    assert_eq!(listed(&bench, "?showInactive=true").await, (ids.clone(), None));
    let (page, key) = listed(&bench, "?limit=2").await;
    assert_eq!(page, active[..2], "they do not count");
    assert_eq!(listed(&bench, &format!("?limit=2&startKey={}", key.unwrap())).await, (active[2..].to_vec(), None));
}

#[tokio::test(start_paused = true)]
async fn bad_queries_are_named() {
    let bench = unlimited().await;
    for limit in ["0", "1001", "-1", "many"] {
        let answer = ask(&bench, "GET", &format!("/v3/identity?limit={limit}")).await;
        answer.refused(400, 8001, "field 'limit' must be a whole number, 1 to 1000");
    }
    let answer = ask(&bench, "GET", "/v3/identity?showInactive=yes").await;
    answer.refused(400, 8001, "field 'showInactive' must be true or false");
    for key in ["x", "x.y", "7"] {
        let answer = ask(&bench, "GET", &format!("/v3/identity?startKey={key}")).await;
        answer.refused(400, 8001, "field 'startKey' must be the lastKey of another page");
    }
    for field in ["limit", "startKey", "showInactive"] {
        let answer = ask(&bench, "GET", &format!("/v3/identity?{field}=1&{field}=2")).await;
        answer.refused(400, 8001, &format!("field '{field}' appears twice"));
        let answer = ask(&bench, "GET", &format!("/v3/identity?{field}=%FF")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!(8001)), "{}", answer.text);
    }
    assert_eq!(listed(&bench, "?later=1&later=2").await, (Vec::new(), None), "what is not known is ignored");
    assert_eq!(listed(&bench, "?limit=&startKey=&showInactive=").await, (Vec::new(), None), "empty: left out");
}

#[tokio::test(start_paused = true)]
async fn identities_are_looked_up_by_number() {
    let bench = unlimited().await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    let one = ask(&bench, "GET", &format!("/v3/identity/{id}")).await.json();
    for number in [MERLA, "12001004031", "+12001004031", "%2B12001004031"] {
        let found = ask(&bench, "GET", &format!("/v3/identity/{number}/lookup")).await.json();
        assert_eq!(found, json!({"results": [one]}), "{number}");
    }
    let none = ask(&bench, "GET", &format!("/v3/identity/{PHONE}/lookup")).await.json();
    assert_eq!(none, json!({"results": []}));
    ask(&bench, "GET", "/v3/identity/nobody/lookup").await.refused(
        400,
        8001,
        "field 'mobileNumber' must be a phone number: ten digits for the US and Canada, else + and the country code",
    );
}

#[tokio::test(start_paused = true)]
async fn activating_undoes_deactivating() {
    let bench = unlimited().await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    let bodies = [None, Some(json!({})), Some(json!({"clientRequestId": "request-7"}))];
    for (action, active) in [("deactivate", false), ("activate", true)] {
        for body in bodies.clone() {
            let uri = format!("/v3/identity/{id}/{action}");
            let answer = bench.request_as("sandbox", "POST", &uri, body).await;
            assert_eq!(answer.json(), json!({"success": true}), "as often as asked");
            assert_eq!(ask(&bench, "GET", &format!("/v3/identity/{id}")).await.json()["active"], active);
        }
    }
    let bad = bench.request_as("sandbox", "POST", &format!("/v3/identity/{id}/activate"), Some(json!([]))).await;
    bad.refused(400, 8001, "the body must be a JSON object");
}

#[tokio::test(start_paused = true)]
async fn enrolling_again_undoes_deactivating() {
    let bench = unlimited().await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    ask(&bench, "POST", &format!("/v3/identity/{id}/deactivate")).await;
    assert_eq!(enroll(&bench, json!({"phoneNumber": MERLA})).await, id);
    assert_eq!(ask(&bench, "GET", &format!("/v3/identity/{id}")).await.json()["active"], true);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_identity_is_gone() {
    let bench = unlimited().await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    assert_eq!(ask(&bench, "DELETE", &format!("/v3/identity/{id}")).await.json(), json!({"success": true}));
    for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/activate"), ("POST", "/deactivate")] {
        ask(&bench, method, &format!("/v3/identity/{id}{path}")).await.refused(404, 404, "no such identity");
    }
    assert_eq!(listed(&bench, "?showInactive=true").await.0, [""; 0]);
    let found = ask(&bench, "GET", &format!("/v3/identity/{MERLA}/lookup")).await.json();
    assert_eq!(found, json!({"results": []}));
}

#[tokio::test(start_paused = true)]
async fn of_two_deletions_at_once_one_succeeds() {
    let bench = TestSandbox::yielding().await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    let mut answers = bench.at_once("DELETE", &format!("/v3/identity/{id}"), "").await;
    answers.sort();
    let refused = (404, r#"{"code":404,"message":"no such identity"}"#.to_owned());
    let done = (200, r#"{"success":true}"#.to_owned());
    assert_eq!(answers, [done, refused.clone(), refused.clone(), refused]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_not_found() {
    let bench = unlimited().await;
    for id in ["x", "00000000-0000-4000-8000-000000000000", MERLA, "%FF", "%2F", "%00"] {
        for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/activate"), ("POST", "/deactivate")] {
            ask(&bench, method, &format!("/v3/identity/{id}{path}")).await.refused(404, 404, "no such identity");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_one_by_one() {
    let bench = unlimited().await;
    let known = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    let items = json!([
        {"phoneNumber": PHONE, "clientCustomerId": "customer-7"},
        {"phoneNumber": "12345"},
        {},
        {"phoneNumber": MERLA},
        {"phoneNumber": "2001004009"},
    ]);
    let reply = bench.call("/v3/identity/batch", json!({"items": items, "clientRequestId": "request-7"})).await.json();
    let results = reply["results"].as_array().unwrap();
    let fresh = results[0]["identityId"].as_str().unwrap();
    let phone =
        "field 'phoneNumber' must be a phone number: ten digits for the US and Canada, else + and the country code";
    let expected = json!([
        {"identityId": fresh, "proveId": fresh},
        {"error": phone},
        {"error": "field 'phoneNumber' is missing"},
        {"identityId": known, "proveId": known},
        {"error": "test user cannot be accessed with your current product credentials"},
    ]);
    assert_eq!(reply, json!({"results": expected}));
    let identity = ask(&bench, "GET", &format!("/v3/identity/{fresh}")).await.json();
    assert_eq!(identity["clientCustomerId"], "customer-7");
}

#[tokio::test(start_paused = true)]
async fn a_batch_goes_by_either_name() {
    let bench = unlimited().await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    let one = json!([{"phoneNumber": MERLA}]);
    for body in [json!({"items": one}), json!({"identities": one}), json!({"items": [], "identities": one})] {
        let reply = bench.call("/v3/identity/batch", body).await.json();
        assert_eq!(reply, json!({"results": [{"identityId": id, "proveId": id}]}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_1_to_100() {
    let bench = unlimited().await;
    let items = |count: usize| {
        let one = |last| {
            json!({"phoneNumber": format!("5005550{last:03}"), "clientCustomerId": "e0f78bc2-f748-4eda-9d29-d756844507fc",
                "deviceId": "bf9ea15d-7dfa-4bb4-a64c-6c26b53472fc"})
        };
        (0..count).map(one).collect::<Vec<_>>()
    };
    let full = bench.call("/v3/identity/batch", json!({"items": items(100)})).await;
    assert_eq!(full.json()["results"].as_array().unwrap().len(), 100, "a hundred with all their members");
    assert_eq!(listed(&bench, "?limit=1000").await.0.len(), 100);
    for body in [json!({"items": items(101)}), json!({"identities": items(101)})] {
        let answer = bench.call("/v3/identity/batch", body).await;
        answer.refused(400, 8001, "field 'items' must be a list of 1 to 100 objects");
    }
    for body in [json!({}), json!({"items": []}), json!({"items": null, "identities": []})] {
        bench.call("/v3/identity/batch", body).await.refused(400, 8001, "field 'items' is missing");
    }
}

#[tokio::test(start_paused = true)]
async fn members_are_named() {
    let bench = unlimited().await;
    let cases = [
        ("/v3/identity", json!({}), "field 'phoneNumber' is missing"),
        ("/v3/identity", json!({"phoneNumber": ""}), "field 'phoneNumber' is missing"),
        (
            "/v3/identity",
            json!({"phoneNumber": "nobody"}),
            "field 'phoneNumber' must be a phone number: ten digits for the US and Canada, else + and the country code",
        ),
        ("/v3/identity", json!({"phoneNumber": MERLA, "deviceId": 1}), "field 'deviceId' must be a string"),
        ("/v3/identity/batch", json!({"items": {}}), "field 'items' must be a list of 1 to 100 objects"),
        ("/v3/identity/batch", json!({"identities": "x"}), "field 'identities' must be a list of 1 to 100 objects"),
        ("/v3/identity/batch", json!({"items": [1]}), "field 'items[0]' must be an object"),
        ("/v3/identity/batch", json!({"items": [{}, ["5005550020"]]}), "field 'items[1]' must be an object"),
    ];
    for (path, body, message) in cases {
        bench.call(path, body).await.refused(400, 8001, message);
    }
}

#[tokio::test(start_paused = true)]
async fn every_credential_sees_the_same_identities() {
    let bench = unlimited().await;
    let id = enroll(&bench, json!({"phoneNumber": OTHER_PHONE})).await;
    let seen = bench.request_as("sandbox", "GET", &format!("/v3/identity/{id}"), None).await;
    assert_eq!(seen.json()["phoneNumber"], OTHER_PHONE);
    let verified = json!({"verificationType": "humanAssurance", "phoneNumber": OTHER_PHONE});
    let verified = bench.call_as("sandbox-verified-users", "/v3/verify", verified).await.json();
    assert_eq!(verified["proveId"], id.as_str());
}

#[tokio::test(start_paused = true)]
async fn reset_deletes_identities() {
    let bench = unlimited().await;
    let id = enroll(&bench, json!({"phoneNumber": MERLA})).await;
    assert_eq!(bench.post("/sandbox/reset", None, "").await.status, 204);
    ask(&bench, "GET", &format!("/v3/identity/{id}")).await.refused(404, 404, "no such identity");
    assert_eq!(listed(&bench, "?showInactive=true").await.0, [""; 0]);
}
