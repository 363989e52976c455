//! Error replies of a call, derived from its members, so that none is forgotten.

use std::collections::BTreeMap;

use handset_protocol::server::{ErrorReply, codes};
use serde_json::{Map, Value, json};

use crate::http::server::token;
use crate::http::shared::errors::{ApiError, BASIC_CHALLENGE, TokenErrorReply};
use crate::http::shared::scope;
use handset_sandbox_domain::Refusal;

const REQUEST_TIMEOUT: u16 = 408;
const UNSUPPORTED_MEDIA_TYPE: u16 = 415;
const TOO_MANY_REQUESTS: u16 = 429;
const SERVICE_UNAVAILABLE: u16 = 503;

/// Adds the error replies.
pub(crate) fn add(operation: &mut Value, schemas: &BTreeMap<String, Value>) {
    let all = of(operation, schemas);
    let is_token = operation.get("operationId").and_then(Value::as_str) == Some("token");
    let Some(replies) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, refusals) in all {
        replies.insert(status.to_string(), reply(status, &refusals, is_token));
    }
}

/// Error replies by HTTP status.
fn of(operation: &Value, schemas: &BTreeMap<String, Value>) -> BTreeMap<u16, Vec<ErrorReply>> {
    let is = |id: &str| operation.get("operationId").and_then(Value::as_str) == Some(id);
    let takes = |member: &str| takes(operation, schemas, member);
    let has_body = operation.get("requestBody").is_some();
    let mut all: BTreeMap<u16, Vec<ErrorReply>> = BTreeMap::new();
    let mut add = |status, refusal: ErrorReply| all.entry(status).or_default().push(refusal);
    let bad = match has_body {
        true => Refusal::BadRequest("the body is not JSON".to_owned()),
        false => scope::malformed_header(),
    };
    add(400, bad.to_reply());
    add(401, Refusal::Unauthorized.to_reply());
    if !is("token") {
        add(403, Refusal::NotAllowed.to_reply());
    }
    // In a batch an error replaces the result of its item.
    if takes("phoneNumber") || takes("mobileNumber") {
        add(400, Refusal::NoTestUser.to_reply());
        add(403, Refusal::OtherProduct.to_reply());
    }
    if takes("correlationId") {
        add(400, Refusal::UnknownCorrelationId.to_reply());
    }
    if takes("identityId") {
        add(404, Refusal::UnknownIdentity.to_reply());
    }
    let plain = |code: u16, message: &str| ErrorReply { code, message: message.to_owned() };
    if has_body {
        add(REQUEST_TIMEOUT, plain(REQUEST_TIMEOUT, "the body was not complete in time"));
        add(UNSUPPORTED_MEDIA_TYPE, ApiError::unknown_encoding().into_reply());
    }
    add(TOO_MANY_REQUESTS, plain(TOO_MANY_REQUESTS, "too many requests"));
    add(500, Refusal::Internal.to_reply());
    // The token call creates no project.
    if !is("token") {
        add(SERVICE_UNAVAILABLE, plain(SERVICE_UNAVAILABLE, "too many projects are in use"));
    }
    all
}

/// Whether path, query or body has that member.
fn takes(operation: &Value, schemas: &BTreeMap<String, Value>, member: &str) -> bool {
    let mut parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let body = operation
        .pointer("/requestBody/content")
        .and_then(Value::as_object)
        .and_then(|content| content.values().next());
    let named = body.and_then(|body| body.pointer("/schema/$ref")).and_then(Value::as_str);
    let schema = named.and_then(|to| to.rsplit('/').next()).and_then(|name| schemas.get(name));
    parameters.any(|parameter| parameter.get("name").and_then(Value::as_str) == Some(member))
        || schema.and_then(|schema| schema.get("properties")).is_some_and(|properties| properties.get(member).is_some())
}

fn reply(status: u16, refusals: &[ErrorReply], is_token: bool) -> Value {
    let value = |refusal: &ErrorReply| match is_token {
        true => json!(TokenErrorReply::new(token::called(status), refusal.clone())),
        false => json!(refusal),
    };
    let example =
        |refusal: &ErrorReply| (refusal.code.to_string(), json!({"summary": refusal.message, "value": value(refusal)}));
    let schema = if is_token { TokenErrorReply::NAME } else { "ErrorReply" };
    let examples: Map<String, Value> = refusals.iter().map(example).collect();
    let codes: Vec<u16> = refusals.iter().map(|refusal| refusal.code).collect();
    let lines: Vec<String> =
        refusals.iter().map(|refusal| format!("- {}: {}", refusal.code, meaning(refusal.code))).collect();
    let mut reply = json!({
        "description": lines.join("\n"),
        "content": {"application/json": {
            "schema": {
                "allOf": [{"$ref": format!("#/components/schemas/{schema}")}],
                "properties": {"code": {"enum": codes}},
            },
            "examples": examples,
        }},
    });
    let header = match status {
        401 if is_token => {
            let description = "`Basic` if the credential came by HTTP Basic.";
            let schema = json!({"enum": [BASIC_CHALLENGE, "Bearer"]});
            Some(("WWW-Authenticate", json!({"required": true, "description": description, "schema": schema})))
        }
        401 => Some(("WWW-Authenticate", json!({"required": true, "schema": {"const": "Bearer"}}))),
        UNSUPPORTED_MEDIA_TYPE => {
            Some(("Accept-Encoding", json!({"required": true, "schema": {"const": "gzip, deflate"}})))
        }
        TOO_MANY_REQUESTS => {
            let seconds = json!({"type": "integer", "minimum": 0});
            Some(("Retry-After", json!({"required": true, "description": "In s.", "schema": seconds})))
        }
        _ => None,
    };
    if let (Some((name, header)), Some(reply)) = (header, reply.as_object_mut()) {
        reply.insert("headers".to_owned(), json!({name: header}));
    }
    reply
}

/// The description of a code.
fn meaning(code: u16) -> &'static str {
    match code {
        codes::INTERNAL => "the sandbox is at fault",
        codes::BAD_REQUEST => "not JSON, another content type, too long, or a bad or missing member",
        codes::UNAUTHORIZED => "no, wrong or expired credentials",
        codes::NOT_ALLOWED => "out of order, or another product's credential or session",
        codes::NO_TEST_USER => "only test users are served, and the number is none of them",
        codes::UNKNOWN_CORRELATION_ID => "unknown, malformed or expired `correlationId`, or another credential's",
        codes::OTHER_PRODUCT => "the number is that of a test user of another product",
        codes::NOT_FOUND => "no such identity",
        REQUEST_TIMEOUT => "the body was not whole in time",
        UNSUPPORTED_MEDIA_TYPE => "the body is packed in a way that is not unpacked here",
        TOO_MANY_REQUESTS => "too many requests; `Retry-After` says when to try again",
        SERVICE_UNAVAILABLE => "too many projects are in use",
        _ => "",
    }
}
