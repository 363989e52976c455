//! Rules between the members of one message, which the types of the protocol cannot say. The rules of a single member are
//! in `fields`.

use handset_protocol::server::Verification;
use serde_json::{Value, json};

/// Adds to a schema of `components`.
pub(super) fn describe(name: &str, schema: &mut Value) {
    if let (Some(schema), Value::Object(rule)) = (schema.as_object_mut(), rule(name)) {
        schema.extend(rule);
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
        _ => Value::Null,
    }
}
