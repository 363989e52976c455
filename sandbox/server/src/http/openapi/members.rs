//! Rules between the members of one message, which the types of the protocol cannot say. The rules of a single member are
//! in `fields`.

use handset_protocol::server::Verification;
use serde_json::{Value, json};

/// Adds to a schema of `components`.
pub(super) fn describe(name: &str, schema: &mut Value) {
    if let (Some(schema), Value::Object(rule)) = (schema.as_object_mut(), rule(name)) {
        schema.extend(rule);
    }
    let members = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, member) in members.filter(|(member, _)| nullable(name).contains(&member.as_str())) {
        let description = member.as_object_mut().and_then(|member| member.remove("description"));
        let or_null = json!({"anyOf": [member.take(), {"type": "null"}]});
        *member = or_null;
        if let (Some(member), Some(description)) = (member.as_object_mut(), description) {
            member.insert("description".to_owned(), description);
        }
    }
}

/// The members of a reply that are null rather than left out.
fn nullable(name: &str) -> &'static [&'static str] {
    match name {
        "JourneyStateReply" => &["state", "resumeAt"],
        "PutStateResult" => &["resumeAt"],
        "ProcessedReply" => &["state"],
        "AuthRequiredReply" => &["maskedContact"],
        _ => &[],
    }
}

/// The rule between the members of a schema; null when there is none. utoipa derives no `anyOf` beside members.
fn rule(name: &str) -> Value {
    match name {
        "StartRequest" => json!({
            "anyOf": [{"properties": {"flowType": {"const": "mobile"}}}, {"required": ["finalTargetUrl"]}],
        }),
        "UnifyRequest" => json!({
            "anyOf": [
                {"properties": {"possessionType": {"enum": ["mobile", "none"]}}},
                {"required": ["finalTargetUrl"]},
            ],
        }),
        "VerifyRequest" => json!({
            "anyOf": [
                {
                    "title": "First generation",
                    "properties": {"possessionType": {"enum": ["mobile", "none"]}},
                    "required": ["possessionType", "firstName", "lastName"],
                },
                {
                    "title": "First generation, desktop",
                    "required": ["possessionType", "firstName", "lastName", "finalTargetUrl"],
                },
                {"title": "Second generation", "required": ["verificationType", "firstName", "lastName"]},
                {
                    "title": "Second generation, without names",
                    "properties": {"verificationType": {"enum": [
                        Verification::HumanAssurance.as_str(),
                        Verification::Prefill.as_str(),
                        Verification::PrefillForBiz.as_str(),
                        Verification::IdentityResolution.as_str(),
                    ]}},
                    "required": ["verificationType"],
                },
            ],
        }),
        "BatchEnrollRequest" => json!({"anyOf": [{"required": ["items"]}, {"required": ["identities"]}]}),
        "Individual" => json!({"anyOf": [{"required": ["firstName", "lastName"]}, {"required": ["ssn"]}]}),
        "GenerateAuthRequest" => json!({"not": {"required": ["mobileNumber", "email"]}}),
        "StateResetRequest" => json!({
            "oneOf": [
                {"properties": {"action": {"const": "clear_continuous_state"}}, "required": ["moduleId"]},
                {"properties": {"action": {"const": "clear_complete_state"}}, "not": {"required": ["moduleId"]}},
            ],
        }),
        // Nothing else about the state.
        "AuthRequiredReply" | "SupersededReply" => json!({"additionalProperties": false}),
        _ => Value::Null,
    }
}
