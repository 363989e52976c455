//! Examples and links of journeys' calls. Each works after the first one of Generate Auth.

use handset_sandbox_domain::request::fields::CORRELATION_ID;
use serde_json::{Value, json};

use super::example::Example;

const MOBILE: &str = "2001004009";
const EMAIL: &str = "ada@example.com";

/// The credentials in a body, with the transaction.
fn credentials(more: &Value) -> Value {
    let mut body = json!({
        "appId": "sandbox-app",
        "appKey": "sandbox-app-key",
        "transactionId": "transaction-1",
        "workflowId": "onboarding",
    });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    body
}

/// Name, summary and body of each example.
pub(super) fn bodies(id: &str) -> Vec<Example> {
    let one = |summary, body| vec![("one", summary, body)];
    match id {
        "generateAuth" => vec![
            ("proved", "A code on resume, to the contact that the user proves inside the journey", asked()),
            (
                "known",
                "A code on resume, to a known contact",
                credentials(&json!({
                    "transactionId": "transaction-2", "authenticateOnResume": "yes", "mobileNumber": MOBILE,
                })),
            ),
            (
                "own",
                "The client's own sign-in vouches",
                credentials(&json!({"transactionId": "transaction-3", "authenticateOnResume": "no", "expiry": 3600})),
            ),
        ],
        "linkContact" => one(
            "A session that Validate passed",
            credentials(&json!({"correlationId": CORRELATION_ID.examples.first()})),
        ),
        "setOutcome" => one(
            "A module with `outcomeFrom = \"server\"`",
            credentials(&json!({"moduleId": "document", "outcome": "auto_approved"})),
        ),
        "eraseJourney" => {
            let mut body = credentials(&json!({}));
            if let Some(members) = body.as_object_mut() {
                members.remove("workflowId");
            }
            one("A transaction", body)
        }
        "stateReset" => vec![
            (
                "continuous",
                "A module and all later ones",
                json!({"action": "clear_continuous_state", "moduleId": "document", "reviewerId": "reviewer@example.com"}),
            ),
            ("complete", "Everything", json!({"action": "clear_complete_state", "reviewerId": "reviewer@example.com"})),
        ],
        "output" => one("With debug information", json!({"transactionId": "transaction-1", "sendDebugInfo": "yes"})),
        "sendMobileOtp" => {
            one("A test user, whose code is known", json!({"templateId": "otp", "mobileNumber": MOBILE}))
        }
        "verifyMobileOtp" => one("The code of a test user", json!({"mobileNumber": MOBILE, "otp": "123456"})),
        "resendMobileOtp" => one("By text", json!({"mobileNumber": MOBILE, "retryType": "text"})),
        "getState" => one("A journey without inputs", json!({"inputs": {}})),
        "putState" => one(
            "The first module",
            json!({"revision": 0, "modules": {"phone": {"action": "put", "variables": {"plan": "basic"}}}}),
        ),
        "openHandoff" => one("A link for ten minutes", json!({})),
        "sendEmailOtp" => one("A code of four digits", json!({"email": EMAIL, "otpLength": 4})),
        _ => Vec::new(),
    }
}

/// The request of scenario 3.
fn asked() -> Value {
    credentials(&json!({"authenticateOnResume": "yes"}))
}

/// Name and value of each link.
pub(super) fn links(id: &str) -> Vec<(&'static str, Value)> {
    let ids = |location: &str| {
        let of = |name: &str| format!("$request.{location}{name}");
        match location {
            "header." => json!({"header.appid": of("appid"), "header.transactionid": of("transactionid")}),
            _ => json!({"header.appid": of("appId"), "header.transactionid": of("transactionId")}),
        }
    };
    let same = |more: Value| {
        let mut body = more;
        if let Some(body) = body.as_object_mut() {
            for name in ["appId", "appKey", "transactionId", "workflowId"] {
                body.insert(name.to_owned(), format!("$request.body#/{name}").into());
            }
        }
        body
    };
    let first = |operation: &str| bodies(operation).into_iter().next().map(|(_, _, body)| body).unwrap_or_default();
    let with_body = |operation: &str, body: Value| json!({"operationId": operation, "requestBody": body});
    let with_headers = |operation: &str, location: &str, body: Value| json!({"operationId": operation, "parameters": ids(location), "requestBody": body});
    let transaction = "$request.body#/transactionId";
    match id {
        "generateAuth" => {
            let mut options = with_headers("stateResetOptions", "body#/", Value::Null);
            if let Some(link) = options.as_object_mut() {
                link.remove("requestBody");
            }
            if let Some(parameters) = options.pointer_mut("/parameters").and_then(Value::as_object_mut) {
                parameters.insert("header.workflowid".to_owned(), "$request.body#/workflowId".into());
            }
            let mut output = with_headers("output", "body#/", json!({"transactionId": transaction}));
            if let Some(parameters) = output.pointer_mut("/parameters").and_then(Value::as_object_mut) {
                parameters.remove("header.transactionid");
            }
            let correlation_id = CORRELATION_ID.examples.first();
            vec![
                ("linkContact", with_body("linkContact", same(json!({"correlationId": correlation_id})))),
                (
                    "setOutcome",
                    with_body("setOutcome", same(json!({"moduleId": "document", "outcome": "auto_approved"}))),
                ),
                ("eraseJourney", with_body("eraseJourney", same(json!({})))),
                ("output", output),
                ("stateReset", with_headers("stateReset", "body#/", first("stateReset"))),
                ("stateResetOptions", options),
                ("sendMobileOtp", with_headers("sendMobileOtp", "body#/", first("sendMobileOtp"))),
                ("sendEmailOtp", with_headers("sendEmailOtp", "body#/", first("sendEmailOtp"))),
                ("getState", with_body("getState", first("getState"))),
                ("redeemHandoff", with_body("redeemHandoff", json!({"secret": "0123456789abcdef0123456789abcdef"}))),
            ]
        }
        "getState" => {
            let session = json!({"header.x-cpr-session-id": "$response.body#/result/sessionId"});
            let in_session = |operation: &str, body: Value| json!({"operationId": operation, "parameters": session, "requestBody": body});
            let mut save = first("putState");
            if let Some(save) = save.as_object_mut() {
                save.insert("revision".to_owned(), "$response.body#/result/revision".into());
            }
            vec![
                ("putState", in_session("putState", save)),
                ("checkSession", in_session("checkSession", json!({}))),
                ("openHandoff", in_session("openHandoff", json!({}))),
                ("sendResumeOtp", with_body("sendResumeOtp", json!({"channel": "mobile"}))),
            ]
        }
        "sendResumeOtp" => vec![("verifyResumeOtp", with_body("verifyResumeOtp", json!({"otp": "123456"})))],
        "openHandoff" => {
            let handoff = json!({"handoffId": "$response.body#/result/handoffId"});
            vec![
                (
                    "confirmHandoff",
                    json!({"operationId": "confirmHandoff", "parameters": handoff, "requestBody": {"number": 42}}),
                ),
                ("getHandoffStatus", json!({"operationId": "getHandoffStatus", "parameters": handoff})),
            ]
        }
        "sendMobileOtp" => vec![
            ("verifyMobileOtp", with_headers("verifyMobileOtp", "header.", first("verifyMobileOtp"))),
            ("resendMobileOtp", with_headers("resendMobileOtp", "header.", first("resendMobileOtp"))),
        ],
        "sendEmailOtp" => {
            let request = "$response.body#/result/reqId";
            vec![
                ("verifyEmailOtp", with_headers("verifyEmailOtp", "header.", json!({"reqId": request, "otp": "1234"}))),
                ("retryEmailOtp", with_headers("retryEmailOtp", "header.", json!({"reqId": request}))),
            ]
        }
        _ => Vec::new(),
    }
}
