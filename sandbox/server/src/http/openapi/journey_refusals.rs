//! Error replies of journeys' calls, from the refusals of each.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use handset_protocol::UnixMillis;
use handset_sandbox_domain::JourneyRefusal;
use serde_json::{Map, Value, json};

use crate::app::journeys::JourneyError;
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::server::{PlainFailureReply, tags};
use crate::http::shared::body::BodyError;
use crate::http::shared::errors::ApiError;

/// The error replies of a call, by status, each with its code.
type Replies = BTreeMap<u16, Vec<(String, Value)>>;

/// Whether the call is one of journeys.
pub(super) fn is_journey(operation: &Value) -> bool {
    let named = operation.pointer("/tags/0").and_then(Value::as_str);
    [tags::JOURNEYS, tags::STATE_RESET, tags::MODULE_CODES].map(Some).contains(&named)
}

/// Adds the error replies.
pub(super) fn add(operation: &mut Value) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let has_body = operation.get("requestBody").is_some();
    let is_plain = ["stateReset", "output"].contains(&id.as_str());
    let mut all = Replies::new();
    for reply in replies(&id, has_body) {
        let status = reply.status();
        let (code, value) =
            (reply.code().to_owned(), if is_plain { plain(status, reply.error()) } else { reply.to_json() });
        all.entry(status.as_u16()).or_default().push((code, value));
    }
    if id == "stateReset" {
        all.remove(&400);
        let mut own = |status: StatusCode, text: &str| {
            let named = (text.replace(['"', ' '], ""), plain(status, text));
            all.entry(status.as_u16()).or_default().push(named);
        };
        own(StatusCode::BAD_REQUEST, JourneyRefusal::ResetNotEnabled.message());
        own(StatusCode::FORBIDDEN, "cross-site requests are not allowed");
        for text in UNPROCESSABLE {
            own(StatusCode::UNPROCESSABLE_ENTITY, text);
        }
    }
    let Some(documented) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, refusals) in all {
        documented.insert(status.to_string(), reply(status, &refusals, is_plain));
    }
}

/// The texts of State Reset about headers and members.
const UNPROCESSABLE: [&str; 9] = [
    "\"appid\" is required",
    "\"transactionid\" is required",
    "\"action\" is required",
    "\"action\" must be one of [clear_continuous_state, clear_complete_state]",
    "\"moduleId\" is required",
    "\"moduleId\" is not allowed",
    "\"reviewerId\" is required",
    "\"action\" must be a string",
    "\"value\" must be of type object",
];

/// The replies of a call.
fn replies(id: &str, has_body: bool) -> Vec<JourneyErrorReply> {
    let until = UnixMillis::from_seconds(30);
    let now = UnixMillis::EPOCH;
    let own = own(id, until).into_iter().map(|refusal| JourneyErrorReply::of(JourneyError::Refused(refusal), now));
    let mut all: Vec<_> = own.collect();
    if OF_PAGES.contains(&id) {
        all.extend(of_page(id, has_body));
        return all;
    }
    all.push(JourneyRefusal::InvalidBody("field 'transactionId' is missing".to_owned()).into());
    all.push(JourneyRefusal::Unauthorized.into());
    all.push(JourneyRefusal::Internal.into());
    all.push(JourneyErrorReply::too_many_requests(1));
    let too_many = ApiError::http(StatusCode::SERVICE_UNAVAILABLE, "too many projects are in use");
    all.push(too_many.into());
    if has_body {
        let slow = ApiError::http(StatusCode::REQUEST_TIMEOUT, "the body was not complete in time");
        all.push(slow.into());
        all.push(ApiError::unknown_encoding().into());
        all.push(BodyError::TooLong(handset_protocol::journey::limits::SERVER_BODY_BYTES).into());
    }
    all
}

/// The calls of a page.
const OF_PAGES: [&str; 9] = [
    "getState",
    "putState",
    "checkSession",
    "sendResumeOtp",
    "verifyResumeOtp",
    "openHandoff",
    "redeemHandoff",
    "confirmHandoff",
    "getHandoffStatus",
];

/// The replies of every call of a page. Its project exists, and an encoding that is unknown is one more body that is invalid.
fn of_page(id: &str, has_body: bool) -> Vec<JourneyErrorReply> {
    let mut all = vec![JourneyRefusal::Internal.into(), JourneyErrorReply::too_many_requests(1)];
    if id != "redeemHandoff" {
        all.push(JourneyRefusal::Unauthorized.into());
        all.push(JourneyRefusal::TokenExpired.into());
    }
    if has_body {
        let slow = ApiError::http(StatusCode::REQUEST_TIMEOUT, "the body was not complete in time");
        all.push(JourneyRefusal::InvalidBody("the body is not JSON".to_owned()).into());
        all.push(slow.into());
        all.push(BodyError::TooLong(handset_protocol::journey::limits::PAGE_BODY_BYTES).into());
    }
    all
}

/// The refusals of a call beside those of every call.
fn own(id: &str, until: UnixMillis) -> Vec<JourneyRefusal> {
    use JourneyRefusal::{
        AlreadyProcessed, AuthModeConflict, AuthNotRequired, AuthRequired, HandoffGone, HandoffNotAllowed,
        HandoffNotFound, InvalidModule, NumberMismatch, OtpExpired, OtpInvalid, OtpLocked, OtpRateLimited,
        PossessionNotProved, ResetNotEnabled, RevisionConflict, SessionNotCurrent, SessionSuperseded, StateNotFound,
        StateReset, StateTooLarge, TokenExpired, TooManyOpen, TransactionNotFound, UniqueIdConflict, WorkflowNotFound,
    };
    let (locked, limited) = (OtpLocked { until }, OtpRateLimited { until });
    match id {
        "generateAuth" => vec![AuthModeConflict, WorkflowNotFound, UniqueIdConflict],
        "linkContact" => vec![PossessionNotProved, TransactionNotFound, WorkflowNotFound],
        "setOutcome" => vec![TransactionNotFound, WorkflowNotFound, StateNotFound, AlreadyProcessed],
        "eraseJourney" => vec![TransactionNotFound],
        "output" => vec![TransactionNotFound, WorkflowNotFound],
        "stateReset" => vec![TransactionNotFound, WorkflowNotFound, StateNotFound, InvalidModule],
        "stateResetOptions" => {
            vec![ResetNotEnabled, TokenExpired, AuthRequired, TransactionNotFound, WorkflowNotFound]
        }
        "sendMobileOtp" | "sendEmailOtp" => vec![TransactionNotFound, TooManyOpen, locked, limited],
        "resendMobileOtp" | "retryEmailOtp" => vec![OtpExpired, TransactionNotFound, locked, limited],
        "verifyMobileOtp" | "verifyEmailOtp" => {
            vec![OtpInvalid { attempts_left: 4 }, OtpExpired, TransactionNotFound, locked]
        }
        "getState" => vec![WorkflowNotFound],
        "putState" => {
            let reset = StateReset { resume_at: Some("document".to_owned()), revision: 3 };
            let conflicts = [SessionSuperseded, AlreadyProcessed, reset, RevisionConflict { revision: 3 }];
            [AuthRequired, WorkflowNotFound, StateTooLarge].into_iter().chain(conflicts).collect()
        }
        "checkSession" => vec![AuthRequired, WorkflowNotFound, SessionNotCurrent, AlreadyProcessed],
        "sendResumeOtp" => vec![AuthNotRequired, WorkflowNotFound, locked, limited],
        "verifyResumeOtp" => {
            vec![AuthNotRequired, OtpInvalid { attempts_left: 4 }, OtpExpired, WorkflowNotFound, locked]
        }
        "openHandoff" => {
            let conflicts = [SessionSuperseded, AlreadyProcessed];
            let limits = [TooManyOpen, locked, limited];
            [AuthRequired, HandoffNotAllowed, WorkflowNotFound].into_iter().chain(conflicts).chain(limits).collect()
        }
        "redeemHandoff" => vec![WorkflowNotFound, HandoffGone],
        "confirmHandoff" => {
            vec![AuthRequired, HandoffNotAllowed, WorkflowNotFound, HandoffNotFound, NumberMismatch, HandoffGone]
        }
        "getHandoffStatus" => vec![AuthRequired, HandoffNotAllowed, WorkflowNotFound, HandoffNotFound],
        _ => Vec::new(),
    }
}

fn plain(status: StatusCode, error: &str) -> Value {
    json!(PlainFailureReply::new(status, error))
}

fn reply(status: u16, refusals: &[(String, Value)], is_plain: bool) -> Value {
    let schema = if is_plain { "PlainFailureReply" } else { "JourneyFailure" };
    let text = |value: &Value| value.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
    let example = |(code, value): &(String, Value)| (code.clone(), json!({"summary": text(value), "value": value}));
    let examples: Map<String, Value> = refusals.iter().map(example).collect();
    let mut limits = json!({"statusCode": {"const": status}});
    if let (Some(limits), false) = (limits.as_object_mut(), is_plain) {
        let codes: Vec<&String> = refusals.iter().map(|(code, _)| code).collect();
        limits.insert("errorCode".to_owned(), json!({"enum": codes}));
    }
    let lines = refusals.iter().map(|(code, value)| match is_plain {
        true => format!("- {}", text(value)),
        false => format!("- `{code}`: {}", text(value)),
    });
    let mut reply = json!({
        "description": lines.collect::<Vec<_>>().join("\n"),
        "content": {"application/json": {
            "schema": {"allOf": [{"$ref": format!("#/components/schemas/{schema}")}], "properties": limits},
            "examples": examples,
        }},
    });
    let header = match StatusCode::from_u16(status) {
        Ok(StatusCode::TOO_MANY_REQUESTS) => {
            let seconds = json!({"type": "integer", "minimum": 0});
            // None where too many codes are open.
            Some(("Retry-After", json!({"description": "In s.", "schema": seconds})))
        }
        Ok(StatusCode::UNSUPPORTED_MEDIA_TYPE) => {
            Some(("Accept-Encoding", json!({"required": true, "schema": {"const": "gzip, deflate"}})))
        }
        _ => None,
    };
    if let (Some((name, header)), Some(reply)) = (header, reply.as_object_mut()) {
        reply.insert("headers".to_owned(), json!({name: header}));
    }
    reply
}
