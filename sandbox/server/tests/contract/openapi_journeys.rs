//! The part of the OpenAPI document about journeys.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::journeys_server;
use crate::support::TestSandbox;
use crate::support::openapi_document::{document, operations};
use handset_protocol::journey::SESSION_HEADER;

/// Members by schema, required ones with `*`.
pub(crate) const MEMBERS: [(&str, &str); 50] = [
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
    ("setOutcome", "transaction_not_found workflow_not_found state_not_found transaction_already_processed"),
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
pub(crate) fn is_of_journeys(operation: &Value) -> bool {
    ["Journeys", "State Reset", "Module codes"].iter().any(|tag| operation["tags"][0] == **tag)
}

#[tokio::test(start_paused = true)]
async fn names_every_error_code_where_it_can_come() {
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

/// The error codes of examples that depend on more than an earlier call.
const DEPENDENT: [(&str, &str); 5] = [
    ("linkContact", "possession_not_proved"),
    ("setOutcome", "invalid_request_body"),
    ("stateReset", ""),
    ("resendMobileOtp", "otp_rate_limited"),
    ("eraseJourney", ""),
];

/// The order of the calls: examples that others depend on come first, and those that forget come last.
fn rank(id: &str) -> usize {
    const ORDER: [&str; 9] = [
        "generateAuth",
        "getState",
        "checkSession",
        "openHandoff",
        "putState",
        "sendMobileOtp",
        "resendMobileOtp",
        "sendEmailOtp",
        "verifyMobileOtp",
    ];
    let last = match id {
        "eraseJourney" => 11,
        "stateReset" => 10,
        _ => 9,
    };
    ORDER.iter().position(|first| *first == id).unwrap_or(last)
}

/// Makes every example of a call of journeys.
pub(crate) async fn its_examples_of_journeys_work(bench: &TestSandbox, mut operations: Vec<(&str, &str, &Value)>) {
    let id = |operation: &Value| operation["operationId"].as_str().unwrap().to_owned();
    operations.sort_by_key(|(_, _, operation)| rank(&id(operation)));
    let (mut authorization, mut session) = (String::new(), String::new());
    for (path, _, operation) in operations {
        let id = id(operation);
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let headers = parameters.filter_map(|parameter| {
            Some((parameter["name"].as_str().unwrap(), parameter["schema"]["examples"][0].as_str()?))
        });
        let own = [("appkey", "sandbox-app-key"), ("authorization", authorization.as_str())];
        let is_own = |(name, _): &(&str, &str)| *name != SESSION_HEADER;
        let headers: Vec<_> = headers.filter(is_own).chain(own).collect();
        let examples = operation["requestBody"]["content"]["application/json"]["examples"].as_object();
        let mut token = None;
        for (name, example) in examples.into_iter().flatten() {
            let headers: Vec<_> = headers.iter().copied().chain([(SESSION_HEADER, session.as_str())]).collect();
            let answer = journeys_server::post(bench, path, &headers, &example["value"].to_string()).await;
            match DEPENDENT.iter().find(|(dependent, _)| *dependent == id) {
                Some((_, "")) => {
                    assert!([200, 404].contains(&answer.status.as_u16()), "{path} {name}: {}", answer.text)
                }
                Some((_, code)) => assert_eq!(answer.json()["errorCode"], *code, "{path} {name}: {}", answer.text),
                None => assert_eq!(answer.status.as_u16(), 200, "{path} {name}: {}", answer.text),
            }
            let result = answer.json()["result"].clone();
            session = result["sessionId"].as_str().map_or(session, str::to_owned);
            if id == "generateAuth" && result["metadata"]["transactionId"] == "transaction-1" {
                token = result["authToken"].as_str().map(str::to_owned);
            }
        }
        authorization = token.unwrap_or(authorization);
    }
}
