//! The OpenAPI document agrees with the contract and with the routes that are served.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::journeys_server;
use crate::support::TestSandbox;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Members by schema, required ones with `*`.
const MEMBERS: [(&str, &str); 100] = [
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
    ("GenerateAuthRequest", "appId* appKey* transactionId* workflowId* authenticateOnResume expiry mobileNumber email"),
    ("GenerateAuthResult", "authToken* metadata*"),
    ("TokenMetadata", "appId* transactionId* workflowId* journeyId*"),
    ("LinkContactRequest", "appId* appKey* transactionId* workflowId* correlationId*"),
    ("LinkContactResult", "authToken"),
    ("SetOutcomeRequest", "appId* appKey* transactionId* workflowId* moduleId* outcome*"),
    ("SetOutcomeResult", "status*"),
    ("EraseJourneyRequest", "appId* appKey* transactionId*"),
    ("DoneResult", "message*"),
    ("StateResetRequest", "action* moduleId reviewerId*"),
    ("ResetOptionsResult", "modules*"),
    ("ResetOption", "moduleId* isSaved*"),
    ("OutputRequest", "transactionId* workflowId sendDebugInfo"),
    ("OutputResult", "status* transactionId* workflowId* variables* outcomes* debugInfo"),
    ("OutputDebugInfo", "latestModule"),
    ("OutputsOf", "transactionId* workflowId*"),
    ("SendMobileOtpRequest", "templateId* mobileNumber* otpLength otpExpiry"),
    ("MobileOtpResult", "requestId* expiresAt* resendAt*"),
    ("VerifyMobileOtpRequest", "mobileNumber* otp* outputsOf"),
    ("VerifiedOtpResult", "verified* authToken outputs"),
    ("ResendMobileOtpRequest", "mobileNumber* retryType"),
    ("SendEmailOtpRequest", "email* otpLength"),
    ("EmailOtpResult", "reqId* expiresAt* resendAt*"),
    ("VerifyEmailOtpRequest", "reqId* otp*"),
    ("RetryEmailOtpRequest", "reqId*"),
    ("JourneyFailure", "statusCode* status* error* errorCode* revision resumeAt attemptsLeft retryAfterSeconds"),
    ("PlainFailureReply", "statusCode* status* error*"),
    ("AuthRequiredReply", "authRequired* channels* maskedContact*"),
    ("CheckSessionRequest", ""),
    ("ConfirmHandoffRequest", "number*"),
    ("EmptyResult", ""),
    ("GetStateRequest", "inputs* takeOver workflowVersion"),
    ("HandoffStatusResult", "journeyStatus moduleId number status*"),
    ("JourneyStateReply", "modules* refreshed resumeAt* revision* sessionId* state* transactionId*"),
    ("ModuleChangeRequest", "action* outcome variables"),
    ("ModuleReply", "id* skipCPRPut"),
    ("NumberToConfirm", "appName* number* purpose* redemptionId*"),
    ("OpenHandoffRequest", "channel ttlSeconds"),
    ("OpenHandoffResult", "expiresAt* handoffId* url*"),
    ("PageTokenResult", "authToken*"),
    ("ProcessedReply", "state* status* transactionAlreadyProcessed* transactionId*"),
    ("PutStateRequest", "moduleToResumeFrom modules* revision* status"),
    ("PutStateResult", "resumeAt* revision* status*"),
    ("RedeemHandoffRequest", "redemptionId secret*"),
    ("SavedModuleReply", "clientAsserted outcome savedAt* variables*"),
    ("SavedStateReply", "modules* status*"),
    ("SendOtpRequest", "channel*"),
    ("SendOtpResult", "channel* expiresAt* maskedContact* resendAt*"),
    ("SupersededReply", "superseded*"),
    ("VerifyOtpRequest", "otp*"),
];

/// The error codes of each call of a client's server about journeys, those of all aside: invalid_request_body,
/// unauthorized_access, too_many_requests, internal_error, service_unavailable; and with a body request_timeout,
/// payload_too_large, unsupported_media_type.
const JOURNEY_CODES: [(&str, &str); 11] = [
    ("generateAuth", "auth_mode_conflict workflow_not_found unique_id_conflict"),
    ("linkContact", "possession_not_proved transaction_not_found workflow_not_found"),
    ("setOutcome", "transaction_not_found workflow_not_found transaction_already_processed"),
    ("eraseJourney", "transaction_not_found"),
    (
        "stateResetOptions",
        "state_reset_not_enabled token_expired auth_required transaction_not_found workflow_not_found",
    ),
    ("sendMobileOtp", "transaction_not_found too_many_open otp_locked otp_rate_limited"),
    ("resendMobileOtp", "otp_expired transaction_not_found otp_locked otp_rate_limited"),
    ("verifyMobileOtp", "otp_invalid otp_expired transaction_not_found otp_locked"),
    ("sendEmailOtp", "transaction_not_found too_many_open otp_locked otp_rate_limited"),
    ("retryEmailOtp", "otp_expired transaction_not_found otp_locked otp_rate_limited"),
    ("verifyEmailOtp", "otp_invalid otp_expired transaction_not_found otp_locked"),
];

/// All error codes of each call of a page.
const PAGE_CODES: [(&str, &str); 9] = [
    (
        "getState",
        "internal_error invalid_request_body payload_too_large request_timeout token_expired too_many_requests unauthorized_access workflow_not_found",
    ),
    (
        "putState",
        "auth_required internal_error invalid_request_body payload_too_large request_timeout revision_conflict session_superseded state_reset state_too_large token_expired too_many_requests transaction_already_processed unauthorized_access workflow_not_found",
    ),
    (
        "checkSession",
        "auth_required internal_error invalid_request_body payload_too_large request_timeout session_superseded token_expired too_many_requests transaction_already_processed unauthorized_access workflow_not_found",
    ),
    (
        "sendResumeOtp",
        "auth_not_required internal_error invalid_request_body otp_locked otp_rate_limited payload_too_large request_timeout token_expired too_many_requests unauthorized_access workflow_not_found",
    ),
    (
        "verifyResumeOtp",
        "auth_not_required internal_error invalid_request_body otp_expired otp_invalid otp_locked payload_too_large request_timeout token_expired too_many_requests unauthorized_access workflow_not_found",
    ),
    (
        "openHandoff",
        "auth_required handoff_not_allowed internal_error invalid_request_body otp_locked otp_rate_limited payload_too_large request_timeout session_superseded token_expired too_many_open too_many_requests transaction_already_processed unauthorized_access workflow_not_found",
    ),
    (
        "redeemHandoff",
        "handoff_gone internal_error invalid_request_body payload_too_large request_timeout too_many_requests workflow_not_found",
    ),
    (
        "confirmHandoff",
        "auth_required handoff_gone handoff_not_allowed handoff_not_found internal_error invalid_request_body number_mismatch payload_too_large request_timeout token_expired too_many_requests unauthorized_access workflow_not_found",
    ),
    (
        "getHandoffStatus",
        "auth_required handoff_not_allowed handoff_not_found internal_error token_expired too_many_requests unauthorized_access workflow_not_found",
    ),
];

/// The failures of a call without an `errorCode`, as status and text; those about the body and the sandbox aside.
const PLAIN_FAILURES: [(&str, &[(u16, &str)]); 2] = [
    ("output", &[(401, "Unauthorized"), (404, "Transaction not found"), (404, "Workflow not found")]),
    (
        "stateReset",
        &[
            (400, "Dashboard state reset is not enabled"),
            (401, "Unauthorized"),
            (404, "Transaction not found"),
            (404, "Workflow not found"),
            (404, "state_not_found"),
            (422, "\"action\" is required"),
            (422, "\"action\" must be one of [clear_continuous_state, clear_complete_state]"),
            (422, "\"appid\" is required"),
            (422, "\"moduleId\" is required"),
            (422, "\"moduleId\" is not allowed"),
            (422, "\"moduleId\" must be a valid module"),
            (422, "\"reviewerId\" is required"),
            (422, "\"transactionid\" is required"),
            (500, "Internal Server Error"),
        ],
    ),
];

/// Whether the operation is one of journeys.
fn is_of_journeys(operation: &Value) -> bool {
    ["Journeys", "State Reset", "Module codes"].iter().any(|tag| operation["tags"][0] == **tag)
}

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

async fn document(bench: &TestSandbox) -> Value {
    let answer = bench.get("/openapi.json").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    answer.json()
}

/// Path, method and operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, of_path): (&String, &Value)| {
            of_path
                .as_object()
                .unwrap()
                .iter()
                .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

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
    let expected: BTreeMap<&str, &str> = MEMBERS.into();
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

#[tokio::test(start_paused = true)]
async fn it_names_every_error_code_of_journeys_where_it_can_come() {
    let document = document(&TestSandbox::new().await).await;
    let (codes, of_page): (BTreeMap<_, _>, BTreeMap<_, _>) = (JOURNEY_CODES.into(), PAGE_CODES.into());
    let plain: BTreeMap<_, _> = PLAIN_FAILURES.into();
    let mut seen = 0;
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let replies = operation["responses"].as_object().unwrap().iter();
        let replies = replies.filter(|(status, _)| is_of_journeys(operation) && !status.starts_with('2'));
        let examples = replies.flat_map(|(status, reply)| {
            let examples = reply["content"]["application/json"]["examples"].as_object().unwrap().values();
            examples.map(move |example| (status.parse::<u16>().unwrap(), &example["value"]))
        });
        let examples: Vec<(u16, &Value)> = examples.collect();
        let own = codes.get(id);
        if let Some(expected) = own.or_else(|| of_page.get(id)) {
            let documented: BTreeSet<&str> =
                examples.iter().map(|(_, body)| body["errorCode"].as_str().unwrap()).collect();
            let mut expected: BTreeSet<&str> = expected.split(' ').collect();
            if own.is_some() {
                let all =
                    "invalid_request_body unauthorized_access too_many_requests internal_error service_unavailable";
                expected.extend(all.split(' '));
                if operation["requestBody"].is_object() {
                    expected.extend(["request_timeout", "payload_too_large", "unsupported_media_type"]);
                }
            }
            assert_eq!(documented, expected, "{method} {path}");
        } else if let Some(own) = plain.get(id) {
            for (status, text) in *own {
                let body = json!({"status": "failure", "statusCode": status, "error": text});
                assert!(examples.contains(&(*status, &body)), "{method} {path}: {body}");
            }
        } else {
            continue;
        }
        seen += 1;
        assert!(examples.iter().all(|(status, body)| body["statusCode"] == *status), "{method} {path}");
    }
    assert_eq!(seen, codes.len() + of_page.len() + plain.len());
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

/// The error codes of examples that depend on more than an earlier call.
const DEPENDENT: [(&str, &str); 6] = [
    ("putState", "session_superseded"),
    ("linkContact", "possession_not_proved"),
    ("setOutcome", "invalid_request_body"),
    ("stateReset", ""),
    ("resendMobileOtp", "otp_expired"),
    ("eraseJourney", ""),
];

/// The calls whose examples others depend on come first, and that which forgets everything comes last.
fn rank(id: &str) -> usize {
    let first = ["generateAuth", "getState", "putState", "sendMobileOtp", "sendEmailOtp"];
    first.iter().position(|first| *first == id).unwrap_or(if id == "eraseJourney" { 9 } else { 8 })
}

async fn its_examples_of_journeys_work(bench: &TestSandbox, mut operations: Vec<(&str, &str, &Value)>) {
    let id = |operation: &Value| operation["operationId"].as_str().unwrap().to_owned();
    operations.sort_by_key(|(_, _, operation)| rank(&id(operation)));
    let mut authorization = String::new();
    for (path, _, operation) in operations {
        let id = id(operation);
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let headers = parameters.filter_map(|parameter| {
            Some((parameter["name"].as_str().unwrap(), parameter["schema"]["examples"][0].as_str()?))
        });
        let own = [("appkey", "sandbox-app-key"), ("authorization", authorization.as_str())];
        let headers: Vec<_> = headers.chain(own).collect();
        let examples = operation["requestBody"]["content"]["application/json"]["examples"].as_object();
        let mut token = None;
        for (name, example) in examples.into_iter().flatten() {
            let answer = journeys_server::post(bench, path, &headers, &example["value"].to_string()).await;
            match DEPENDENT.iter().find(|(dependent, _)| *dependent == id) {
                Some((_, "")) => {
                    assert!([200, 404].contains(&answer.status.as_u16()), "{path} {name}: {}", answer.text)
                }
                Some((_, code)) => assert_eq!(answer.json()["errorCode"], *code, "{path} {name}: {}", answer.text),
                None => assert_eq!(answer.status.as_u16(), 200, "{path} {name}: {}", answer.text),
            }
            let result = answer.json()["result"].clone();
            if id == "generateAuth" && result["metadata"]["transactionId"] == "transaction-1" {
                token = result["authToken"].as_str().map(str::to_owned);
            }
        }
        authorization = token.unwrap_or(authorization);
    }
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
