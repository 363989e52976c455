//! The OpenAPI document agrees with the contract and with the routes that are served.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::openapi_journeys::{self, is_of_journeys, its_examples_of_journeys_work};
use crate::support::TestSandbox;
use crate::support::openapi_document::{document, operations};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Members by schema, required ones with `*`.
const MEMBERS: [(&str, &str); 50] = [
    ("TokenRequest", "grant_type* client_id* client_secret*"),
    ("TokenReply", "access_token* expires_in* token_type*"),
    ("ErrorReply", "code* message*"),
    ("TokenErrorReply", "code* message* error* error_description*"),
    ("StartRequest", "flowType* phoneNumber finalTargetUrl ssn dob emailAddress ipAddress smsMessage allowOTPRetry"),
    ("StartReply", "authToken* correlationId* next*"),
    ("ValidateRequest", "correlationId*"),
    ("ValidateReply", "success* challengeMissing* next* phoneNumber evaluation"),
    ("ChallengeRequest", "correlationId* dob ssn"),
    ("ChallengeReply", "success* next* individual"),
    ("CompleteRequest", "correlationId* individual*"),
    ("Individual", "firstName lastName dob ssn emailAddresses addresses"),
    ("Address", "address extendedAddress city region postalCode"),
    ("CompleteReply", "success* next* idv kyc evaluation"),
    ("Idv", "dataSource1 dataSource2 multiCIPConfidence"),
    ("DataSource", "cipConfidence* reasonCodes address name identifiers email"),
    ("AddressScores", "addressScore* distance* streetNumber* street* city* region* postalCode*"),
    ("NameScores", "firstName* lastName* nameScore*"),
    ("Identifiers", "dob* last4* ssn*"),
    ("EmailMatch", "emailAddress*"),
    ("Kyc", "totalHits* amlTypeLists"),
    ("AmlList", "amlType* listHits* fields"),
    ("AmlField", "name* source* value*"),
    ("Evaluation", "identification authentication compliance risk"),
    ("Finding", "result* failureReasons"),
    (
        "VerifyRequest",
        "possessionType phoneNumber* firstName lastName finalTargetUrl emailAddress smsMessage clientCustomerId \
         clientRequestId allowOTPRetry verificationType identityAttributes",
    ),
    ("IdentityAttribute", "attributeType attributeValue"),
    ("VerifyReply", "correlationId* success* possessionResult* verifyResult* authToken"),
    ("VerifyStatusRequest", "correlationId* clientRequestId"),
    ("VerifyStatusReply", "success* possessionResult* verifyResult* identityId"),
    ("VerificationReply", "correlationId* phoneNumber* success* proveId clientRequestId identity evaluation"),
    ("VerifiedIdentity", "firstName lastName dateOfBirth nationalId emails addresses assuranceLevel* reasons*"),
    ("VerifiedAddress", "address extendedAddress city region zipCode"),
    (
        "UnifyRequest",
        "possessionType* phoneNumber clientRequestId finalTargetUrl smsMessage allowOTPRetry clientCustomerId rebind \
         checkReputation",
    ),
    ("UnifyReply", "correlationId* success* authToken"),
    ("UnifyStatusRequest", "correlationId* clientRequestId"),
    ("UnifyStatusReply", "success* phoneNumber proveId deviceId clientRequestId evaluation"),
    ("UnifyBindRequest", "correlationId* phoneNumber* clientRequestId"),
    ("RevokeRequest", "clientRequestId deviceId*"),
    ("SuccessReply", "success*"),
    ("EnrollRequest", "phoneNumber* clientCustomerId clientRequestId deviceId"),
    ("EnrollReply", "identityId* proveId* success*"),
    ("BatchEnrollRequest", "items identities clientRequestId"),
    ("BatchEnrollReply", "results*"),
    ("BatchResult", "identityId proveId error"),
    ("IdentityList", "results* lastKey"),
    ("IdentityRef", "identityId* proveId*"),
    (
        "IdentityReply",
        "identityId* proveId* phoneNumber* active* clientCustomerId deviceId createdAt* creationString* countryCode \
         lineType* carrier*",
    ),
    ("IdentityLookupReply", "results*"),
    ("IdentityActionRequest", "clientRequestId"),
];

/// The formats of texts.
const VALUES: [(&str, &str); 11] = [
    ("/StartRequest/properties/flowType", "desktop mobile"),
    ("/VerifyRequest/properties/possessionType", "desktop mobile none"),
    ("/UnifyRequest/properties/possessionType", "desktop mobile none"),
    (
        "/VerifyRequest/properties/verificationType",
        "verifiedUser accountOpening humanAssurance prefill prefillForBiz identityResolution",
    ),
    (
        "/TokenRequest/properties/client_id",
        "sandbox sandbox-identity sandbox-prefill sandbox-verified-users sandbox-unify sandbox-identity-manager",
    ),
    ("/VerifySuccess", "true false pending"),
    ("/UnifySuccess", "true false pending possession_required"),
    ("/CheckResult", "success pending failed not_applicable"),
    ("/FindingResult", "pass fail"),
    ("/AssuranceLevel", "AL-1 AL0 AL1 AL2 AL3"),
    ("/Cip", "NONE LOW MEDIUM HIGH"),
];

/// The codes of each operation, those of all but `token` aside: 8000, 8001, 8002, 8003, 429, 503, and 408 and 415 with a body.
const CODES: [(&str, &[u16]); 18] = [
    ("start", &[8007, 8009]),
    ("validate", &[8008]),
    ("challenge", &[8008]),
    ("complete", &[8008]),
    ("verify", &[8007, 8009]),
    ("verifyStatus", &[8008]),
    ("unify", &[8007, 8009]),
    ("unifyStatus", &[8008]),
    ("unifyBind", &[8007, 8008, 8009]),
    ("deviceRevoke", &[]),
    ("listIdentities", &[]),
    ("enroll", &[8007, 8009]),
    ("enrollBatch", &[]),
    ("getIdentity", &[404]),
    ("deleteIdentity", &[404]),
    ("activateIdentity", &[404]),
    ("deactivateIdentity", &[404]),
    ("lookupIdentity", &[8007, 8009]),
];

#[tokio::test(start_paused = true)]
async fn it_is_of_openapi_3_1() {
    let document = document(&TestSandbox::new().await).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        for text in ["operationId", "summary"] {
            assert!(operation[text].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}: {text}");
        }
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
        let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        assert!(operation["tags"].as_array().unwrap().iter().all(|tag| tags.contains(&tag)), "{method} {path}");
    }
    assert!(!document.to_string().contains(":null"), "no member is ever null");
    assert!(!document.to_string().contains("::"), "no path of Rust");
}

/// Paths of the router, from its debug output.
pub(crate) fn routed(app: &str) -> BTreeSet<&str> {
    let routes = app.split("RouteId(").filter_map(|rest| rest.split_once("): \"")?.1.split_once('"'));
    routes.map(|(path, _)| path).collect()
}

#[tokio::test(start_paused = true)]
async fn it_holds_every_call_that_is_served_and_no_other() {
    let bench = TestSandbox::new().await;
    let document = document(&bench).await;
    let documented: BTreeSet<(&str, &str)> = operations(&document)
        .into_iter()
        .filter(|(_, _, operation)| !is_of_journeys(operation))
        .map(|(path, method, _)| (path, method))
        .collect();
    assert_eq!(documented.len(), 19);
    let paths: BTreeSet<&str> = documented.iter().map(|(path, _)| *path).collect();

    let app = format!("{:?}", bench.app);
    let routed: BTreeSet<&str> = routed(&app)
        .into_iter()
        .filter(|path| (path.starts_with("/v3") || path.starts_with("/token")) && *path != "/v3/{*rest}")
        .map(|path| path.trim_end_matches('/'))
        .collect();
    assert_eq!(routed, paths);

    // Without credentials what is served asks for them, or for a form, and what is not is refused before.
    for path in paths {
        for method in METHODS {
            for slash in ["", "/"] {
                let uri = format!("{}{slash}", path.replace(['{', '}'], ""));
                let request = Request::builder().method(method.to_uppercase().as_str()).uri(&uri);
                let answer = bench.send(request.body(Body::empty()).unwrap()).await;
                let expected = match documented.contains(&(path, method)) {
                    true if path == "/token" => (400, json!(8001)),
                    true => (401, json!(8002)),
                    false => (405, json!(8003)),
                };
                assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), expected, "{method} {uri}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_names_every_member_of_the_contract() {
    let document = document(&TestSandbox::new().await).await;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let expected: BTreeMap<&str, &str> = MEMBERS.into_iter().chain(openapi_journeys::MEMBERS).collect();
    let without_members = [
        "VerifyAnswer",
        "VerifySuccess",
        "UnifySuccess",
        "CheckResult",
        "Cip",
        "AssuranceLevel",
        "FindingResult",
        "GetStateResult",
        "HandoffProgress",
    ];
    let unknown: Vec<&String> = schemas
        .keys()
        .filter(|name| !expected.contains_key(name.as_str()) && !without_members.contains(&name.as_str()))
        // The frame of every success of journeys.
        .filter(|name| !name.starts_with("JourneyReply_"))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for (name, members) in expected {
        let schema = &schemas.get(name).unwrap_or_else(|| panic!("{name}"));
        let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
        let documented: BTreeSet<String> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(member, of_member)| {
                assert!(of_member["description"].is_string() || of_member["$ref"].is_string(), "{name}.{member}");
                format!("{member}{}", if required.contains(&&json!(member)) { "*" } else { "" })
            })
            .collect();
        let members: BTreeSet<String> = members.split_whitespace().map(str::to_owned).collect();
        assert_eq!(documented, members, "{name}");
    }
    for (pointer, values) in VALUES {
        let schema = document["components"]["schemas"].pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
        let documented: BTreeSet<&str> =
            schema["enum"].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
        assert_eq!(documented, values.split_whitespace().collect(), "{pointer}");
    }
    let query = document["paths"]["/v3/identity"]["get"]["parameters"].as_array().unwrap().iter();
    let query: BTreeSet<&str> = query.map(|parameter| parameter["name"].as_str().unwrap()).collect();
    assert_eq!(query, BTreeSet::from(["limit", "startKey", "showInactive", "clientRequestId"]));
}

/// The codes of an operation's replies, each at its HTTP status.
fn codes(operation: &Value) -> BTreeSet<(u16, u16)> {
    let replies = operation["responses"].as_object().unwrap().iter().filter(|(status, _)| *status != "200");
    replies
        .flat_map(|(status, reply)| {
            let codes =
                reply["content"]["application/json"]["schema"]["properties"]["code"]["enum"].as_array().unwrap();
            let status = status.parse().unwrap();
            codes.iter().map(move |code| (status, u16::try_from(code.as_u64().unwrap()).unwrap()))
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn it_names_every_code_where_it_can_come() {
    let document = document(&TestSandbox::new().await).await;
    let own: BTreeMap<&str, &[u16]> = CODES.into();
    let status = |code: u16| match code {
        8007 | 8008 => 400,
        8009 => 403,
        other => other,
    };
    for (path, method, operation) in operations(&document) {
        if is_of_journeys(operation) {
            continue;
        }
        let id = operation["operationId"].as_str().unwrap();
        let mut expected = BTreeSet::from([(400, 8001), (401, 8002), (429, 429), (500, 8000)]);
        if operation["requestBody"].is_object() {
            expected.extend([(408, 408), (415, 415)]);
        }
        if id != "token" {
            expected.extend([(403, 8003), (503, 503)]);
            expected.extend(own[id].iter().map(|code| (status(*code), *code)));
        }
        assert_eq!(codes(operation), expected, "{method} {path}");
        assert!(operation["responses"]["429"]["headers"]["Retry-After"].is_object(), "{method} {path}");
        let is_open = operation["security"] == json!([{}]);
        assert_eq!(is_open, id == "token", "{method} {path}");
    }
}

/// Every value of a member of that name, anywhere.
fn all<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| all(item, name, found)),
        Value::Object(members) => members.iter().for_each(|(member, value)| {
            if member == name {
                found.push(value);
            }
            all(value, name, found);
        }),
        _ => {}
    }
}

#[tokio::test(start_paused = true)]
async fn its_references_and_links_lead_somewhere() {
    let document = document(&TestSandbox::new().await).await;
    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    let ids: BTreeSet<&str> =
        operations(&document).into_iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    let mut linked = BTreeSet::new();
    for (_, _, operation) in operations(&document) {
        for link in operation["responses"]["200"]["links"].as_object().into_iter().flat_map(|links| links.values()) {
            linked.insert(link["operationId"].as_str().unwrap());
        }
    }
    let unlinked: Vec<_> = ids.difference(&linked).collect();
    assert_eq!(unlinked, [&"generateAuth", &"token"], "every call follows from another but the first ones");
    assert!(linked.is_subset(&ids));
}

#[tokio::test(start_paused = true)]
async fn its_examples_work_as_they_stand() {
    let bench = TestSandbox::new().await;
    let document = document(&bench).await;
    let mut tried = 0;
    let (journeys, others): (Vec<_>, Vec<_>) =
        operations(&document).into_iter().partition(|(_, _, operation)| is_of_journeys(operation));
    for (path, method, operation) in others {
        let Some(examples) = operation["requestBody"]["content"]["application/json"]["examples"].as_object() else {
            continue;
        };
        for (name, example) in examples {
            tried += 1;
            let answer =
                bench.request_as("sandbox", &method.to_uppercase(), path, Some(example["value"].clone())).await;
            // An example cannot know the correlationId of a session.
            match example["value"].get("correlationId") {
                Some(_) => assert_eq!(answer.json()["code"], 8008, "{path} {name}: {}", answer.text),
                None => assert_eq!(answer.status.as_u16(), 200, "{path} {name}: {}", answer.text),
            }
        }
    }
    assert!(tried >= 12, "{tried}");
    its_examples_of_journeys_work(&bench, journeys).await;
}

#[tokio::test(start_paused = true)]
async fn the_pages_fetch_nothing_from_elsewhere() {
    let bench = TestSandbox::new().await;
    for path in ["/docs", "/docs/"] {
        let answer = bench.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!answer.text.contains("//"), "{}", answer.text);
        let sources = answer.text.split('"').filter(|part| part.starts_with('/'));
        let mut count = 0;
        for source in sources {
            count += 1;
            let part = bench.get(source).await;
            assert_eq!(part.status.as_u16(), 200, "{source}");
            let expected = match source.rsplit('.').next().unwrap() {
                "css" => "text/css",
                "js" => "text/javascript",
                _ => "application/json",
            };
            assert!(part.headers["content-type"].to_str().unwrap().starts_with(expected), "{source}");
        }
        assert_eq!(count, 5);
    }
    bench.get("/docs/swagger-initializer.js").await.refused(404, 404, "no such path");
    bench.get("/docs/../Cargo.toml").await.refused(404, 404, "no such path");
}
