//! Examples that work unchanged, and links from replies to the next calls.

use handset_sandbox_domain::request::fields::{CORRELATION_ID, FINAL_TARGET_URL};
use serde_json::{Map, Value, json};

use super::example::Example;
use super::journey_examples;

/// Adds examples and links to an operation.
pub(crate) fn add(operation: &mut Value) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let examples: Map<String, Value> = bodies(&id)
        .into_iter()
        .map(|(name, summary, value)| (name.to_owned(), json!({"summary": summary, "value": value})))
        .collect();
    let content = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    if let Some(body) = content.and_then(|content| content.values_mut().next()).and_then(Value::as_object_mut)
        && !examples.is_empty()
    {
        body.insert("examples".to_owned(), Value::Object(examples));
    }
    let links: Map<String, Value> = links(&id).into_iter().map(|(name, link)| (name.to_owned(), link)).collect();
    if let Some(reply) = operation.pointer_mut("/responses/200").and_then(Value::as_object_mut)
        && !links.is_empty()
    {
        reply.insert("links".to_owned(), Value::Object(links));
    }
}

/// Name, summary and body of each example.
fn bodies(id: &str) -> Vec<Example> {
    match id {
        "token" => vec![(
            "sandbox",
            "The credential that is good for every product",
            json!({"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox-secret"}),
        )],
        "start" => vec![
            (
                "proved",
                "A number that passes without the browser",
                json!({"flowType": "mobile", "phoneNumber": "2001001695", "ssn": "0596"}),
            ),
            (
                "desktop",
                "An Instant Link",
                json!({"flowType": "desktop", "phoneNumber": "2001001693", "finalTargetUrl": FINAL_TARGET_URL.examples.first()}),
            ),
            (
                "mobile",
                "A code of six digits, with three tries",
                json!({
                    "flowType": "mobile", "phoneNumber": "2001001688", "smsMessage": "Your code is ######.", "allowOTPRetry": true,
                }),
            ),
            ("asked", "The person is asked for the number", json!({"flowType": "mobile"})),
        ],
        "complete" => {
            vec![(
                "milo",
                "The owner of 2001001695",
                json!({"correlationId": CORRELATION_ID.examples.first(), "individual": milo()}),
            )]
        }
        "verify" => vec![
            (
                "second",
                "Second generation, of a number that succeeds",
                json!({
                    "verificationType": "verifiedUser", "phoneNumber": "2001004049", "firstName": "Bettina", "lastName": "Halbert",
                }),
            ),
            (
                "names",
                "First generation, names only",
                json!({
                    "possessionType": "none", "phoneNumber": "2001004011", "firstName": "Sheilakathryn", "lastName": "Butrimovich",
                }),
            ),
            (
                "mobile",
                "First generation, with possession",
                json!({
                    "possessionType": "mobile", "phoneNumber": "2001004011", "firstName": "Sheilakathryn", "lastName": "Butrimovich",
                }),
            ),
        ],
        "unify" => vec![
            (
                "own",
                "The relying party sees to possession itself",
                json!({"possessionType": "none", "phoneNumber": "2001004014"}),
            ),
            ("mobile", "With a code", json!({"possessionType": "mobile", "phoneNumber": "2001004014"})),
        ],
        "enroll" => {
            vec![("one", "A test user", json!({"phoneNumber": "2001004031", "clientCustomerId": "customer-1"}))]
        }
        "enrollBatch" => vec![(
            "two",
            "Two numbers, of which one is that of a test user of another product",
            json!({"items": [{"phoneNumber": "2001004031"}, {"phoneNumber": "2001004014"}]}),
        )],
        _ => journey_examples::bodies(id),
    }
}

fn milo() -> Value {
    json!({
        "firstName": "Milo",
        "lastName": "Pinson",
        "dob": "1981-01-17",
        "ssn": "847350596",
        "emailAddresses": ["mpinsonm@dyndns.org"],
        "addresses": [{
            "address": "6377 Birchwood Hill", "city": "Littleton", "region": "CO", "postalCode": "80161-2001",
        }],
    })
}

/// Name and value of each.
fn links(id: &str) -> Vec<(&'static str, Value)> {
    let body = |operation: &str, body: Value| json!({"operationId": operation, "requestBody": body});
    let first = |operation: &str| bodies(operation).into_iter().next().map(|(_, _, body)| body).unwrap_or_default();
    let replied = || json!({"correlationId": "$response.body#/correlationId"});
    let again = || json!({"correlationId": "$request.body#/correlationId"});
    let complete = |correlation_id: Value| {
        let mut complete = json!({"individual": milo()});
        if let (Some(complete), Value::Object(id)) = (complete.as_object_mut(), correlation_id) {
            complete.extend(id);
        }
        body("complete", complete)
    };
    let of_identity = |operation: &str, id: &str| json!({"operationId": operation, "parameters": {"identityId": id}});
    let lookup = |number: &str| json!({"operationId": "lookupIdentity", "parameters": {"mobileNumber": number}});
    let device = || body("deviceRevoke", json!({"deviceId": "$response.body#/deviceId"}));
    match id {
        "token" => vec![
            ("start", body("start", first("start"))),
            ("verify", body("verify", first("verify"))),
            ("unify", body("unify", first("unify"))),
            ("enroll", body("enroll", first("enroll"))),
            ("enrollBatch", body("enrollBatch", first("enrollBatch"))),
            ("listIdentities", json!({"operationId": "listIdentities"})),
        ],
        // The call that `next` names.
        "start" => vec![("validate", body("validate", replied()))],
        "validate" => vec![("challenge", body("challenge", again())), ("complete", complete(again()))],
        "challenge" => vec![("complete", complete(again()))],
        "verify" => vec![
            ("verifyStatus", body("verifyStatus", replied())),
            ("getIdentity", of_identity("getIdentity", "$response.body#/proveId")),
        ],
        "verifyStatus" => vec![("getIdentity", of_identity("getIdentity", "$response.body#/identityId"))],
        "unify" => vec![
            ("unifyStatus", body("unifyStatus", replied())),
            (
                "unifyBind",
                body(
                    "unifyBind",
                    json!({
                        "correlationId": "$response.body#/correlationId", "phoneNumber": "$request.body#/phoneNumber",
                    }),
                ),
            ),
        ],
        "unifyStatus" | "unifyBind" => vec![("deviceRevoke", device())],
        "enroll" => {
            let id = "$response.body#/identityId";
            vec![
                ("getIdentity", of_identity("getIdentity", id)),
                ("deactivateIdentity", of_identity("deactivateIdentity", id)),
                ("activateIdentity", of_identity("activateIdentity", id)),
                ("deleteIdentity", of_identity("deleteIdentity", id)),
                ("lookupIdentity", lookup("$request.body#/phoneNumber")),
            ]
        }
        "enrollBatch" => vec![("getIdentity", of_identity("getIdentity", "$response.body#/results/0/identityId"))],
        "listIdentities" => vec![
            ("next", json!({"operationId": "listIdentities", "parameters": {"startKey": "$response.body#/lastKey"}})),
            ("getIdentity", of_identity("getIdentity", "$response.body#/results/0/identityId")),
        ],
        "getIdentity" => vec![("lookupIdentity", lookup("$response.body#/phoneNumber"))],
        "deactivateIdentity" => vec![("activateIdentity", of_identity("activateIdentity", "$request.path.identityId"))],
        _ => journey_examples::links(id),
    }
}
